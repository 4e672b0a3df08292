"""Subtitles (SubRip, WebVTT): what is said, without times and tags, a line a phrase."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile

SUFFIXES = (".srt", ".vtt")

_TIME = re.compile(r"\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}\s*-->\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}")
_HEAD = re.compile(r"WEBVTT(?:[ \t\r\n]|$)|\d{1,6}[ \t]*\r?\n[ \t]*\d{1,3}:\d{2}:\d{2}[.,]\d{1,3}[ \t]*-->")
# WebVTT names the speaker in the tag: <v Anna>.
_VOICE = re.compile(r"<v(?:\.[\w.]+)?[ \t]+([^>\n]{1,80})>")
_TAG = re.compile(r"</?[a-zA-Z][^>\n]{0,200}>|<[\d:.]{5,15}>|\{\\[^}\n]{0,200}\}")
_BLOCKS = ("NOTE", "STYLE", "REGION", "WEBVTT")
# A pause of so many seconds begins a paragraph.
_PAUSE_S = 10


def recognises(head: str) -> bool:
    """Whether it begins with WebVTT's word, or with a numbered time as SubRip does."""
    return _HEAD.match(head) is not None


def read(file: InputFile) -> Iterator[Document]:
    """One document, or parts of a long one. Rolling captions, which repeat the line before, are said once."""
    return file.documents(_phrases(file.lines()))


def _phrases(lines: Iterator[str]) -> Iterator[str]:
    last = ""
    last_s = 0
    is_spoken = is_new = False
    for line in lines:
        line = line.strip().lstrip("\ufeff")
        if time := _TIME.match(line):
            begins_s = 3600 * int(time[1] or 0) + 60 * int(time[2]) + int(time[3])
            is_new = is_new or (begins_s - last_s > _PAUSE_S and bool(last))
            last_s = begins_s
            is_spoken = True
        elif not line or line.startswith(_BLOCKS):
            is_spoken = False
        elif is_spoken:
            phrase = " ".join(html.unescape(_TAG.sub("", _VOICE.sub(r"\1: ", line))).split())
            if phrase and phrase != last:
                yield ("\n" if is_new else "") + phrase + "\n"
                last = phrase
                is_new = False

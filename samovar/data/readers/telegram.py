"""Exports of Telegram (result.json): the talk of a chat between two long silences is a document, streamed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from samovar.core.extras import require
from samovar.data.document import Document
from samovar.data.encoding import without_surrogates
from samovar.data.readers.input_file import InputFile
from samovar.data.readers.json_stream import json_events

SUFFIXES = ()

_SILENCE = timedelta(hours=8)
_CHATS = ("chats.list.item", "left_chats.list.item")
_MESSAGES = ("messages.item", *(f"{chat}.messages.item" for chat in _CHATS))


def recognises(head: str) -> bool:
    """Whether it begins as the export of one chat or of all."""
    if not head.startswith("{"):
        return False
    is_chat = '"messages"' in head and '"type"' in head and ('"date_unixtime"' in head or '"from_id"' in head)
    return is_chat or ("Telegram" in head and ('"personal_information"' in head or '"chats"' in head))


def read(file: InputFile) -> Iterator[Document]:
    """Talks, a line a message, each with its speaker. Service messages and messages without words are left out."""
    talk = _Talk(file)
    for chat, message in _messages(file):
        yield from talk.add(chat, message)
    yield from talk.end()


def _messages(file: InputFile) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every message with what is known of its chat, which stands before its messages in an export."""
    builder_class = require("ijson.common", extra="data").ObjectBuilder
    chat: dict[str, Any] = {}
    builder = None
    place = ""
    for prefix, event, value in json_events(file):
        if builder is not None:
            builder.event(event, value)
            if prefix == place and event == "end_map":
                if isinstance(builder.value, dict):
                    yield chat, builder.value
                builder = None
        elif event == "start_map" and prefix in _MESSAGES:
            builder, place = builder_class(), prefix
            builder.event(event, value)
        elif event == "start_map" and prefix in _CHATS:
            chat = {}
        elif prefix.rpartition(".")[0] in {"", *_CHATS} and event in {"string", "number"}:
            chat[prefix.rpartition(".")[2]] = value


class _Talk:
    def __init__(self, file: InputFile) -> None:
        self._file = file
        self._lines: list[str] = []
        self._chat: dict[str, Any] = {}
        self._first = self._last = ""
        self._began = self._ended = ""

    def add(self, chat: dict[str, Any], message: dict[str, Any]) -> Iterator[Document]:
        """Add a message, and give the talk before it where that has ended."""
        words = _words(message.get("text"))
        if message.get("type", "message") != "message" or not words:
            return
        date = message["date"] if isinstance(message.get("date"), str) else ""
        if self._lines and (chat is not self._chat or _is_silence(self._ended, date)):
            yield from self.end()
        number = str(message.get("id", ""))
        if not self._lines:
            self._chat, self._first, self._began = chat, number, date
        self._last, self._ended = number, date
        speaker = message.get("from")
        self._lines.append(f"{speaker}: {words}" if isinstance(speaker, str) else words)

    def end(self) -> Iterator[Document]:
        """The talk so far as a document."""
        if not self._lines:
            return
        name, number = self._chat.get("name"), str(self._chat.get("id", ""))
        meta = {"messages": f"{self._first}-{self._last}", "date": self._began[:40]}
        if isinstance(name, str):
            meta["title"] = without_surrogates(name)[:500]
        text = without_surrogates("\n".join(self._lines))
        self._lines = []
        place = f"{number}/{self._first}" if number else self._first
        yield from self._file.documents(iter([text]), place=without_surrogates(place), meta=meta)


def _words(text: Any) -> str:
    """The text of a message, which is a string or a list of strings and marked-up pieces."""
    if isinstance(text, str):
        return text.strip()
    if not isinstance(text, list):
        return ""
    pieces = [piece.get("text") if isinstance(piece, dict) else piece for piece in text]
    return "".join(piece for piece in pieces if isinstance(piece, str)).strip()


def _is_silence(before: str, after: str) -> bool:
    try:
        return datetime.fromisoformat(after) - datetime.fromisoformat(before) > _SILENCE
    except (ValueError, TypeError):
        return False

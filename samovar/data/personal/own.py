"""The user's own words and patterns: names of projects, customers and the like that must not leave."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from samovar.core.errors import ConfigError, MissingError
from samovar.data.personal.finding import Detector, Finding, Page
from samovar.data.personal.kinds import OWN

_WORD = re.compile(r"\w+")
_RUSSIAN = re.compile(r"[А-Яа-яЁё]+\Z")
_ENDING = re.compile(r"(?:[аеёиоуыэюя]|ой|ый|ий|ая|яя|ое|ее|[йь])\Z")
_ENDINGS_TEXT = (
    "а я о е у ю ы и й ь ой ей ом ем ам ям ах ях ами ями ов ев ый ий ая яя ое ее ые ие ого его ому ему ым им ых их "
    "ыми ими ую юю ью"
)
_ENDINGS = ("", *_ENDINGS_TEXT.split())
_BETWEEN = re.compile(r"[ \t\n\u00a0_.,«»\"'/-]{0,3}\Z")


class Phrase(NamedTuple):
    """Words in a row, each with all its forms."""

    written: str
    words: tuple[frozenset[str], ...]


def own_detector(words: Iterable[str], patterns: Iterable[str]) -> Detector:
    """Finds ``words`` (one or several a string) in any case and, where they are Russian, in any form, and ``patterns``.

    Forms come from pymorphy3; without it a word is taken with any ending that nouns and adjectives have.

    Raises:
        ConfigError: a pattern is not a regular expression.
    """
    phrases = [phrase for phrase in map(_phrase, words) if phrase.words]
    by_first: dict[str, list[Phrase]] = defaultdict(list)
    for phrase in phrases:
        for form in phrase.words[0]:
            by_first[form].append(phrase)
    compiled = [_compile(pattern) for pattern in patterns]

    def find(page: Page, start: int, end: int) -> Iterator[Finding]:
        yield from _find_phrases(page.text, by_first)
        for pattern in compiled:
            for match in pattern.finditer(page.text):
                if match.end() > match.start():
                    yield Finding(*match.span(), OWN, 1.0, match.group().casefold())

    return Detector((OWN,), "", find, is_within_line=False)


def read_words(path: Path) -> list[str]:
    """The words of a file: one or several a line; empty lines and those that begin with '#' are left out.

    Raises:
        MissingError: there is no such file.
        ConfigError: it is not UTF-8 text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise MissingError(f"{path} does not exist", hint="it is named under own of the step redact") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text", hint="save it as UTF-8, a word or a phrase a line") from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _find_phrases(text: str, by_first: dict[str, list[Phrase]]) -> Iterator[Finding]:
    if not by_first:
        return
    for match in _WORD.finditer(text):
        for phrase in by_first.get(_plain(match.group()), ()):
            end = _end_of(text, match.end(), phrase.words[1:])
            if end is not None:
                end += _closing_quote(text, match.start(), end)
                yield Finding(match.start(), end, OWN, 1.0, phrase.written)


def _closing_quote(text: str, start: int, end: int) -> int:
    """1 where a quotation that begins inside of the phrase ends just behind it."""
    inside, after = text[start:end], text[end : end + 1]
    is_open = inside.count("«") > inside.count("»") if after == "»" else after == '"' and inside.count('"') % 2 == 1
    return int(is_open)


def _end_of(text: str, at: int, words: tuple[frozenset[str], ...]) -> int | None:
    """Where the phrase ends whose other ``words`` should follow at ``at``; None when they do not."""
    for forms in words:
        following = _WORD.search(text, at)
        if (
            following is None
            or not _BETWEEN.match(text[at : following.start()])
            or _plain(following.group()) not in forms
        ):
            return None
        at = following.end()
    return at


def _phrase(written: str) -> Phrase:
    words = _WORD.findall(written)
    return Phrase(" ".join(words).casefold(), tuple(_forms(word) for word in words))


def _forms(word: str) -> frozenset[str]:
    if not _RUSSIAN.match(word):
        return frozenset({_plain(word)})
    from samovar.data.personal.names import morphology

    try:
        return frozenset(_plain(form) for form in morphology.forms(word))
    except MissingError:
        stem = _ENDING.sub("", _plain(word))
        return frozenset({_plain(word)} | {stem + ending for ending in _ENDINGS if len(stem) > 1})


def _plain(word: str) -> str:
    return word.casefold().replace("ё", "е")


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ConfigError(
            f"the pattern {pattern!r} under own of the step redact is wrong: {error}",
            hint="patterns are Python's regular expressions; put a plain word without 'pattern:'",
        ) from error

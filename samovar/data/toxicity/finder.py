"""Finds the words of the lists in a text.

One automaton for all lists gives candidates (``samovar.data.lexicon``); each different candidate is then judged once,
level by level, and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import NamedTuple

from samovar.data.lexicon.notation import Entry, check_entry, entries_of, is_spelt, union
from samovar.data.lexicon.scanner import Scanner
from samovar.data.toxicity.disguises import spaced_entries, spaced_place, starred_places
from samovar.data.toxicity.english import ENGLISH
from samovar.data.toxicity.russian import RUSSIAN
from samovar.data.toxicity.word_list import LEVELS, Level, WordList

LISTS = (RUSSIAN, ENGLISH)
_COMPANY_CHARACTERS = 60
_REMEMBERED = 100_000
_LONGEST_WORD = 60
_LONGEST_PHRASE = 120


class Finding(NamedTuple):
    """A place of a text."""

    start: int
    end: int
    level: Level


class _Meaning(NamedTuple):
    """What a word is, wherever it stands."""

    level: Level | None
    company: re.Pattern[str] | None = None
    """Words nearby, in whose company it is harmless."""


class ToxicityFinder:
    """Finds obscene, insulting and hateful words of the lists, and of one's own.

    Args:
        own: entries of one's own by level, in the notation of ``samovar.data.lexicon.notation``.
        allowed: entries that never count.
    Raises:
        ConfigError: an entry is not in the notation.
    """

    def __init__(self, *, own: Mapping[Level, Iterable[str]] | None = None, allowed: Iterable[str] = ()) -> None:
        allowed = list(allowed)
        self._allowed = _Entries(entries_of(" ".join(allowed)))
        self._lists = _listed()
        for entry in entries_of(" ".join([*allowed, *(one for ones in (own or {}).values() for one in ones)])):
            check_entry(entry.notation)
        own_entries = {level: entries_of(" ".join((own or {}).get(level, ()))) for level in LEVELS}
        self._own = {level: _Entries(entries) for level, entries in own_entries.items()}
        listed = [entry for words in LISTS for text in words.by_level.values() for entry in entries_of(text)]
        spaced = [Entry(notation, False) for notation in spaced_entries()]
        self._scanner = Scanner([*listed, *spaced, *(entry for entries in own_entries.values() for entry in entries)])
        self._meanings: dict[str, _Meaning] = {}

    def find(self, text: str) -> list[Finding]:
        """The places in order; they do not overlap. Of two that would, the graver stays, else the longer."""
        candidates = self._scanner.scan(text)
        found = []
        for start, end in candidates.words:
            if end - start <= _LONGEST_WORD:
                meaning = self._meaning(text[start:end])
                if meaning.level and not _has_company(meaning.company, text, start, end):
                    found.append(Finding(start, end, meaning.level))
        found += [one for start in candidates.phrases for one in self._phrase_at(text, start)]
        found += [Finding(*place) for place in starred_places(text)]
        return _without_overlap(found) if len(found) > 1 else found

    def _meaning(self, word: str) -> _Meaning:
        meaning = self._meanings.get(word)
        if meaning is None:
            meaning = self._look_up(word)
            if len(self._meanings) >= _REMEMBERED:
                self._meanings.clear()
            self._meanings[word] = meaning
        return meaning

    def _look_up(self, word: str) -> _Meaning:
        if self._allowed.have(word):
            return _Meaning(None)
        for level in LEVELS:
            if self._own[level].have(word):
                return _Meaning(level)
        for level in LEVELS:
            for listed in self._lists:
                if listed.levels[level].have(word) and is_spelt(word, is_cyrillic=listed.is_cyrillic):
                    return _Meaning(level, listed.company(word))
        return _Meaning(None)

    def _phrase_at(self, text: str, start: int) -> Iterator[Finding]:
        spaced = spaced_place(text, start)
        if spaced is not None:
            yield Finding(start, *spaced)
        excerpt = text[start : start + _LONGEST_PHRASE]
        if self._allowed.phrase_in(excerpt):
            return
        for level in LEVELS:
            length = self._own[level].phrase_in(excerpt)
            company = None
            for listed in self._lists:
                if not length:
                    length = listed.levels[level].phrase_in(excerpt)
                    company = listed.company(excerpt[:length])
            if length and not _has_company(company, text, start, start + length):
                yield Finding(start, start + length, level)


class _Entries:
    """The entries of one level of one list: words, those of them that are no names, and phrases.

    Expressions are compiled when they are first needed, which takes some tenths of a second for the longest list.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = tuple(entries)

    @cached_property
    def _any_case(self) -> re.Pattern[str]:
        return union(entry.notation for entry in self._entries if "_" not in entry.notation and not entry.is_lower_only)

    @cached_property
    def _lower_only(self) -> re.Pattern[str]:
        return union(entry.notation for entry in self._entries if "_" not in entry.notation and entry.is_lower_only)

    @cached_property
    def _phrases(self) -> re.Pattern[str]:
        phrases = (entry.notation for entry in self._entries if "_" in entry.notation)
        return union(phrases, is_disguised=False, is_whole=False)

    def have(self, word: str) -> bool:
        """Whether ``word`` is one of them."""
        is_capitalised = word[:1].isupper() and word[1:].islower()
        return bool(self._any_case.fullmatch(word) or (not is_capitalised and self._lower_only.fullmatch(word)))

    def phrase_in(self, excerpt: str) -> int:
        """The length of the phrase that ``excerpt`` begins with; 0 where there is none."""
        match = self._phrases.match(excerpt)
        return match.end() if match else 0


class _Listed:
    """One list, compiled."""

    def __init__(self, words: WordList) -> None:
        self.is_cyrillic = words.is_cyrillic
        self.levels = {level: _Entries(entries_of(words.by_level[level])) for level in LEVELS}
        self._unless = [
            (
                union(entry.notation for entry in entries_of(entries)),
                re.compile(rf"\b(?:{company})", re.IGNORECASE),
            )
            for entries, company in words.unless
        ]

    def company(self, word: str) -> re.Pattern[str] | None:
        """The words in whose company ``word`` is harmless."""
        return next((company for entries, company in self._unless if entries.fullmatch(word)), None)


@cache
def _listed() -> tuple[_Listed, ...]:
    return tuple(_Listed(words) for words in LISTS)


def _has_company(company: re.Pattern[str] | None, text: str, start: int, end: int) -> bool:
    if company is None:
        return False
    before, after = text[max(0, start - _COMPANY_CHARACTERS) : start], text[end : end + _COMPANY_CHARACTERS]
    return company.search(before) is not None or company.search(after) is not None


def _without_overlap(found: list[Finding]) -> list[Finding]:
    kept: list[Finding] = []
    for one in sorted(set(found), key=lambda one: (one.start, one.end)):
        if kept and one.start < kept[-1].end:
            kept[-1] = min(kept[-1], one, key=lambda one: (LEVELS.index(one.level), one.start - one.end))
        else:
            kept.append(one)
    return kept

"""Finds words for groups of people, and negative words, in a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from samovar.data.bias.english import ENGLISH
from samovar.data.bias.russian import RUSSIAN
from samovar.data.lexicon.notation import Entry, check_entry, entries_of, union
from samovar.data.lexicon.scanner import Scanner

LISTS = (RUSSIAN, ENGLISH)
OWN = "own"
_REMEMBERED = 100_000
_LONGEST_WORD = 40
_LONGEST_PHRASE = 100


class Group(NamedTuple):
    """A group of people and what kind of group it is."""

    kind: str
    name: str


class Mention(NamedTuple):
    """A place of a text; ``group`` is None for a negative word."""

    start: int
    end: int
    group: Group | None


class MentionFinder:
    """Finds groups and negative words of the lists, and of one's own.

    Args:
        own: entries of groups of one's own by name, in the notation of ``samovar.data.bias.word_list``.
        negative: further negative words, in the same notation.
    Raises:
        ConfigError: an entry is not in the notation.
    """

    def __init__(self, *, own: Mapping[str, Sequence[str]] | None = None, negative: Sequence[str] = ()) -> None:
        for entry in (entry for entries in (*(own or {}).values(), negative) for entry in entries):
            check_entry(entry.lstrip("^~"))
        own_terms = [_Terms(Group(OWN, name), " ".join(entries)) for name, entries in (own or {}).items()]
        more = _Terms(None, " ".join(negative))
        self._terms = [*_listed(), *own_terms, more]
        self._scanner = Scanner(entry for terms in self._terms for entry in terms.entries)
        self._meanings: dict[str, tuple[Group | None, ...]] = {}

    def find(self, text: str) -> list[Mention]:
        """All places in order; a place of two groups comes twice, and one group never twice at one place."""
        candidates = self._scanner.scan(text)
        found = [
            Mention(start, end, group)
            for start, end in candidates.words
            if end - start <= _LONGEST_WORD
            for group in self._meaning(text[start:end])
        ]
        for start in candidates.phrases:
            excerpt = text[start : start + _LONGEST_PHRASE]
            for terms in self._terms:
                if length := terms.phrase_in(excerpt):
                    found.append(Mention(start, start + length, terms.group))
        return list(_without_overlap(found))

    def _meaning(self, word: str) -> tuple[Group | None, ...]:
        meaning = self._meanings.get(word)
        if meaning is None:
            if len(self._meanings) >= _REMEMBERED:
                self._meanings.clear()
            meaning = self._meanings[word] = tuple(terms.group for terms in self._terms if terms.have(word))
        return meaning


class _Terms:
    """The entries of one group, or negative ones."""

    def __init__(self, group: Group | None, text: str) -> None:
        self.group = group
        anywhere = [entry for entry in text.split() if not entry.startswith("^")]
        capitalised = [entry[1:] for entry in text.split() if entry.startswith("^")]
        self._anywhere = _Any(entries_of(" ".join(anywhere)))
        self._capitalised = _Any(entries_of(" ".join(capitalised)))
        self.entries = self._anywhere.entries + self._capitalised.entries

    def have(self, word: str) -> bool:
        """Whether ``word`` is one of them."""
        return self._anywhere.have(word) or (word[:1].isupper() and self._capitalised.have(word))

    def phrase_in(self, excerpt: str) -> int:
        """The length of the phrase that ``excerpt`` begins with; 0 where there is none."""
        length = self._anywhere.phrase_in(excerpt)
        return length or (self._capitalised.phrase_in(excerpt) if excerpt[:1].isupper() else 0)


class _Any:
    """Any of some entries."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries
        self._words = union((one.notation for one in entries if "_" not in one.notation), is_disguised=False)
        phrases = [one.notation for one in entries if "_" in one.notation]
        self._phrases = union(phrases, is_disguised=False, is_whole=False) if phrases else None

    def have(self, word: str) -> bool:
        return self._words.fullmatch(word) is not None

    def phrase_in(self, excerpt: str) -> int:
        match = self._phrases.match(excerpt) if self._phrases is not None else None
        return match.end() if match else 0


@cache
def _listed() -> tuple[_Terms, ...]:
    """The lists, a group of both languages together."""
    words: dict[Group | None, list[str]] = {}
    for listed in LISTS:
        words.setdefault(None, []).append(listed.negative)
        for kind, groups in listed.groups.items():
            for name, text in groups.items():
                words.setdefault(Group(kind, name), []).append(text)
    return tuple(_Terms(group, " ".join(texts)) for group, texts in words.items())


def _without_overlap(found: list[Mention]) -> Iterator[Mention]:
    """Of a group's places that overlap the first and longest; no negative word that is part of a group's name."""
    ends: dict[Group | None, int] = {}
    named_until = 0
    for one in sorted(set(found), key=lambda one: (one.start, -one.end, one.group is None, one.group or ("", ""))):
        if one.start < ends.get(one.group, 0) or (one.group is None and one.start < named_until):
            continue
        ends[one.group] = one.end
        if one.group is not None:
            named_until = max(named_until, one.end)
        yield one

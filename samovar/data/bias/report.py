"""What the bias step counts, so that the parts of a corpus merge, and the tables that are made of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import xxhash

from samovar.data.bias.counting import ALPHABETS, Beside, Windows
from samovar.data.bias.mentions import Group, Mention
from samovar.data.document import Document
from samovar.data.quality.extremes import highest, offer_highest
from samovar.data.samples import shown
from samovar.data.steps.step import Table

_MENTIONS, _NEAR, _DOCUMENTS = "mentions", "near", "documents"
_WORDS, _WORDS_NEAR = "words", "words near"
_WORDS_KEPT = 500
_SHOWN_WORDS = 8
_CONTEXT_CHARACTERS = 90
_EXAMPLE_CHARACTERS = 240
_Z = 1.96
_ALPHABET_NAMES = {"ru": "words in Cyrillic letters", "en": "words in Latin letters"}

Found = Mapping[str, Counter[str]]


class Ratio(NamedTuple):
    """How many times as often as others, and between which bounds nineteen times of twenty."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return ""
        if math.isinf(self.high):
            return f"{self.value:.2f}"
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def ratio(near: int, count: int, other_near: int, other_count: int) -> Ratio:
    """The share ``near / count`` over the other share, with Katz's interval; open where there is nothing to count.

    Source: Katz et al. 1978, Biometrics 34:469, the logarithmic method.
    """
    if not count or not other_count or not other_near:
        return Ratio(math.nan, 0.0, math.inf)
    value = near / count / (other_near / other_count)
    if not near:
        return Ratio(value, 0.0, math.inf)
    spread = math.exp(_Z * math.sqrt(max(0.0, 1 / near - 1 / count + 1 / other_near - 1 / other_count)))
    return Ratio(value, value / spread, value * spread)


def count(found: Mapping[str, Counter[str]], document: Document, seen: Windows, text: str, examples: int) -> None:
    """Add one document. ``text`` is the document's with obscene words starred; examples are taken from it."""
    for alphabet in ALPHABETS:
        if seen.words[alphabet]:
            found[f"base {alphabet}"].update({_WORDS: seen.words[alphabet], _WORDS_NEAR: seen.near[alphabet]})
    rank = xxhash.xxh3_64_intdigest(document.id.encode("utf-8", "surrogatepass")) / 2**64
    met: set[tuple[str, Group]] = set()
    shown_of: set[tuple[str, Group]] = set()
    for beside in seen.mentions:
        key = (beside.alphabet, beside.group)
        counts = found[_name("counts", *key)]
        counts[_MENTIONS] += 1
        counts[_DOCUMENTS] += key not in met
        met.add(key)
        if not beside.negative:
            continue
        counts[_NEAR] += 1
        _count_words(found[_name("words", *key)], document.text, beside.negative)
        if key not in shown_of:
            shown_of.add(key)
            offer_highest(found[_name("examples", *key)], rank, examples, partial(_example, document, text, beside))


def tables(found: Found, *, least: int, examples: int, window: int) -> list[Table]:
    """A table of groups for each alphabet, with its examples behind it."""
    made = []
    for alphabet in ALPHABETS:
        groups = _groups(found, alphabet)
        if groups:
            made += [
                _group_table(found, alphabet, groups, least, window),
                *_examples(found, alphabet, groups, examples),
            ]
    return made or [Table("Groups beside negative words", ("",), [("No group was mentioned.",)])]


def _group_table(found: Found, alphabet: str, groups: Sequence[Group], least: int, window: int) -> Table:
    base = found.get(f"base {alphabet}", Counter())
    rows: list[tuple[str, ...]] = []
    num_few = 0
    for group in groups:
        counts = found[_name("counts", alphabet, group)]
        if counts[_MENTIONS] < least:
            num_few += 1
            continue
        near, mentions = counts[_NEAR], counts[_MENTIONS]
        others = _others(found, alphabet, groups, group)
        to_words = ratio(near, mentions, base[_WORDS_NEAR] - near, base[_WORDS] - mentions)
        to_others = ratio(near, mentions, others[_NEAR], others[_MENTIONS])
        beside = found.get(_name("words", alphabet, group), Counter())
        words = sorted(beside.items(), key=lambda one: (-one[1], one[0]))[:_SHOWN_WORDS]
        rows.append(
            (
                f"{group.kind}: {group.name}",
                f"{mentions:,}",
                f"{counts[_DOCUMENTS]:,}",
                f"{near:,}",
                f"{near / mentions:.1%}",
                "" if math.isnan(to_words.value) else f"{to_words.value:.2f}",
                str(to_others),
                ", ".join(f"{word} {number:,}" for word, number in words),
            )
        )
    share = base[_WORDS_NEAR] / base[_WORDS] if base[_WORDS] else 0.0
    note = (
        f"Beside is within {window} words. Of all words, {share:.1%} have a negative word so near. What stands beside "
        "a group need not be said of it: this counts company, not opinion, and the victims of a crime stand beside it "
        "too. Intervals take mentions as independent, which those of one document are not; of twenty rows one lies "
        f"outside of 1 by chance. {num_few:,} groups with fewer than {least:,} mentions are left out."
    )
    head = (
        *("group", "mentions", "documents", "beside negative words", "share"),
        *("times any word's", "times the others' of its kind (95 %)", "commonest negative words beside"),
    )
    return Table(f"Groups beside negative words: {_ALPHABET_NAMES[alphabet]}", head, rows, note)


def _examples(found: Found, alphabet: str, groups: Sequence[Group], most: int) -> list[Table]:
    rows: list[tuple[str, ...]] = [
        (f"{group.kind}: {group.name}", example)
        for group in groups
        for example in highest(found.get(_name("examples", alphabet, group), Counter()), most)
    ]
    if not rows:
        return []
    return [Table(f"Examples: {_ALPHABET_NAMES[alphabet]}", ("group", "text"), rows, "Chosen by chance.")]


def _groups(found: Found, alphabet: str) -> list[Group]:
    prefix = f"counts\t{alphabet}\t"
    return sorted(Group(*name[len(prefix) :].split("\t", 1)) for name in found if name.startswith(prefix))


def _others(found: Found, alphabet: str, groups: Sequence[Group], group: Group) -> Counter[str]:
    """The counts of the other groups of the same kind, together."""
    total: Counter[str] = Counter()
    for other in groups:
        if other.kind == group.kind and other != group:
            total.update(found[_name("counts", alphabet, other)])
    return total


def is_of_examples(title: str) -> bool:
    """Whether examples stand under this title."""
    return title.startswith("examples\t")


def _name(what: str, alphabet: str, group: Group) -> str:
    return "\t".join((what, alphabet, *group))


def _count_words(counts: Counter[str], text: str, negative: Sequence[Mention]) -> None:
    for one in negative:
        word = text[one.start : one.end].lower()
        if word in counts or len(counts) < _WORDS_KEPT:
            counts[word] += 1


def _example(document: Document, text: str, beside: Beside) -> str:
    places = (beside.mention, beside.negative[0])
    start = max(0, min(one.start for one in places) - _CONTEXT_CHARACTERS)
    end = max(one.end for one in places) + _CONTEXT_CHARACTERS
    return f"{document.id}: {' '.join(shown(text[start:end], limit=_EXAMPLE_CHARACTERS).split())}"

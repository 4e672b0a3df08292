"""The words of a text by which topics are told, and which of a sample's words to count."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from samovar.data.topics.stems import stem
from samovar.data.topics.stop_words import STOP_WORDS

_WORD = re.compile(r"[^\W\d_]{3,30}")
_MOST_WORDS = 30_000
_LEAST_DOCUMENTS = 2
# What is in two fifths of all documents tells them apart no more than a stop word does.
_MOST_SHARE = 0.4
_FEW_DOCUMENTS = 20


class Vocabulary(NamedTuple):
    """The stems that are counted."""

    numbers: dict[str, int]
    """Number by stem."""
    shown: list[str]
    """The commonest form of each stem."""
    documents_with: list[int]
    """Documents of the sample with it."""
    num_documents: int
    """Documents in the sample."""


def telling_words(text: str) -> list[str]:
    """The words of ``text`` in lower case, with е for ё, without stop words."""
    return [word for word in _WORD.findall(text.lower().replace("ё", "е")) if word not in STOP_WORDS]


def stem_counts(text: str) -> Counter[str]:
    """How often each stem is in ``text``."""
    counts: Counter[str] = Counter()
    for word, count in Counter(telling_words(text)).items():
        counts[_stem(word)] += count
    return counts


def vocabulary(texts: Iterator[str]) -> Vocabulary:
    """The stems worth counting: those of at least two documents and of few enough, the 30,000 commonest.

    While it counts it holds every form of every word of the sample.
    """
    forms: Counter[str] = Counter()
    documents_with: Counter[str] = Counter()
    num_documents = 0
    for text in texts:
        num_documents += 1
        words = Counter(telling_words(text))
        forms.update(words)
        documents_with.update({_stem(word) for word in words})
    most = _MOST_SHARE * num_documents if num_documents >= _FEW_DOCUMENTS else num_documents
    common = [(count, one) for one, count in documents_with.items() if _LEAST_DOCUMENTS <= count <= most]
    common.sort(key=lambda entry: (-entry[0], entry[1]))
    stems = [one for _, one in common[:_MOST_WORDS]]
    return Vocabulary(
        {one: number for number, one in enumerate(stems)},
        _commonest_forms(stems, forms),
        [documents_with[one] for one in stems],
        num_documents,
    )


def _commonest_forms(stems: Sequence[str], forms: Counter[str]) -> list[str]:
    best: dict[str, tuple[int, str]] = {}
    for word, count in forms.items():
        one = _stem(word)
        if one not in best or (-count, word) < best[one]:
            best[one] = (-count, word)
    return [best[one][1] for one in stems]


@lru_cache(maxsize=1 << 18)
def _stem(word: str) -> str:
    return stem(word)

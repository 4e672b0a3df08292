"""Items of evaluation sets looked up in the index of a corpus, without reading the corpus.

It takes about 0.4 ms for each word of an item and block of the index (64 MiB of text), where the step ``decontaminate``
reads everything. What it compares is narrower: 13 words in a row (or a whole item of 5 to 12), without regard to case
and white space, but with punctuation as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from samovar.data.contamination.items import EvalItem
from samovar.data.suffix_array.corpus_index import CorpusIndex, Found

RUN_WORDS = 13
LEAST_WORDS = 5
"""Of a question or answer: shorter ones stand in many texts by chance."""


class IndexedMatch(NamedTuple):
    """An item that stands in the corpus."""

    item: EvalItem
    passage: str
    """The words that were found."""
    found: Found


def items_in_corpus(
    index: CorpusIndex, items: Iterable[EvalItem], *, words: int = RUN_WORDS, limit: int = 10
) -> Iterator[IndexedMatch]:
    """The items of which ``words`` words in a row stand in the corpus, with at most ``limit`` documents of each.

    Of an item, the first such passage is given.
    """
    for item in items:
        for passage in _passages(item, words):
            found = index.search(passage, is_loose=True, limit=limit)
            if found.num_places:
                yield IndexedMatch(item, passage, found)
                break


def _passages(item: EvalItem, size: int) -> Iterator[str]:
    for text in (item.question, *item.answers):
        words = text.split()
        if len(words) >= LEAST_WORDS:
            for start in range(max(1, len(words) - size + 1)):
                yield " ".join(words[start : start + size])

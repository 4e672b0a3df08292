"""What the models are trained on: a bounded sample of texts for every language."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeVar

import xxhash

from samovar.data.document import Document
from samovar.data.splitting import evenly_cut

T = TypeVar("T")

MOST_LANGUAGES = 8
LEAST_WORDS = 1_000
"""A model of fewer words says more of its texts than of the language."""
_READ_FOR_LANGUAGE = 1_000


class Part(NamedTuple):
    """A language, and which half of the corpus; 0 where good texts are named, as there are no halves then."""

    language: str
    half: int


class Sample(Generic[T]):
    """Items with the smallest hashes of their keys, as many as make up ``most`` characters.

    It is the same in whatever order the items are offered.
    """

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._seed = most, seed
        self._heap: list[tuple[int, str, int, T]] = []
        self._total = 0

    def offer(self, key: str, characters: int, item: T) -> None:
        """Offer an item of so many characters."""
        rank = -xxhash.xxh3_64_intdigest(key.encode("utf-8", "surrogatepass"), seed=self._seed)
        heapq.heappush(self._heap, (rank, key, characters, item))
        self._total += characters
        while self._heap and self._total - self._heap[0][2] >= self._most:
            self._total -= heapq.heappop(self._heap)[2]

    @property
    def items(self) -> list[T]:
        """The sample, in the order of its hashes."""
        return [item for _, _, _, item in sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))]


class Samples(Generic[T]):
    """A sample for every part. Of languages, those with most text count in the end."""

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._seed = most, seed
        self._samples: dict[Part, Sample[T]] = {}
        self._characters: Counter[str] = Counter()

    def offer(self, part: Part, key: str, characters: int, item: T) -> None:
        """Offer an item to the sample of ``part``."""
        self._characters[part.language] += characters
        if part not in self._samples:
            self._samples[part] = Sample(self._most, self._seed)
        self._samples[part].offer(key, characters, item)

    def chosen(self) -> Iterator[tuple[Part, list[T]]]:
        """The samples of the languages with most text, at most 8."""
        ranked = sorted(self._characters, key=lambda name: (-self._characters[name], name))[:MOST_LANGUAGES]
        for part in sorted(self._samples):
            if part.language in ranked:
                yield part, self._samples[part].items


def language_of(document: Document) -> str:
    """As the step ``language`` noted it; where it did not, as its detector has it."""
    from samovar.data.language.detector import guess_language

    known = document.meta.get("language")
    return known or guess_language(evenly_cut(document.text, _READ_FOR_LANGUAGE)).language


def half_of(document: Document, seed: int) -> int:
    """0 or 1, by the document's id."""
    return xxhash.xxh3_64_intdigest(document.id.encode("utf-8", "surrogatepass"), seed=seed + 1) & 1

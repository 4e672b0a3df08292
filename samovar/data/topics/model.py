"""Topics found in a sample, and the topic of any text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from samovar.data.splitting import evenly_cut
from samovar.data.topics.clusters import centres_of, nearest
from samovar.data.topics.vectors import Counts, main_directions, points, rarities, weighted_counts
from samovar.data.topics.words import Vocabulary, stem_counts, vocabulary

_DIRECTIONS = 64
_NAME_WORDS = 3
NO_TOPIC = "no topic"


class Topic(NamedTuple):
    """A topic: its name of three words, and its most telling words with what makes them so."""

    name: str
    words: list[str]


class TopicModel:
    """Knows the topics of a sample and puts any text to the nearest.

    It holds at most 30,000 words and 64 numbers for each: about 15 MB.
    """

    def __init__(self, words: Vocabulary, rarity: Any, directions: Any, centres: Any, topics: list[Topic]) -> None:
        self.topics = topics
        self._words, self._rarity, self._directions, self._centres = words, rarity, directions, centres

    def assign(self, counts: Mapping[str, int]) -> tuple[int, float]:
        """The place of the topic of a text with these stems and the cosine to its middle; -1 where none is to see."""
        if not self.topics:
            return -1, 0.0
        point = points(weighted_counts([counts], self._words, self._rarity), self._directions)
        if not point.any():
            return -1, 0.0
        places, cosines = nearest(point, self._centres)
        return int(places[0]), float(cosines[0])


def find_topics(
    texts: Callable[[], Iterator[str]], count: int, *, read_characters: int, num_words: int, seed: int
) -> TopicModel:
    """The topics of a sample.

    Args:
        texts: gives the texts of the sample, each time it is called.
        count: how many topics are wanted; fewer come where the texts have no more.
        read_characters: most characters read of a text.
        num_words: telling words a topic.
        seed: chooses the beginnings of the search.
    """

    def cut() -> Iterator[str]:
        return (evenly_cut(text, read_characters) for text in texts())

    words = vocabulary(cut())
    rarity = rarities(words)
    rows = weighted_counts((stem_counts(text) for text in cut()), words, rarity)
    if not len(rows.words):
        return TopicModel(words, rarity, np.empty((0, 0)), np.empty((0, 0)), [])
    directions = main_directions(rows, len(words.numbers), _DIRECTIONS, seed=seed)
    placed = points(rows, directions)
    seen = np.flatnonzero(placed.any(axis=1))
    centres = centres_of(placed[seen], count, seed=seed)
    place_of = np.full(len(placed), -1, dtype=np.int64)
    place_of[seen] = nearest(placed[seen], centres)[0]
    topics = _named(_telling(rows, place_of, len(centres), words, num_words))
    return TopicModel(words, rarity, directions, centres, topics)


def _telling(rows: Counts, place_of: Any, count: int, words: Vocabulary, num_words: int) -> list[list[str]]:
    """For each topic the words that say most.

    That is: share of its documents with the word * ln(lift over the corpus) * share of the word's documents that are of
    this topic. The last keeps words that many topics have, such as those of one language, from naming all of them.
    """
    row_of = np.repeat(place_of, np.diff(rows.starts))
    with_word = np.zeros((count, len(words.numbers)), dtype=np.float64)
    np.add.at(with_word, (row_of[row_of >= 0], rows.words[row_of >= 0]), 1)
    sizes = np.bincount(place_of[place_of >= 0], minlength=count)[:, None]
    # Half a document more keeps a word of one document of a tiny topic from leading.
    share = with_word / (sizes + 0.5)
    overall = np.array(words.documents_with, dtype=np.float64) / words.num_documents
    of_this_topic = with_word / np.array(words.documents_with, dtype=np.float64)
    told = share * np.log(np.maximum(share, 1e-12) / overall) * of_this_topic
    order = np.argsort(-told, axis=1, kind="stable")[:, :num_words]
    return [[words.shown[one] for one in row if told[place, one] > 0] for place, row in enumerate(order)]


def _named(words_of: Iterable[list[str]]) -> list[Topic]:
    topics, met = [], Counter[str]()
    for words in words_of:
        name = ", ".join(words[:_NAME_WORDS]) or "mixed"
        met[name] += 1
        topics.append(Topic(name if met[name] == 1 else f"{name} ({met[name]})", words))
    return topics

"""What each document is about, by groups of documents with like words."""

from __future__ import annotations

import heapq
import math
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

import xxhash
from pydantic import Field

from samovar.data.document import Document
from samovar.data.splitting import evenly_cut
from samovar.data.steps.step import Marked, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.spool import Spool
    from samovar.data.topics.model import TopicModel

_CLOSEST = 3
_MOST_BY_DEFAULT = 40
_SHOWN_TOPICS = 100


class TopicsSettings(StepSettings):
    """Finds topics and notes the topic of every document; drops nothing. `balance` can give topics their shares."""

    step: Literal["topics"] = "topics"
    """Name of the step."""
    count: int | None = Field(None, ge=2, le=512)
    """How many topics; by default half the root of the number of documents, from 2 to 40."""
    sample_documents: int = Field(10_000, ge=10, le=200_000)
    """Documents, chosen by their ids, in which the topics are found; the others are put to the nearest one."""
    read_characters: int = Field(4000, ge=200, le=100_000)
    """Most characters read of a document, in stretches that lie evenly over it."""
    words: int = Field(10, ge=3, le=50)
    """Telling words shown of each topic; the first three are its name."""


class Topics(Step):
    """Adds ``topic`` to the meta: the three words that mark its group of documents most.

    Groups are made by k-means on word counts in 64 directions (latent semantic analysis); forms of a word count
    together. Documents in two languages share no words and so no topics. The same documents and seed give the same
    topics; on another processor, sums of floats may differ in the last bit and move a document between two of them.

    The corpus waits in a spool on disk. Memory depends on the sample and not on the corpus: while topics are sought
    about 50 KB a document of it at most (500 MB for 10,000 documents of all different words, 150 MB for usual ones).
    """

    settings_class = TopicsSettings
    is_local = False

    def __init__(self, settings: TopicsSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._model: TopicModel | None = None
        self._documents: list[int] = []
        self._characters: list[int] = []
        self._closest: list[list[tuple[float, str]]] = []

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents with their topics, in the same order, when all have been seen."""
        from samovar.data.spool import Spool

        with Spool(self.working_folder() / "documents.spool") as spool:
            chosen = self._spooled(documents, spool)
            self._find(spool, chosen)
            yield from super().__call__(iter(spool))

    def judge(self, document: Document) -> Verdict:
        """Mark it with its topic."""
        from samovar.data.topics.model import NO_TOPIC
        from samovar.data.topics.words import stem_counts

        assert self._model is not None
        place, cosine = self._model.assign(stem_counts(evenly_cut(document.text, self.settings.read_characters)))
        self._documents[place] += 1
        self._characters[place] += len(document.text)
        if place < 0:
            return Marked({"topic": NO_TOPIC})
        keep_closest(self._closest[place], (round(cosine, 4), document.id))
        return Marked({"topic": self._model.topics[place].name})

    def metrics(self) -> dict[str, Any]:
        """Documents and characters by topic."""
        return {
            name: {"documents": documents, "characters": characters} for name, _, documents, characters, _ in self._rows
        }

    def tables(self) -> list[Table]:
        """Topics with sizes, words and the documents that are most like them."""
        total = sum(self._characters) or 1
        rows: list[tuple[str, ...]] = [
            (
                name,
                f"{documents:,}",
                f"{characters:,}",
                f"{characters / total:.1%}",
                ", ".join(words),
                ", ".join(one for _, one in closest),
            )
            for name, words, documents, characters, closest in self._rows[:_SHOWN_TOPICS]
        ]
        if not rows:
            return []
        head = ("topic", "documents", "characters", "share", "telling words", "closest documents")
        note = "Topics are groups of documents with like words; the name is made of words, nobody gave it."
        return [Table("Topics", head, rows, note)]

    @property
    def _rows(self) -> list[tuple[str, list[str], int, int, list[tuple[float, str]]]]:
        """The topics that have documents, the largest first."""
        from samovar.data.topics.model import NO_TOPIC

        if self._model is None:
            return []
        names = [*((one.name, one.words) for one in self._model.topics), (NO_TOPIC, [])]
        rows = [
            (name, words, self._documents[place], self._characters[place], sorted(closest, key=_first_best))
            for place, ((name, words), closest) in enumerate(zip(names, [*self._closest, []], strict=True))
        ]
        return sorted((row for row in rows if row[2]), key=lambda row: (-row[3], row[0]))

    def _spooled(self, documents: Iterator[Document], spool: Spool) -> list[int]:
        """Put all documents into the spool; the positions of those with the smallest hashes of their ids, by hash."""
        heap: list[tuple[int, int]] = []
        for document in documents:
            rank = -xxhash.xxh3_64_intdigest(document.id.encode("utf-8", "surrogatepass"), seed=self._seed)
            entry = (rank, spool.add(document))
            if len(heap) < self.settings.sample_documents:
                heapq.heappush(heap, entry)
            else:
                heapq.heappushpop(heap, entry)
        # By hash and not by place, so that the same documents in another order give the same topics.
        return [position for _, position in sorted(heap)]

    def _find(self, spool: Spool, chosen: list[int]) -> None:
        from samovar.data.topics.model import find_topics

        positions = array("q", chosen)
        count = self.settings.count or min(_MOST_BY_DEFAULT, max(2, round(math.sqrt(spool.count) / 2)))
        self._model = find_topics(
            lambda: (spool.at(position).text for position in positions),
            count,
            read_characters=self.settings.read_characters,
            num_words=self.settings.words,
            seed=self._seed,
        )
        num_topics = len(self._model.topics)
        # One place more, the last, for documents without a topic.
        self._documents, self._characters = [0] * (num_topics + 1), [0] * (num_topics + 1)
        self._closest = [[] for _ in range(num_topics)]


def keep_closest(kept: list[tuple[float, str]], entry: tuple[float, str]) -> None:
    """Put ``entry`` (cosine and id) into ``kept`` where it is among the three nearest."""
    kept.append(entry)
    kept.sort(key=_first_best)
    del kept[_CLOSEST:]


def _first_best(entry: tuple[float, str]) -> tuple[float, str]:
    return -entry[0], entry[1]

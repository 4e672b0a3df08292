"""A text as a vector whose direction says what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from samovar.core.errors import MissingError
from samovar.core.extras import require
from samovar.data.duplicates.shingles import word_hashes

STEM_LETTERS = 6
_BUCKET_BITS = 18
_PLACES = 4
_LEAST_DOCUMENTS = 1_000
"""Over fewer documents counts of words say little: then all words weigh the same."""


class Embedder(Protocol):
    """Something that gives vectors of length 1, or of zeros for a text with nothing in it."""

    width: int

    def learn(self, text: str) -> None:
        """See a text of the corpus before any is embedded."""

    def embed(self, texts: Sequence[str]) -> Any:
        """float32, a row a text."""


class WordEmbedder:
    """Counts of word beginnings, rare ones weighing more, projected at random onto ``width`` numbers.

    A word counts by its first six letters, so that Russian endings matter less; its weight is
    (1 + ln count) * (1 + ln((1 + documents) / (1 + documents with it))); hashes choose four of the numbers for it and
    their signs (Weinberger et al. 2009, arXiv:0902.2206, with four signs instead of one). The cosine of two vectors
    is that of the weighted counts, within about 1/sqrt(width).

    So it sees which words two texts share, in whatever order. It knows no synonyms, no paraphrases in other words and
    no translations. It holds 2 MB of counts.
    """

    def __init__(self, width: int = 512) -> None:
        self.width = width
        self._documents = 0
        self._documents_with = np.zeros(1 << _BUCKET_BITS, dtype=np.int64)

    def learn(self, text: str) -> None:
        """Count the text's words."""
        self._documents += 1
        self._documents_with[np.unique(_buckets(word_hashes(text, letters=STEM_LETTERS)))] += 1

    def embed(self, texts: Sequence[str]) -> Any:
        """float32, a row a text."""
        from samovar.data.duplicates.kernels import add_projected

        vectors = np.zeros((len(texts), self.width), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            features, counts = np.unique(word_hashes(text, letters=STEM_LETTERS), return_counts=True)
            weights = ((1 + np.log(counts)) * self._rarity(features)).astype(np.float32)
            add_projected(features, weights, _PLACES, vector)
        return _normalised(vectors)

    def _rarity(self, features: Any) -> Any:
        if self._documents < _LEAST_DOCUMENTS:
            return np.ones(features.size)
        return 1 + np.log((1 + self._documents) / (1 + self._documents_with[_buckets(features)]))


class SentenceEmbedder:
    """A sentence-transformers model from a folder of the user's. Nothing is downloaded."""

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise MissingError(
                f"the model folder {folder} does not exist",
                hint="give the folder of a sentence-transformers model that is on this machine",
            )
        package = require("sentence_transformers", extra="semantic")
        self._model: Any = package.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        self.width: int = int(self.embed(["a text"]).shape[1])

    def learn(self, text: str) -> None:
        """Nothing: the model is what it is."""

    def embed(self, texts: Sequence[str]) -> Any:
        """float32, a row a text; of a long text the model sees what fits into its window."""
        vectors = self._model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return _normalised(np.asarray(vectors, dtype=np.float32))


def _buckets(features: Any) -> Any:
    return features >> np.uint64(64 - _BUCKET_BITS)


def _normalised(vectors: Any) -> Any:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)

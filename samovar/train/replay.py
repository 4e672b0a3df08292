"""Documents among the conversations, so that what a model has read is not forgotten while it learns to converse.

Source: Ouyang et al. 2022 (InstructGPT), arXiv:2203.02155, section 3.5, where the documents' gradient is mixed into the
teaching. Axes: B rows, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import xxhash

from samovar.core.errors import ConfigError
from samovar.data.shards import open_split, read_index
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import Batch, Rows, ShardRows
from samovar.train.expected import Expected

_HASHED_AT_ONCE = 256


def conversation_rows(rows: int, share: float) -> int:
    """How many of ``rows`` are left to conversations when ``share`` of them are of documents."""
    return max(1, round(rows * (1.0 - share)))


def document_rows(conversations: int, share: float) -> int:
    """How many rows of documents make ``share`` of all beside so many of conversations; one at least."""
    return max(1, round(conversations * share / (1.0 - share)))


def shard_rows(shards: Path, tokenizer: Tokenizer, context: int) -> ShardRows:
    """The training documents in ``shards`` as rows of ``context`` tokens, each document by itself.

    Raises:
        ConfigError: they were made with another tokenizer.
    """
    index = read_index(shards, vocab_size=tokenizer.vocab_size)
    return ShardRows(open_split(shards, "train"), context, index["document_end_id"], document_mask=True)


class DocumentRows(Rows):
    """Some of the documents' rows, drawn by chance: all of them before any comes again."""

    def __init__(self, documents: ShardRows, count: int, *, vocab_size: int, seed: int) -> None:
        """Draw ``count`` rows.

        Raises:
            ConfigError: the documents are shorter than one row.
        """
        if not len(documents):
            raise ConfigError(
                "documents_share asks for documents, and they are shorter than one training row",
                hint="add documents, or leave documents_share out",
            )
        self._documents = documents
        self._drawn = np.resize(np.random.default_rng(seed).permutation(len(documents)), count)
        self.context, self.vocab_size = documents.context, vocab_size

    def __len__(self) -> int:
        return len(self._drawn)

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers."""
        return self._documents.batch(self._drawn[numbers])

    def sources(self, numbers: np.ndarray) -> list[str]:
        """The ids of the documents."""
        return self._documents.sources(self._drawn[numbers])

    def digest(self) -> str:
        """Changes when anything in the rows does."""
        digest = xxhash.xxh3_128(repr((self.context, self.vocab_size, len(self))).encode())
        for first in range(0, len(self), _HASHED_AT_ONCE):
            batch = self.batch(np.arange(first, min(first + _HASHED_AT_ONCE, len(self))))
            for part in (batch.tokens_BT, batch.target_BT):
                digest.update(part.numpy().data)
        return digest.hexdigest()


class WithDocuments(Rows):
    """Rows of conversations, and those of documents behind them."""

    def __init__(self, conversations: Rows, documents: Rows) -> None:
        self.conversations, self.documents = conversations, documents

    def __len__(self) -> int:
        return len(self.conversations) + len(self.documents)

    def batch(self, numbers: np.ndarray) -> Batch:
        """Conversations first: the order within a batch means nothing."""
        told, read = self._apart(numbers)
        parts = [rows.batch(some) for rows, some in ((self.conversations, told), (self.documents, read)) if len(some)]
        weights = None
        if any(part.weight_BT is not None for part in parts):
            weights = torch.cat(
                [torch.ones(part.target_BT.shape) if part.weight_BT is None else part.weight_BT for part in parts]
            )
        documents = [part.document_BT for part in parts if part.document_BT is not None]
        expected = [part.expected for part in parts if part.expected is not None]
        return Batch(
            torch.cat([part.tokens_BT for part in parts]),
            torch.cat([part.target_BT for part in parts]),
            torch.cat(documents),
            weights,
            expected=Expected(*map(torch.cat, zip(*expected, strict=True))) if expected else None,
        )

    def heaviest(self, count: int) -> np.ndarray:
        """Those of documents: each of their tokens is a target."""
        return np.arange(len(self))[-count:]

    def sources(self, numbers: np.ndarray) -> list[str]:
        """Of conversations their numbers, of documents their ids."""
        told, read = self._apart(numbers)
        return self.conversations.sources(told) + self.documents.sources(read)

    def _apart(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of conversations' rows, and of documents'."""
        is_told = numbers < len(self.conversations)
        return numbers[is_told], numbers[~is_told] - len(self.conversations)


def together(parts: Sequence[Rows]) -> Rows:
    """Rows of conversations, with those of documents where there are any."""
    return parts[0] if len(parts) == 1 else WithDocuments(*parts)

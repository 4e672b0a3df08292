"""Documents among the conversations, so that what a model has read is not forgotten while it learns to converse.

Source: Ouyang et al. 2022 (InstructGPT), arXiv:2203.02155, section 3.5, where the documents' gradient is mixed into the
teaching. Axes: B rows, T tokens.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from samovar.core.errors import ConfigError
from samovar.data.shards import open_split, read_index
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import Batch, Rows, ShardRows
from samovar.train.packing import PackedRows


def conversation_rows(rows: int, share: float) -> int:
    """How many of ``rows`` are left to conversations when ``share`` of them are of documents."""
    return max(1, round(rows * (1.0 - share)))


def shard_rows(shards: Path, tokenizer: Tokenizer, context: int) -> ShardRows:
    """The training documents in ``shards`` as rows of ``context`` tokens, each document by itself.

    Raises:
        ConfigError: they were made with another tokenizer.
    """
    index = read_index(shards)
    if index["vocab_size"] != tokenizer.vocab_size:
        raise ConfigError(
            f"{shards} was made for a vocabulary of {index['vocab_size']}, the tokenizer has {tokenizer.vocab_size}",
            hint="make the shards again with this tokenizer",
        )
    return ShardRows(open_split(shards, "train"), context, index["document_end_id"], document_mask=True)


class WithDocuments(Rows):
    """Rows of conversations, and as many of documents behind them as make ``share`` of all."""

    def __init__(self, conversations: PackedRows, documents: ShardRows, *, share: float, seed: int) -> None:
        """Draw the documents' rows by chance; all of them before any comes again.

        Raises:
            ConfigError: the documents are shorter than one row.
        """
        if not len(documents):
            raise ConfigError(
                "sft.documents_share asks for documents, and they are shorter than one training row",
                hint="add documents, or leave sft.documents_share out",
            )
        self.conversations, self.documents = conversations, documents
        count = round(len(conversations) * share / (1.0 - share))
        self._drawn = np.resize(np.random.default_rng(seed).permutation(len(documents)), count)

    def __len__(self) -> int:
        return len(self.conversations) + len(self._drawn)

    def batch(self, numbers: np.ndarray) -> Batch:
        """Conversations first: the order within a batch means nothing."""
        told, drawn = self._apart(numbers)
        parts = [rows.batch(some) for rows, some in ((self.conversations, told), (self.documents, drawn)) if len(some)]
        weights = None
        if any(part.weight_BT is not None for part in parts):
            weights = torch.cat(
                [torch.ones(part.target_BT.shape) if part.weight_BT is None else part.weight_BT for part in parts]
            )
        documents = [part.document_BT for part in parts if part.document_BT is not None]
        return Batch(
            torch.cat([part.tokens_BT for part in parts]),
            torch.cat([part.target_BT for part in parts]),
            torch.cat(documents),
            weights,
        )

    def heaviest(self, count: int) -> np.ndarray:
        """Those of documents: each of their tokens is a target."""
        return np.arange(len(self))[-count:]

    def sources(self, numbers: np.ndarray) -> list[str]:
        """Of conversations their numbers, of documents their ids."""
        told, drawn = self._apart(numbers)
        return self.conversations.sources(told) + self.documents.sources(drawn)

    def _apart(self, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of conversations' rows, and of documents'."""
        is_told = numbers < len(self.conversations)
        return numbers[is_told], self._drawn[numbers[~is_told] - len(self.conversations)]

"""Rows of tokens, in an order that is a function of the seed and the step alone.

Nothing here has state: a resumed run asks for step 1,000 and gets what it would have got. Axes: B rows, T tokens.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from samovar.core.errors import DataError
from samovar.data.shards import Split

IGNORED = -100


class Batch(NamedTuple):
    """What one forward pass trains on."""

    tokens_BT: Tensor
    """int64; the inputs."""
    target_BT: Tensor
    """int64; the token after each input, IGNORED where it does not count."""
    document_BT: Tensor | None
    """int32; the document each token belongs to. None: the row is one document."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on ``device``."""
        document_BT = None if self.document_BT is None else self.document_BT.to(device, non_blocking=True)
        return Batch(
            self.tokens_BT.to(device, non_blocking=True), self.target_BT.to(device, non_blocking=True), document_BT
        )


class Rows(Protocol):
    """A finite set of rows of equal length."""

    def __len__(self) -> int: ...

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers as one batch."""
        ...


class ShardRows:
    """Consecutive pieces of the token stream; a row's targets are its tokens moved by one."""

    def __init__(self, split: Split, context: int, document_end_id: int, *, document_mask: bool) -> None:
        self.split, self.context = split, context
        self.document_end_id, self.document_mask = document_end_id, document_mask
        self._first_row = np.cumsum([0] + [(len(shard) - 1) // context for shard in split.shards])

    def __len__(self) -> int:
        return int(self._first_row[-1])

    def batch(self, numbers: np.ndarray) -> Batch:
        """Cut the rows out of the shards."""
        shard_of = np.searchsorted(self._first_row, numbers, side="right") - 1
        pieces = []
        for number, shard in zip(numbers, shard_of, strict=True):
            start = (int(number) - int(self._first_row[shard])) * self.context
            pieces.append(self.split.shards[shard][start : start + self.context + 1])
        rows = torch.from_numpy(np.stack(pieces).astype(np.int64))
        tokens_BT, target_BT = rows[:, :-1].contiguous(), rows[:, 1:].contiguous()
        if not self.document_mask:
            return Batch(tokens_BT, target_BT, None)
        is_end = tokens_BT == self.document_end_id
        # The end token closes its document: what follows it is a new one, which it must not predict.
        document_BT = (is_end.cumsum(1) - is_end.long()).int()
        return Batch(tokens_BT, target_BT.masked_fill(is_end, IGNORED), document_BT)


class Order:
    """Which rows make up the micro-batches of a step: every epoch is a fresh permutation."""

    def __init__(self, num_rows: int, *, rows_per_step: int, rows_per_micro: int, seed: int) -> None:
        if num_rows == 0:
            raise DataError(
                "the corpus is shorter than one training row",
                hint="add documents, or lower model.context in the recipe",
            )
        self.num_rows, self.rows_per_step, self.rows_per_micro = num_rows, rows_per_step, rows_per_micro
        self.seed = seed
        self._epoch = -1
        self._permutation = np.empty(0, dtype=np.int64)

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Row numbers of every micro-batch of ``step``; all of one size, so that compiled shapes stay fixed."""
        positions = np.arange(step * self.rows_per_step, (step + 1) * self.rows_per_step)
        numbers = np.array([self._at(*divmod(int(position), self.num_rows)) for position in positions])
        return [numbers[i : i + self.rows_per_micro] for i in range(0, len(numbers), self.rows_per_micro)]

    def _at(self, epoch: int, place: int) -> int:
        if epoch != self._epoch:
            self._epoch = epoch
            self._permutation = np.random.default_rng((self.seed, epoch)).permutation(self.num_rows)
        return int(self._permutation[place])

"""Keys and values of decoding sequences, side by side, for attention on a processor in torch.

The cache lies in blocks, and torch's attention wants a row for each sequence. To gather all rows anew at every step
takes longer than attention itself: 3.4 ms against 1.3 for 8 sequences of 256 tokens (8 layers, 5 heads of 64, one
core). So a sequence that decodes is copied into a row once, and from then on each step adds one position to it. The
rows take as much memory again as the sequences have in the cache, and at most a quarter of what is free, beside the
cache's half; beyond that keys are gathered.

Axes: L layers, P blocks, D rows (decoding sequences), K key-value heads, S positions, A head width.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from samovar.engine.batch import BLOCK_SIZE, Batch, Memory
from samovar.engine.cache import free_bytes

GROWTH = 64
"""Positions that are added to all rows at once."""
SHARE_OF_FREE = 0.25


class DecodeRows:
    """A row for each sequence that decodes: rows 0, 1, … of the memory, none empty between them."""

    def __init__(self, memory: Memory, *, dtype: torch.dtype) -> None:
        """Rows of ``dtype`` for sequences in ``memory``."""
        self._memory, self._dtype = memory, dtype
        layers, blocks, heads, size, width = memory.keys_LPKSA.shape
        bytes_each = 2 * layers * heads * width * dtype.itemsize
        self._most_positions = min(blocks * size, int(free_bytes(memory.device) * SHARE_OF_FREE) // bytes_each)
        self._shape = (layers, heads, width)
        self._keys = self._values = torch.empty(layers, 0, heads, 0, width, dtype=dtype)
        self._seated: list[int] = []
        """Whose each row is."""
        self._right: dict[int, int] = {}
        """Of each seated sequence, positions of its row that are as in the cache."""

    def heed(self, sequence_ids: Sequence[int], starts: Sequence[int]) -> None:
        """Sequences are written anew from these positions on: what stood there is no longer right."""
        for sequence, start in zip(sequence_ids, starts, strict=True):
            if self._right.get(sequence, 0) > start:
                self._right[sequence] = start

    def seat(self, batch: Batch, decoding: Sequence[int], contexts: Sequence[int]) -> list[int] | None:
        """Give each decoding sequence of the batch a row that holds all but its new token.

        Returns:
            ``decoding`` in the order of rows; None where the rows would take too much memory.
        """
        assert batch.sequence_ids is not None
        if not decoding:
            return None
        longest = max(contexts[number] for number in decoding)
        if len(decoding) * _rounded(longest) > self._most_positions:
            self._seated, self._right = [], {}
            return None
        number_of = {batch.sequence_ids[number]: number for number in decoding}
        self._reseat(number_of)
        self._make_room(len(decoding), longest)
        ordered = [number_of[sequence] for sequence in self._seated]
        for row, number in enumerate(ordered):
            sequence, end = batch.sequence_ids[number], contexts[number] - 1
            begin = self._right.get(sequence, 0)
            if begin < end:
                self._copy(row, batch.block_table_BP[number], begin, end)
            self._right[sequence] = end + 1
        return ordered

    def push(
        self, layer: int, position_D: Tensor, key_DKA: Tensor, value_DKA: Tensor, num_keys: int
    ) -> tuple[Tensor, Tensor]:
        """Add a position to every row; give the first ``num_keys`` of all rows, DKSA."""
        count = len(position_D)
        row_D = torch.arange(count)
        keys_DKSA, values_DKSA = self._keys[layer], self._values[layer]
        keys_DKSA[row_D, :, position_D] = key_DKA
        values_DKSA[row_D, :, position_D] = value_DKA
        return keys_DKSA[:count, :, :num_keys], values_DKSA[:count, :, :num_keys]

    def _reseat(self, number_of: dict[int, int]) -> None:
        """Let go of the rows of others, and seat who is new."""
        for row in range(len(self._seated) - 1, -1, -1):
            if self._seated[row] in number_of:
                continue
            del self._right[self._seated[row]]
            last = self._seated.pop()
            if row < len(self._seated):
                length = self._right.get(last, 0)
                for memory in (self._keys, self._values):
                    memory[:, row, :, :length] = memory[:, len(self._seated), :, :length]
                self._seated[row] = last
        seated = set(self._seated)
        self._seated += [sequence for sequence in number_of if sequence not in seated]

    def _make_room(self, rows: int, positions: int) -> None:
        """Memory for so many rows of so many positions; what the rows hold stays."""
        _, old_rows, _, old_positions, _ = self._keys.shape
        if rows <= old_rows and positions <= old_positions:
            return
        positions = _rounded(positions)
        wider, longer = max(rows, old_rows), max(positions, old_positions)
        if wider * longer <= self._most_positions:
            rows, positions = wider, longer
        layers, heads, width = self._shape
        kept_rows, kept = min(old_rows, rows), min(old_positions, positions)
        for name in ("_keys", "_values"):
            # Zeros, not empty: a masked key still meets a weight of zero, and zero times NaN is NaN.
            memory = torch.zeros(layers, rows, heads, positions, width, dtype=self._dtype)
            memory[:, :kept_rows, :, :kept] = getattr(self, name)[:, :kept_rows, :, :kept]
            setattr(self, name, memory)

    def _copy(self, row: int, table_P: Tensor, begin: int, end: int) -> None:
        """Take the positions from ``begin`` to ``end`` of a sequence out of the cache, in all layers."""
        first, last = begin // BLOCK_SIZE, -(-end // BLOCK_SIZE)
        blocks = table_P[first:last].long()
        for target, kept_LPKSA, scale_LPKS in (
            (self._keys, self._memory.keys_LPKSA, self._memory.key_scale_LPKS),
            (self._values, self._memory.values_LPKSA, self._memory.value_scale_LPKS),
        ):
            found_LPKSA = kept_LPKSA[:, blocks].to(self._dtype)
            if scale_LPKS is not None:
                found_LPKSA *= scale_LPKS[:, blocks].unsqueeze(-1).to(self._dtype)
            found_LKSA = found_LPKSA.transpose(1, 2).flatten(2, 3)
            offset = first * BLOCK_SIZE
            target[:, row, :, begin:end] = found_LKSA[:, :, begin - offset : end - offset]


def _rounded(positions: int) -> int:
    return -(-positions // GROWTH) * GROWTH

"""One forward pass of the engine: a flat row of new tokens of many sequences, and who can compute it.

Axes: N new tokens of all sequences, B sequences, P blocks of a sequence, R rows whose hidden states are wanted,
D model width, L layers, K key-value heads, S positions of a block, A head width.

Prompts that are read and answers that are written stand in one row, without padding: a sequence that decodes has one
token in it, one that reads a prompt has many, one that checks a guess has a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from samovar.engine.transfer import to_device

BLOCK_SIZE = 16
"""S: positions of a block of the cache."""
PADDING_BLOCK = 0
"""This block belongs to nobody, so that what must be written somewhere and is never read can be written there."""


@dataclass(frozen=True)
class Memory:
    """Keys and values of all layers, in blocks; block ``PADDING_BLOCK`` is never given out.

    A key and its value stand in float32 or bfloat16; or in int8, and each then is to be multiplied by its scale.
    """

    keys_LPKSA: Tensor
    values_LPKSA: Tensor
    key_scale_LPKS: Tensor | None = None
    """float32; None unless the keys are int8."""
    value_scale_LPKS: Tensor | None = None

    @property
    def num_blocks(self) -> int:
        """Blocks there are, the one for padding included."""
        return self.keys_LPKSA.shape[1]

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self.keys_LPKSA.device


@dataclass
class Batch:
    """What one forward pass computes. Sequence b has the tokens from query_start[b] to query_start[b + 1].

    It lies on the processor, wherever the model is: who computes looks at it there, and sends what the device needs.
    """

    token_N: Tensor
    """int64; ids."""
    position_N: Tensor
    """int64; of each token in its sequence. They follow each other within a sequence."""
    query_start_B1: Tensor
    """int32, B + 1 long; where the tokens of each sequence begin, and N."""
    context_B: Tensor
    """int32; tokens that a sequence's last new one sees, cached and new together, itself included."""
    block_table_BP: Tensor
    """int32; a sequence's blocks, in order; behind its last one PADDING_BLOCK."""
    slot_N: Tensor
    """int64; block * S + offset: where the key and value of each token go."""
    row_R: Tensor
    """int64; numbers of the tokens whose hidden states are wanted."""
    longest_context: int
    """The largest of ``context_B``."""
    adapters: tuple[str | None, ...] | None = None
    """The adapter of each sequence, B; None where no sequence has one."""
    sequence_ids: tuple[int, ...] | None = None
    """Of each sequence, B; one that was given away never comes again. None: nothing is known beyond this batch."""
    device_token_N: Tensor | None = None
    """int64; the ids where the device knows them alone as yet, and ``token_N`` says nothing. Not for the native way."""

    def tokens_on(self, device: torch.device) -> Tensor:
        """``token_N`` there."""
        return to_device(self.token_N, device) if self.device_token_N is None else self.device_token_N


class Forward(Protocol):
    """Computes batches with one model over one memory: the eager way for every family, or the native one."""

    def hidden(self, batch: Batch) -> Tensor:
        """Store the new tokens' keys and values; give the normed hidden states of ``row_R``, RD."""
        ...

    def logits(self, batch: Batch) -> Tensor:
        """The same, and on through the head: float32, RV."""
        ...

    def greedy(self, batch: Batch, num_ids: int) -> Tensor:
        """The same, and of each row the likeliest of the first ``num_ids`` tokens: int64, R."""
        ...


class Piece(NamedTuple):
    """What a batch has of one sequence."""

    sequence_id: int
    tokens: Sequence[int]
    """The new ones."""
    start: int
    """Tokens before them, whose keys and values are in the cache."""
    blocks: Sequence[int]
    """Of the sequence, in order; they hold at least the last of ``tokens``."""
    rows: Sequence[int]
    """Numbers among ``tokens``, ascending: whose hidden states are wanted."""
    adapter: str | None = None


class BlockTable:
    """The blocks of the sequences of one batch after another, BP; only rows that have changed are written anew."""

    def __init__(self) -> None:
        self._rows: list[list[int]] = []
        """What stands in the rows."""
        self._table_BP = np.full((0, 0), PADDING_BLOCK, dtype=np.int32)

    def of(self, blocks: Sequence[Sequence[int]]) -> np.ndarray[Any, np.dtype[np.int32]]:
        """A row for each of ``blocks``, padded; as it is until the next call."""
        width = max(map(len, blocks))
        if len(blocks) > len(self._table_BP) or width > self._table_BP.shape[1]:
            # Room for what comes next: answers grow by a block at a time.
            shape = max(len(blocks), len(self._table_BP)), 2 * width
            self._table_BP, self._rows = np.full(shape, PADDING_BLOCK, dtype=np.int32), []
        self._rows += [[] for _ in range(len(blocks) - len(self._rows))]
        for row, own in enumerate(blocks):
            if own != self._rows[row]:
                self._write(row, own)
        return self._table_BP[: len(blocks)]

    def rewrite(self, row: int, blocks: Sequence[int]) -> bool:
        """Put other blocks into a row of what ``of`` gave last; False where there is no room for them."""
        has_room = len(blocks) <= self._table_BP.shape[1]
        if has_room:
            self._write(row, blocks)
        return has_room

    def _write(self, row: int, blocks: Sequence[int]) -> None:
        self._table_BP[row, : len(blocks)] = blocks
        self._table_BP[row, len(blocks) : len(self._rows[row])] = PADDING_BLOCK
        self._rows[row] = list(blocks)


def make_batch(pieces: Sequence[Piece], table: BlockTable | None = None) -> Batch:
    """The flat row of all pieces, in their order.

    Args:
        pieces: at least one.
        table: of earlier batches, which then must not be needed any more.
    """
    tokens: list[int] = []
    positions: list[int] = []
    slots: list[int] = []
    rows: list[int] = []
    starts = [0]
    contexts: list[int] = []
    for _, new, start, blocks, wanted, _ in pieces:
        begin, end = len(tokens), start + len(new)
        tokens += new
        positions += range(start, end)
        slots += [blocks[at // BLOCK_SIZE] * BLOCK_SIZE + at % BLOCK_SIZE for at in range(start, end)]
        rows += [begin + row for row in wanted]
        starts.append(begin + len(new))
        contexts.append(end)
    adapters = [piece.adapter for piece in pieces]
    # One array of each type, cut in parts: to make a tensor takes as long as to fill it.
    count = len(tokens)
    wide = torch.from_numpy(np.array(tokens + positions + slots + rows, dtype=np.int64))
    narrow = torch.from_numpy(np.array(starts + contexts, dtype=np.int32))
    table_BP = (table or BlockTable()).of([piece.blocks for piece in pieces])
    return Batch(
        token_N=wide[:count],
        position_N=wide[count : 2 * count],
        query_start_B1=narrow[: len(starts)],
        context_B=narrow[len(starts) :],
        block_table_BP=torch.from_numpy(table_BP),
        slot_N=wide[2 * count : 3 * count],
        row_R=wide[3 * count :],
        longest_context=max(contexts),
        adapters=tuple(adapters) if any(adapter is not None for adapter in adapters) else None,
        sequence_ids=tuple(piece.sequence_id for piece in pieces),
    )

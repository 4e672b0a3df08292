"""What a step computes of each sequence, and which tokens' hidden states are wanted for what.

Axes: R rows wanted of a forward pass, D model width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from samovar.engine.batch import BLOCK_SIZE, Batch, BlockTable, Piece, make_batch
from samovar.engine.logprobs import score
from samovar.engine.scheduler import Chunk


def together(chunks: Sequence[Chunk], *, is_native: bool) -> list[Sequence[Chunk]]:
    """The chunks by the way they take, so that none disturbs the others.

    Prompts whose log-probabilities are wanted go otherwise through the head, and what an adapter reads is not computed
    natively.
    """
    if all(not chunk.sequence.is_scored and chunk.sequence.adapter is None for chunk in chunks):
        return [chunks] if chunks else []
    found: dict[tuple[bool, bool], list[Chunk]] = {}
    for chunk in chunks:
        way = bool(unscored(chunk)), is_native and chunk.sequence.adapter is not None
        found.setdefault(way, []).append(chunk)
    return [found[way] for way in sorted(found)]


class Batches:
    """The batches of one step after another.

    To write one anew takes a good part of a small model's step. Where the scheduler gives the same chunks again, each a
    token further, the last batch is moved on.
    """

    def __init__(self, *, are_moved_on: bool) -> None:
        """``are_moved_on``: not where a device may still be reading a batch when the next one is wanted."""
        self.table = BlockTable()
        self._are_moved_on = are_moved_on
        self._chunks: Sequence[Chunk] = ()
        self._batch: Batch | None = None
        self._token_N, self._position_N, self._context_B, self._slot_N = [np.empty(0, dtype=np.int64)] * 4
        """Those of the batch: of so few numbers NumPy takes a tenth of torch's time."""

    def of(self, chunks: Sequence[Chunk]) -> Batch:
        """The batch of ``chunks``, which is right until the next call."""
        # A step that failed after its batch was made is not behind us.
        if self._batch is None or chunks is not self._chunks or self._context_B[0] != chunks[0].sequence.num_cached:
            self._batch = batch = make_batch([piece(chunk) for chunk in chunks], self.table)
            if self._are_moved_on:
                self._chunks = chunks
                moving = (batch.token_N, batch.position_N, batch.context_B, batch.slot_N)
                self._token_N, self._position_N, self._context_B, self._slot_N = (one.numpy() for one in moving)
        else:
            self._move_on(self._batch)
        return self._batch

    def _move_on(self, batch: Batch) -> None:
        sequences = [chunk.sequence for chunk in self._chunks]
        self._token_N[:] = [sequence.ids[-1] for sequence in sequences]
        self._position_N += 1
        self._context_B += 1
        self._slot_N += 1
        batch.longest_context += 1
        for row, sequence in enumerate(sequences):
            place, offset = divmod(sequence.num_cached, BLOCK_SIZE)
            if not offset:
                self._slot_N[row] = sequence.blocks[place] * BLOCK_SIZE
                if not self.table.rewrite(row, sequence.blocks):
                    table_BP = self.table.of([sequence.blocks for sequence in sequences])
                    batch.block_table_BP = torch.from_numpy(table_BP)


def piece(chunk: Chunk) -> Piece:
    """What a batch has of a chunk: wanted are the tokens after which one is to be scored, and then to be chosen."""
    sequence, length, is_last = chunk
    start = sequence.num_cached
    tokens = sequence.ids[start : start + length]
    rows = [place - start for place in unscored(chunk)] if sequence.is_scored else []
    if is_last:
        drafted = sequence.draft.ids
        rows += range(length - 1, length + len(drafted))
        tokens += drafted
    return Piece(sequence.request_id, tokens, start, sequence.blocks, rows, sequence.adapter)


def unscored(chunk: Chunk) -> range:
    """The places of a chunk after which the log-probability of the next token is wanted."""
    sequence, start = chunk.sequence, chunk.sequence.num_cached
    return sequence.unscored(start, start + chunk.length)


def take_scores(chunks: Sequence[Chunk], hidden_RD: Tensor, logits: Callable[[Tensor], Tensor]) -> Tensor:
    """Tell the sequences how likely their tokens were; give the logits that the next ones are chosen by, RV.

    Args:
        chunks: all of a batch.
        hidden_RD: of the rows that their pieces want.
        logits: the head.
    """
    row = 0
    choosing: list[int] = []
    for chunk in chunks:
        places = unscored(chunk)
        tokens = [chunk.sequence.ids[place + 1] for place in places]
        num_top = [chunk.sequence.num_top(place + 1) for place in places]
        chunk.sequence.take_scores(score(logits, hidden_RD[row : row + len(places)], tokens, num_top))
        row += len(places)
        if chunk.is_last:
            choosing += range(row, row + 1 + chunk.num_drafted)
            row += 1 + chunk.num_drafted
    return logits(hidden_RD[choosing])

"""What a step computes of each sequence, and which tokens' hidden states are wanted for what.

Axes: R rows wanted of a forward pass, D model width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

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

    def of(self, chunks: Sequence[Chunk]) -> Batch:
        """The batch of ``chunks``, which is right until the next call."""
        batch = self._batch
        # A step that failed after its batch was made is not behind us.
        if batch is not None and chunks is self._chunks and int(batch.context_B[0]) == chunks[0].sequence.num_cached:
            self._batch = self._moved_on(batch)
        else:
            self._batch = make_batch([piece(chunk) for chunk in chunks], self.table)
            self._chunks = chunks if self._are_moved_on else ()
        return self._batch

    def _moved_on(self, batch: Batch) -> Batch:
        sequences = [chunk.sequence for chunk in self._chunks]
        # Of so few numbers NumPy takes a tenth of torch's time.
        slot_N = batch.slot_N.numpy()
        batch.token_N.numpy()[:] = [sequence.ids[-1] for sequence in sequences]
        for place_N in (batch.position_N.numpy(), batch.context_B.numpy(), slot_N):
            place_N += 1
        table_BP = batch.block_table_BP
        begun = [row for row, sequence in enumerate(sequences) if sequence.num_cached % BLOCK_SIZE == 0]
        for row in begun:
            sequence = sequences[row]
            slot_N[row] = sequence.blocks[sequence.num_cached // BLOCK_SIZE] * BLOCK_SIZE
        if begun:
            table_BP = torch.from_numpy(self.table.of([sequence.blocks for sequence in sequences]))
        return replace(batch, block_table_BP=table_BP, longest_context=batch.longest_context + 1)


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

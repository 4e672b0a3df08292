"""What a step computes of each sequence, and which tokens' hidden states are wanted for what.

Axes: R rows wanted of a forward pass, D model width, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor

from samovar.engine.batch import Piece
from samovar.engine.logprobs import score
from samovar.engine.scheduler import Chunk


def together(chunks: Sequence[Chunk], *, is_native: bool) -> list[list[Chunk]]:
    """The chunks by the way they take, so that none disturbs the others.

    Prompts whose log-probabilities are wanted go otherwise through the head, and what an adapter reads is not computed
    natively.
    """
    if all(not chunk.sequence.is_scored and chunk.sequence.adapter is None for chunk in chunks):
        return [list(chunks)] if chunks else []
    found: dict[tuple[bool, bool], list[Chunk]] = {}
    for chunk in chunks:
        way = bool(unscored(chunk)), is_native and chunk.sequence.adapter is not None
        found.setdefault(way, []).append(chunk)
    return [found[way] for way in sorted(found)]


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

"""A step whose tokens may be known to the GPU alone as yet.

Axes: R rows of a forward pass after which a token is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence as Many

import torch
from torch import Tensor

from samovar.engine.scheduler import Chunk
from samovar.engine.sequence import Sequence

UNKNOWN = 0
"""Stands for a token that is known to the GPU alone."""


class Flight:
    """A forward pass that was begun, after which every sequence takes its likeliest token."""

    def __init__(self, chunks: Many[Chunk], token_R: Tensor) -> None:
        """``chunks``: each the last of its sequence, in the order of the rows; ``token_R``: their tokens to be."""
        self.chunks, self.token_R = chunks, token_R
        # Into memory that stays where it is, the copy waits for the pass and nobody waits for the copy.
        self._here_R = token_R.to("cpu", non_blocking=True)
        self._is_here: torch.cuda.Event | None = None
        if token_R.is_cuda:
            self._is_here = torch.cuda.Event()
            self._is_here.record()

    @property
    def sequences(self) -> list[Sequence]:
        """Those that still wait for their token: a request may be given up meanwhile."""
        return [chunk.sequence for chunk in self.chunks if chunk.sequence.finish_reason is None]

    def land(self) -> list[Sequence]:
        """Wait for the tokens, and append them; gives who got one."""
        if self._is_here is not None:
            self._is_here.synchronize()
        moved = []
        for chunk, token in zip(self.chunks, self._here_R.tolist(), strict=True):
            if chunk.sequence.finish_reason is None:
                chunk.sequence.append(token)
                moved.append(chunk.sequence)
        return moved

"""Which rows have their attention written out as products on a processor, and how their queries are taken in blocks.

Beside ``model/attention.py`` the forecast of memory counts what those products keep, without torch.
"""

from __future__ import annotations

LONGEST_WRITTEN_OUT = 1024
"""Rows longer than this take the fused kernel: the probabilities of one layer would outgrow its activations."""
QUERIES_AT_ONCE = 128
"""Blocks of 64 spend in more and smaller products what they save; with 256 more is computed in vain."""


def query_blocks(length: int) -> list[tuple[int, int]]:
    """First and last place of each block of a row's queries, the last not included: it needs the keys before that."""
    return [(first, min(first + QUERIES_AT_ONCE, length)) for first in range(0, length, QUERIES_AT_ONCE)]

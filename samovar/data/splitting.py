"""Cuts long texts into parts of bounded length, between paragraphs, lines or words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_BOUNDARIES = ("\n\n", "\n", " ")


def split_text(blocks: Iterable[str], limit: int) -> Iterator[str]:
    """The text that ``blocks`` add up to, in parts of at most ``limit`` characters; holds ``limit`` and one block.

    Parts end at the last paragraph, else line, else word in their second half; where there is none, at the limit.
    """
    held = ""
    for block in blocks:
        held += block
        while len(held) > limit:
            cut = _cut_before(held, limit)
            yield held[:cut]
            held = held[cut:]
    if held:
        yield held


def _cut_before(text: str, limit: int) -> int:
    for boundary in _BOUNDARIES:
        place = text.rfind(boundary, limit // 2, limit - len(boundary) + 1)
        if place >= 0:
            return place + len(boundary)
    return limit

"""Long texts cut into parts of bounded length, between paragraphs, lines or words; or to some of their stretches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_BOUNDARIES = ("\n\n", "\n", " ")
_STRETCHES = 4


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


def evenly_cut(text: str, limit: int) -> str:
    """``text``, or, where it is longer than ``limit``, four stretches of it from the beginning to the end."""
    if len(text) <= limit:
        return text
    size = limit // _STRETCHES
    starts = [(len(text) - size) * place // (_STRETCHES - 1) for place in range(_STRETCHES)]
    return "\n".join(text[start : start + size] for start in starts)


def _cut_before(text: str, limit: int) -> int:
    for boundary in _BOUNDARIES:
        place = text.rfind(boundary, limit // 2, limit - len(boundary) + 1)
        if place >= 0:
            return place + len(boundary)
    return limit

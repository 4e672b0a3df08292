"""Sorting the suffixes of a text of bytes."""

from __future__ import annotations

import numpy as np

from samovar.core.extras import require

SEPARATOR = 0xFF
"""Stands between documents: no UTF-8 text has this byte, so that nothing found reaches over two documents."""
MAX_BYTES = 2**31 - 1
"""Longer texts need wider numbers; they are cut into blocks instead."""
_CHUNK = 1 << 20


def sort_suffixes(text: bytearray) -> np.ndarray:
    """The positions of ``text`` in the order of the suffixes that start there, as bytes compare; int32.

    Needs 4 bytes of memory for each byte of ``text``, beside the text.
    """
    if not text:
        return np.empty(0, dtype=np.int32)
    return require("pydivsufsort", extra="data").divsufsort(np.frombuffer(text, dtype=np.uint8))


def starts_of_characters(text: np.ndarray) -> np.ndarray:
    """Which bytes of UTF-8 begin a character and are no separator; uint8 in, bool out."""
    return ((text & 0xC0) != 0x80) & (text != SEPARATOR)


def chosen_suffixes(text: bytearray, is_chosen: np.ndarray) -> np.ndarray:
    """The suffixes that start where ``is_chosen``, sorted; uint32.

    The sorted whole is thinned out in place, a million at a time, so that it needs no more memory than the sorting.
    """
    suffixes = sort_suffixes(text)
    kept = 0
    for start in range(0, len(suffixes), _CHUNK):
        part = suffixes[start : start + _CHUNK]
        part = part[is_chosen[part]]
        suffixes[kept : kept + len(part)] = part
        kept += len(part)
    return suffixes[:kept].view(np.uint32)

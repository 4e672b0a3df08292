"""A text for readers who don't mind case, white space, and the two dots of the letter ё."""

from __future__ import annotations

import numpy as np

# Characters for which str.isspace() holds; runs of them count as one space.
_SPACES = np.array([*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
                    0x205F, 0x3000], dtype=np.uint32)  # fmt: skip
_SAME = str.maketrans({"İ": "i", "ς": "σ", "Ё": "е", "ё": "е"})


def loosen(text: str) -> str:
    """``text`` in small letters, ё as е, with every run of white space as one space."""
    folded, kept = _fold(text)
    return folded[kept].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def places_in_original(text: str, offsets: np.ndarray) -> np.ndarray:
    """Where the characters at ``offsets`` of ``loosen(text)`` stand in ``text``; the end of the text for its end."""
    _, kept = _fold(text)
    return np.append(kept, len(text))[offsets]


def _fold(text: str) -> tuple[np.ndarray, np.ndarray]:
    """The folded characters, as many as there were, and which of them stay when runs of spaces become one."""
    # Lower-casing keeps the length but for 'İ', which the table replaces first (Unicode's SpecialCasing.txt).
    folded = text.translate(_SAME).lower().replace("ς", "σ")
    codes = np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), dtype="<u4").copy()
    is_space = np.isin(codes, _SPACES)
    codes[is_space] = 32
    is_kept = np.ones(len(codes), dtype=bool)
    is_kept[1:] = ~(is_space[1:] & is_space[:-1])
    return codes, np.flatnonzero(is_kept)

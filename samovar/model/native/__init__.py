"""Attention for training in C++: which models it is for, and the library. No torch here, which forecasts do without."""

from __future__ import annotations

from pathlib import Path

from samovar.core.native.build import NativeLibrary
from samovar.model.settings import DecoderSettings

LIBRARY = NativeLibrary(Path(__file__).parent, flags=("-fopenmp",))  # in the threads that torch has
LANES = 32
"""Numbers of a head are taken so many at a time."""


def attends_natively(shape: DecoderSettings) -> bool:
    """Whether layers without a window have their attention computed so where a processor trains."""
    is_plain = shape.position != "alibi" and shape.score_softcap is None and shape.head_dim % LANES == 0
    return is_plain and LIBRARY.library() is not None

"""Attention and products for training in C++: the library, and which models its attention is for.

No torch here, which forecasts do without.
"""

from __future__ import annotations

import hashlib
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


def multiplies_natively() -> bool:
    """Whether linear maps and Muon have their products computed so where a processor trains in bfloat16: it multiplies
    that by vectors, and torch has nothing faster (AMX)."""
    library = LIBRARY.library()
    return library is not None and bool(library.samovar_has_products())


def operation(name: str, file: str) -> str:
    """What torch is to call an operation that ``file`` defines.

    torch keeps compiled graphs on the disk, and finds them again by the names of operations: one that has changed has
    another name, so that no graph calls it as it was.
    """
    return f"samovar::{name}_{hashlib.sha256(Path(file).read_bytes()).hexdigest()[:8]}"

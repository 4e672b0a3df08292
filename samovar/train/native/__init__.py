"""Parts of training in C++ for processors."""

from __future__ import annotations

from pathlib import Path

from samovar.core.native.build import NativeLibrary

LIBRARY = NativeLibrary(Path(__file__).parent, flags=("-fopenmp",))  # in the threads that torch has

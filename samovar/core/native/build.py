"""Native libraries: compiled once for this processor, kept in the user's cache folder, and loaded.

Nothing here is needed: where there is no compiler, or it fails, ``library`` gives None, ``reason`` says why in one
line, and torch computes.

A library's name is a hash of the sources, the flags and all that the compiler defines for this processor (its version
and the instruction sets among it), so that another compiler or a home folder shared with another machine gets its own.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from samovar.core.devices import num_cores

SWITCH = "SAMOVAR_NATIVE"
"""Environment variable: ``build`` (default) compiles when needed, ``cached`` only loads what is compiled already,
``off`` computes with torch."""
COMPILERS = ("g++", "clang++", "c++")
FLAGS = ("-std=gnu++20", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fPIC", "-pthread")
FOR_THIS_PROCESSOR = ("-march=native", "-mcpu=native")
"""The first that the compiler knows is taken."""
TIMEOUT_S = 600.0
SHARED = Path(__file__).parent
"""Headers that all sources may take."""


class _NotBuiltError(Exception):
    """Why there is no library; never seen outside."""


class _Loaded(NamedTuple):
    library: ctypes.CDLL | None
    reason: str


@dataclass(frozen=True)
class NativeLibrary:
    """All C++ sources of a folder, as one library."""

    sources: Path
    flags: tuple[str, ...] = ()
    """Of the compiler, beside those for all."""

    def library(self) -> ctypes.CDLL | None:
        """It, compiled at the first call if it must be (seconds); None where it cannot be had."""
        return _load(self, os.environ.get(SWITCH, "build")).library

    def reason(self) -> str:
        """Why ``library`` gives None, in one line; empty where it gives the library."""
        return _load(self, os.environ.get(SWITCH, "build")).reason

    def build(self, folder: Path, *, only_cached: bool = False) -> Path:
        """The compiled library within ``folder``; compiles it where it is not there.

        It appears whole under its name or not at all: two processes may build it at once, and the same file wins twice.

        Raises:
            OSError: the folder cannot be written.
            _NotBuiltError: there is no compiler, or it fails.
        """
        compiler = find_compiler()
        flags, target = _for_this_processor(compiler)
        flags = (*flags, *self.flags, f"-I{SHARED}")
        sources = sorted(self.sources.glob("*.cpp"))
        headers = [*sorted(self.sources.glob("*.h")), *sorted(SHARED.glob("*.h"))]
        path = folder / f"samovar-{_fingerprint(target, flags[:-1], [*sources, *headers])}.so"
        if path.exists():
            return path
        if only_cached:
            raise _NotBuiltError(f"native code is not compiled yet, and {SWITCH}=cached forbids to")
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix="building-", dir=folder) as scratch:
            made = _compile(compiler, flags, sources, Path(scratch))
            made.replace(path)
        return path


def cache_folder() -> Path:
    """Where compiled libraries are kept."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "samovar" / "native"


def find_compiler() -> str:
    """The C++ compiler to use: CXX where it is set, else the first of ``COMPILERS`` that is installed.

    Raises:
        _NotBuiltError: there is none.
    """
    wanted = os.environ.get("CXX")
    for name in (wanted,) if wanted else COMPILERS:
        if path := shutil.which(name):
            return path
    raise _NotBuiltError(f"no C++ compiler ({wanted or ', '.join(COMPILERS)}) is installed")


@functools.cache
def _load(native: NativeLibrary, switch: str) -> _Loaded:
    if switch == "off":
        return _Loaded(None, f"native code is switched off ({SWITCH}=off)")
    try:
        return _Loaded(ctypes.CDLL(str(native.build(cache_folder(), only_cached=switch == "cached"))), "")
    except (_NotBuiltError, OSError, subprocess.TimeoutExpired) as error:
        return _Loaded(None, str(error).splitlines()[0])


def _for_this_processor(compiler: str) -> tuple[tuple[str, ...], bytes]:
    """The flags to compile with, and all macros that the compiler defines under them."""
    said = ""
    for native in FOR_THIS_PROCESSOR:
        flags = (*FLAGS, native)
        done = _run([compiler, *flags, "-dM", "-E", "-x", "c++", os.devnull])
        if done.returncode == 0:
            return flags, done.stdout
        said = said or _first_error(done.stderr)
    raise _NotBuiltError(f"{compiler} cannot compile native code: {said}")


def _fingerprint(target: bytes, flags: Sequence[str], files: Sequence[Path]) -> str:
    digest = hashlib.sha256(target)
    digest.update(" ".join(flags).encode())
    for file in files:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:24]


def _compile(compiler: str, flags: Sequence[str], sources: Sequence[Path], scratch: Path) -> Path:
    """Compile all files beside each other, then link them."""
    objects = [scratch / f"{source.stem}.o" for source in sources]
    commands = [
        [compiler, *flags, "-c", str(source), "-o", str(made)] for source, made in zip(sources, objects, strict=True)
    ]
    with ThreadPoolExecutor(num_cores()) as pool:
        results = list(pool.map(_run, commands))
    whole = scratch / "whole.so"
    if not any(done.returncode for done in results):
        results = [_run([compiler, *flags, "-shared", *map(str, objects), "-o", str(whole)])]
    for done in results:
        if done.returncode:
            raise _NotBuiltError(f"{compiler} cannot compile native code: {_first_error(done.stderr)}")
    return whole


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)


def _first_error(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").splitlines()
    return next((line for line in lines if "error" in line), lines[0] if lines else "it says nothing")

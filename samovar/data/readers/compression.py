"""Packed bytes read as a stream that cannot flood disk or memory: gzip, bzip2, xz and zstd."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from samovar.core.extras import require
from samovar.core.progress import short_bytes
from samovar.data.readers.problems import BombError, UnreadableError

# What is unpacked may be this large whatever its packed size, ...
FREE_BYTES = 256 << 20
# ... beyond that at most so many times the packed size (deflate itself ends at 1032), ...
MAX_RATIO = 200
# ... and never more than this.
MAX_BYTES = 256 << 30
# Larger windows need that much memory to unpack; `zstd --long=27` is the most that zstd reads without being told.
_MAX_WINDOW_BYTES = 128 << 20

_MAGIC = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
PACKED_SUFFIXES = {
    ".gz": "",
    ".gzip": "",
    ".bz2": "",
    ".xz": "",
    ".zst": "",
    ".zstd": "",
    ".tgz": ".tar",
    ".tbz2": ".tar",
    ".tbz": ".tar",
    ".txz": ".tar",
    ".tzst": ".tar",
}
"""Ends of the names of packed files, and what stands in their place when unpacked."""


class Budget:
    """How much a packed file may still give, shared by all that is unpacked from it."""

    def __init__(self, packed_bytes: int) -> None:
        self._limit_bytes = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * packed_bytes))
        self._spent_bytes = 0

    def spend(self, size_bytes: int) -> None:
        """Count unpacked bytes.

        Raises:
            BombError: they are too many for an honest file.
        """
        self._spent_bytes += size_bytes
        if self._spent_bytes > self._limit_bytes:
            raise BombError(
                f"unpacks to over {short_bytes(self._limit_bytes)}, more than {MAX_RATIO} times its size, "
                "as a zip bomb does"
            )


def compression_of(head: bytes) -> str:
    """How the bytes that begin with ``head`` are packed; '' where they are not."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            # Three letters may begin a text; what follows them in bzip2 are a digit and the first six digits of pi.
            is_real = name != "bzip2" or head[4:10] in {b"1AY&SY", b"\x17rE8P\x90"}
            return name if is_real else ""
    return ""


def unpacked_name(name: str) -> str:
    """What a packed file is called when it is unpacked."""
    for suffix, instead in PACKED_SUFFIXES.items():
        if name.lower().endswith(suffix):
            return name[: -len(suffix)] + instead
    return name


def open_unpacked(path: Path, compression: str, budget: Budget | None = None) -> BinaryIO:
    """The bytes of the file, unpacked as they are read.

    Reading raises UnreadableError where they are damaged or too many.
    """
    packed = path.open("rb")
    if not compression:
        return packed
    budget = budget or Budget(path.stat().st_size)
    return cast(BinaryIO, io.BufferedReader(_Unpacked(packed, compression, budget), 1 << 17))


def open_text(path: Path) -> io.TextIOWrapper:
    """The text of a file in UTF-8, unpacked where its first bytes say that it is packed; other bytes become U+FFFD.

    Reading raises UnreadableError as that of ``open_unpacked`` does.
    """
    with path.open("rb") as file:
        compression = compression_of(file.read(16))
    return io.TextIOWrapper(open_unpacked(path, compression), encoding="utf-8-sig", errors="replace", newline="")


class _Unpacked(io.RawIOBase):
    def __init__(self, packed: IO[bytes], compression: str, budget: Budget) -> None:
        self._packed = packed
        self._compression = compression
        self._budget = budget
        self._source = _OPENERS[compression](packed)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._source.read(len(buffer))
        except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError) as error:
            if isinstance(error, OSError) and error.errno:
                raise  # of the disk, not of the data
            raise UnreadableError(f"damaged {self._compression} data") from error
        except MemoryError as error:
            raise UnreadableError(f"{self._compression} data that needs too much memory") from error
        except Exception as error:
            if type(error).__name__ != "ZstdError":
                raise
            raise UnreadableError(f"damaged zstd data: {error}") from error
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._packed.close()
        super().close()


def _open_zstd(packed: IO[bytes]) -> BinaryIO:
    zstandard = require("zstandard", extra="data")
    unpacker = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW_BYTES)
    return cast(BinaryIO, unpacker.stream_reader(packed, read_across_frames=True))


class _Xz:
    """xz with a bound on memory, which ``lzma.open`` does not take."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._unpacker = self._fresh()

    def _fresh(self) -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(memlimit=2 * _MAX_WINDOW_BYTES)

    def read(self, size_bytes: int) -> bytes:
        while True:
            rest = b""
            if self._unpacker.eof:
                # Streams may follow one another, with zeros between.
                rest = self._unpacker.unused_data.lstrip(b"\0")
                rest = rest or self._packed.read(1 << 16).lstrip(b"\0")
                if not rest:
                    return b""
                self._unpacker = self._fresh()
            elif self._unpacker.needs_input:
                rest = self._packed.read(1 << 16)
                if not rest:
                    raise EOFError
            if data := self._unpacker.decompress(rest, size_bytes):
                return data


_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "gzip": lambda packed: gzip.GzipFile(fileobj=packed),
    "bzip2": bz2.BZ2File,
    "xz": _Xz,
    "zstd": _open_zstd,
}

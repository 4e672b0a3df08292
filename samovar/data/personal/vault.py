"""The map from stand-ins back to what they stand for: encrypted, and of use only with the key.

A line of the file is the stand-in's index and what it replaced, enciphered with AES-SIV (RFC 5297). Both depend on
nothing but the key and the value, so equal findings give equal lines, whichever process writes them and how often.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
from collections import defaultdict
from pathlib import Path
from typing import Any

from samovar.core.errors import MissingError
from samovar.core.extras import require
from samovar.core.files import naming_os_errors
from samovar.data.personal.key import Key

_REMEMBERED = 200_000
_INDEX_BYTES = 12


def map_of(key_file: Path) -> Path:
    """Where the map of the stand-ins made with a key lies: beside it."""
    return key_file.with_name(key_file.name + ".map")


class Vault:
    """Writes the map. Any number of processes may, into one file.

    It remembers the last two hundred thousand lines, 15 MB; what it has forgotten is written again, which does no harm.
    """

    def __init__(self, path: Path, key: Key) -> None:
        self._path = path
        self._key = key
        self._cipher = _cipher(key)
        self._written: dict[bytes, None] = {}

    def keep(self, pairs: dict[tuple[str, str], None]) -> None:
        """Add what (stand-in, original) ``pairs`` are not in the map yet."""
        lines = []
        for stand_in, original in pairs:
            index = _index(self._key, stand_in)
            line = base64.b64encode(index + self._cipher.encrypt(original.encode("utf-8", "surrogatepass"), [index]))
            mark = line[:32]
            if mark not in self._written:
                self._remember(mark)
                lines.append(line)
        if lines:
            self._append(lines)

    def _remember(self, mark: bytes) -> None:
        self._written[mark] = None
        if len(self._written) > _REMEMBERED:
            del self._written[next(iter(self._written))]

    def _append(self, lines: list[bytes]) -> None:
        # The newline before them ends a line that a killed process left unfinished.
        with naming_os_errors(self._path), self._path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(b"\n" + b"\n".join(lines) + b"\n")


class OpenMap:
    """A map read for one who has the key. It holds the enciphered lines: about 100 bytes a stand-in."""

    def __init__(self, path: Path, key: Key) -> None:
        self._key = key
        self._cipher = _cipher(key)
        self._lines: defaultdict[bytes, set[bytes]] = defaultdict(set)
        if not path.is_file():
            raise MissingError(
                f"the map {path} does not exist", hint="it lies beside the key, under its name and '.map'"
            )
        with path.open("rb") as file:
            for line in file:
                try:
                    whole = base64.b64decode(line.strip(), validate=True)
                except binascii.Error:
                    continue  # left unfinished by a killed process, which wrote it again later
                if len(whole) > _INDEX_BYTES:
                    self._lines[whole[:_INDEX_BYTES]].add(whole[_INDEX_BYTES:])

    def originals(self, stand_in: str) -> list[str]:
        """What ``stand_in`` stands for: mostly one, none if it is none of this key."""
        from cryptography.exceptions import InvalidTag

        index = _index(self._key, stand_in)
        found = set()
        for enciphered in self._lines.get(index, ()):
            try:
                found.add(self._cipher.decrypt(enciphered, [index]).decode("utf-8", "surrogatepass"))
            except InvalidTag:
                continue
        return sorted(found)


def _cipher(key: Key) -> Any:
    aead = require("cryptography.hazmat.primitives.ciphers.aead", extra="data")
    return aead.AESSIV(key.derive("map cipher", 64))


def _index(key: Key, stand_in: str) -> bytes:
    return key.number("map index", stand_in).to_bytes(32)[:_INDEX_BYTES]

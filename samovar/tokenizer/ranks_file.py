"""A file of tokens and their ranks, as tiktoken reads it, in the terms of byte-level BPE: words and merges."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from samovar.core.errors import CorruptError
from samovar.tokenizer.byte_alphabet import byte_of_letter


class Ranks(NamedTuple):
    """Bytes are written in the byte-level alphabet."""

    words: dict[str, int]
    """Token -> its rank, which is its id."""
    merges: list[tuple[str, str]]
    """Pairs that are joined, the first the earliest."""


def read_ranks(path: Path) -> Ranks:
    """The tokens in the file at ``path``: base64, a space and the rank on each line.

    Raises:
        CorruptError: a line is another, or a byte has no token.
    """
    ranks: dict[bytes, int] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            token, rank = line.split()
            ranks[base64.b64decode(token, validate=True)] = int(rank)
        except ValueError as error:
            raise CorruptError(
                f"{path}:{number} is {line[:40]!r}: no token with its rank", hint="fetch the file again"
            ) from error
    if not {bytes([byte]) for byte in range(256)} <= ranks.keys():
        raise CorruptError(f"{path} lacks tokens of single bytes", hint="fetch the file again")
    pairs = [_last_pair(token, ranks) for token in sorted(ranks, key=ranks.__getitem__) if len(token) > 1]
    merges = [(_written(pair[0]), _written(pair[1])) for pair in pairs if pair is not None]
    return Ranks({_written(token): rank for token, rank in ranks.items()}, merges)


def _last_pair(token: bytes, ranks: Mapping[bytes, int]) -> tuple[bytes, bytes] | None:
    """The two tokens that become ``token`` when all earlier ones have been merged; None where that never happens."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        found = [(ranks.get(left + right, ranks[token]), place) for place, (left, right) in enumerate(pairwise(parts))]
        rank, place = min(found)
        if rank >= ranks[token]:
            return None
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts[0], parts[1]


def _written(token: bytes) -> str:
    letters = _letters()
    return "".join(letters[byte] for byte in token)


@lru_cache(maxsize=1)
def _letters() -> Mapping[int, str]:
    return {byte: letter for letter, byte in byte_of_letter().items()}

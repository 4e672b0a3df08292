"""Phrasings with alternatives: "[what's|what is] your name?" stands for two sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from math import prod
from typing import NamedTuple

import xxhash

from samovar.tasks.task import Split

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_TEST_ONE_IN = 8
_SHIFT = 10


class Intent(NamedTuple):
    """A reason to speak: how people say it, what to answer, and how an answer is recognised."""

    asks: tuple[str, ...]
    answers: tuple[str, ...]
    expects: tuple[str, ...]
    """Regular expressions: a right answer matches one of them."""


def intent(asks: str, answers: str, *expects: str) -> Intent:
    """An intent from blocks of text, one phrasing a line."""
    return Intent(lines(asks), lines(answers), expects)


def lines(block: str) -> tuple[str, ...]:
    """The lines of a block of text, without empty ones."""
    return tuple(line.strip() for line in block.strip().splitlines() if line.strip())


def words(block: str) -> tuple[str, ...]:
    """The words of a block of text."""
    return tuple(block.split())


def say(rng: random.Random, phrasing: str) -> str:
    """One sentence out of a phrasing, the choices taken by chance; what an empty choice leaves is tidied."""
    if "[" not in phrasing:
        return phrasing
    fixed, choices = _parsed(phrasing)
    parts = [fixed[0]]
    for words, after in zip(choices, fixed[1:], strict=True):
        parts += (words[int(rng.random() * len(words))], after)
    return " ".join("".join(parts).split()).replace(" ,", ",").replace(" ?", "?").replace(" !", "!").replace(" .", ".")


def num_sentences(phrasing: str) -> int:
    """How many sentences a phrasing stands for."""
    return prod(len(words) for words in _parsed(phrasing)[1])


@cache
def _parsed(phrasing: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    pieces = _CHOICE.split(phrasing)
    return tuple(pieces[::2]), tuple(tuple(piece.split("|")) for piece in pieces[1::2])


@cache
def split_phrasings(phrasings: tuple[str, ...], key: str) -> Mapping[Split, tuple[str, ...]]:
    """Put one phrasing in eight, and at least one, aside for the test, with all its alternatives; keep their order."""
    by_hash = sorted(phrasings, key=lambda phrasing: xxhash.xxh3_64_intdigest(f"{key}|{phrasing}".encode()))
    held_out = set(by_hash[: max(1, round(len(by_hash) / _TEST_ONE_IN))])
    return {
        "test": tuple(phrasing for phrasing in phrasings if phrasing in held_out),
        "train": tuple(phrasing for phrasing in phrasings if phrasing not in held_out),
    }


def usual(rng: random.Random, phrasings: Sequence[str]) -> str:
    """One of ``phrasings``, which stand in the order of their use: the n-th with a weight of 1 / (n + 10).

    So often do people say the n-th most usual thing (Zipf's law with Mandelbrot's shift).
    """
    return rng.choices(phrasings, cum_weights=_cumulated(len(phrasings)))[0]


@cache
def _cumulated(count: int) -> tuple[float, ...]:
    return tuple(accumulate(1.0 / (place + _SHIFT) for place in range(1, count + 1)))

"""Phrasings with alternatives: "[what's|what is] your name?" stands for two sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import cache
from itertools import accumulate
from math import prod
from typing import NamedTuple

import xxhash

from samovar.tasks.task import Split

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_TEST_ONE_IN = 8
_SHIFT: Mapping[Split, int] = {"test": 10, "train": 100}


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


class Drawn(NamedTuple):
    """Phrasings that are drawn by how usual they are."""

    phrasings: tuple[str, ...]
    cum_weights: tuple[float, ...]

    def draw(self, rng: random.Random) -> str:
        """One of them."""
        return rng.choices(self.phrasings, cum_weights=self.cum_weights)[0]


@cache
def split_by_use(phrasings: tuple[str, ...], key: str) -> Mapping[Split, Drawn]:
    """``split_phrasings`` of a list in the order of use, the n-th of the whole list with a weight of 1 / (n + shift).

    So often do people say the n-th most usual thing (Zipf's law with Mandelbrot's shift), and so often does the test
    ask it. Lessons are flatter: what everybody says is learnt long before what hardly anybody says.
    """
    place = {phrasing: number for number, phrasing in enumerate(phrasings, 1)}
    return {
        split: Drawn(part, tuple(accumulate(1.0 / (place[phrasing] + _SHIFT[split]) for phrasing in part)))
        for split, part in split_phrasings(phrasings, key).items()
    }

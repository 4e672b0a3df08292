"""A paper: sentences that each state one field, of which some are left out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Value = str | int | None
Make = Callable[[random.Random], str | int]

_ABSENT_SHARE = 0.22
_CHATTER_SHARE = 0.5
_LINES_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Entry:
    """A field: its keys (one is chosen for all fields of a request), its values, and ways to state it."""

    keys: tuple[str, ...]
    make: Make
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A kind of paper: how it may begin, and its fields in their usual order."""

    name: str
    openings: tuple[str, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A written paper, and what each of its fields holds; ``None`` where the field is left out."""

    text: str
    values: Mapping[Entry, Value]


def entry(keys: str, make: Make, says: str) -> Entry:
    """A field from its keys and its templates, each parted by ``|``; ``{}`` is the value."""
    return Entry(tuple(keys.split("|")), make, tuple(part.strip() for part in says.split("|")))


def chosen(*values: str) -> Make:
    """A maker that takes one of the values."""
    return lambda rng: rng.choice(values)


def fill(rng: random.Random, paper: Paper, chatter: tuple[str, ...]) -> Filled:
    """Write a paper of this kind; at least two of its fields are stated."""
    sure = rng.sample(paper.entries, 2)
    values: dict[Entry, Value] = {}
    sentences = []
    for item in paper.entries:
        if item not in sure and rng.random() < _ABSENT_SHARE:
            values[item] = None
            continue
        value = item.make(rng)
        while value in values.values():
            value = item.make(rng)
        values[item] = value
        sentences.append(rng.choice(item.says).format(value))
    if rng.random() < _CHATTER_SHARE:
        rng.shuffle(sentences)
    if rng.random() < _CHATTER_SHARE:
        sentences.insert(rng.randint(0, len(sentences)), rng.choice(chatter))
    sentences = [part for part in (rng.choice(paper.openings), *sentences) if part]
    return Filled(("\n" if rng.random() < _LINES_SHARE else " ").join(sentences), values)

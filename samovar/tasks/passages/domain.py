"""Domains, facts and pools: how passages are written down, so that a new subject is a few lines of templates.

A template holds slots: ``{who}``, ``{city.into}``. The name before the dot is a pool from which a value is drawn, what
follows is a form of the value. One value fills a slot in the whole fact, and in all facts about one subject.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Literal, NamedTuple

from samovar.tasks.task import split_of

Names = Literal["known", "held_out", "invented"]
"""Where the names of a passage come from: the lists that training sees, what is kept out of it, or made up."""

_UNUSUAL_SHARE = 0.7
"""How often a slot of a passage with held-out or invented names takes one; else it takes a known one."""

_MAX_TRIES = 200


class Drawn(NamedTuple):
    """A value for a slot, and whether it is kept out of all training passages."""

    value: Any
    is_novel: bool


@dataclass(frozen=True)
class Pool:
    """Where values for a slot come from; a pool of names gives mostly those of the kind asked for."""

    draw: Callable[[random.Random, Names], Drawn]


def closed(values: Sequence[Any]) -> Pool:
    """The same values in both splits."""
    return Pool(lambda rng, names: Drawn(rng.choice(values), False))


def made(make: Callable[[random.Random], Any]) -> Pool:
    """Values made on the spot: numbers, dates, phones."""
    return Pool(lambda rng, names: Drawn(make(rng), False))


def opened(values: Sequence[Any], invent: Callable[[random.Random], Any]) -> Pool:
    """Values of which about a tenth is held out of training, and ``invent`` for more without end."""
    known = [value for value in values if not is_held_out(value)]
    held_out = [value for value in values if is_held_out(value)]

    def draw(rng: random.Random, names: Names) -> Drawn:
        if names != "known" and rng.random() < _UNUSUAL_SHARE:
            if names == "invented":
                while is_held_out(value := invent(rng)):
                    pass
                return Drawn(value, False)
            if held_out:
                return Drawn(rng.choice(held_out), True)
        return Drawn(rng.choice(known), False)

    return Pool(draw)


def named(first_pool: Pool, last_pool: Pool, join: Callable[[Any, Any], Any]) -> Pool:
    """Names made of two parts, each of which may be held out of training."""

    def draw(rng: random.Random, names: Names) -> Drawn:
        first, last = first_pool.draw(rng, names), last_pool.draw(rng, names)
        return Drawn(join(first.value, last.value), first.is_novel or last.is_novel)

    return Pool(draw)


def is_held_out(value: Any) -> bool:
    """Whether no training passage may have this name; of a surname in two genders the first decides."""
    return split_of(f"name|{value[0] if isinstance(value, tuple) else value}") == "test"


@dataclass(frozen=True)
class Ask:
    """One thing to ask of a fact: the template of the answer, as it stands in the sentence, and ways to ask."""

    answer: str
    questions: tuple[str, ...]
    slots: tuple[str, ...]
    """The slots of the answer."""
    sentences: tuple[str, ...]
    """Those ways to state the fact in which the answer stands word for word."""


@dataclass(frozen=True)
class Fact:
    """Ways to state a fact, and what may be asked of it."""

    says: tuple[str, ...]
    asks: tuple[Ask, ...]
    slots: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """Facts that belong in one passage.

    ``subject`` is the slot that several facts share. A fact without it is about the whole passage.
    """

    name: str
    subject: str
    facts: tuple[Fact, ...]
    pools: Mapping[str, Pool] = field(default_factory=dict)
    """Pools of this domain alone."""

    def is_about_subject(self, fact: Fact) -> bool:
        """Whether the fact is stated of one subject."""
        return self.subject in fact.slots


def fact(says: str, *asks: tuple[str, str]) -> Fact:
    """A fact from templates: ways to say it parted by ``|``, then pairs of an answer and ways to ask for it."""
    sentences = _alternatives(says)
    slots = tuple(dict.fromkeys(slot for text in sentences for slot in slots_of(text)))
    made_asks = []
    for answer, questions in asks:
        fitting = tuple(text for text in sentences if answer.lower() in text.lower())
        made_asks.append(Ask(answer, _alternatives(questions), slots_of(answer), fitting))
    return Fact(sentences, tuple(made_asks), slots)


def _alternatives(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in text.split("|"))


def fields_of(template: str) -> tuple[str, ...]:
    """The slots that a template names as words of their own, each once, with their forms, in braces."""
    parts = Formatter().parse(template)
    names = (f"{{{name}}}" for before, name, _, _ in parts if name and not before[-1:].isalnum())
    return tuple(dict.fromkeys(names))


def slots_of(template: str) -> tuple[str, ...]:
    """The slots that a template names, each once."""
    names = (name.split(".")[0] for _, name, _, _ in Formatter().parse(template) if name)
    return tuple(dict.fromkeys(names))


class Drawer:
    """Draws values for slots; no value comes twice in one passage."""

    def __init__(self, rng: random.Random, domain: Domain, shared: Mapping[str, Pool], names: Names) -> None:
        self._rng = rng
        self._domain = domain
        self._shared = shared
        self._names = names
        self._values: dict[int, dict[str, Any]] = {}

    def pool(self, slot: str) -> Pool:
        """The pool behind a slot; digits at the end of a slot's name tell two slots of one pool apart."""
        name = slot.rstrip("0123456789")
        return self._domain.pools[name] if name in self._domain.pools else self._shared[name]

    def draw(self, slot: str) -> Drawn:
        """A value that this passage has not had yet."""
        pool = self.pool(slot)
        values = self._values.setdefault(id(pool), {})
        for _ in range(_MAX_TRIES):
            drawn = pool.draw(self._rng, self._names)
            key = getattr(drawn.value, "number", None) or str(drawn.value)
            if key not in values:
                values[key] = drawn.value
                return drawn
        raise RuntimeError(f"the pool of {slot!r} in the domain {self._domain.name!r} is too small for one passage")

    def rivals(self, slot: str, value: Any) -> list[Any]:
        """What else was drawn from the pool of ``slot``: the answers that one might mistake for the right one."""
        return [other for other in self._values.get(id(self.pool(slot)), {}).values() if other is not value]


def forms_of(value: Any) -> list[str]:
    """The ways in which a value may be written in an answer."""
    return list(getattr(value, "forms", (str(value),)))

"""A plot of few sentences: how its pieces are written down and put together.

A piece is a template with alternatives in parentheses, ``(One day|Once) {hero} found {a_thing}.``, which stands for all
its variants. The slots are filled by the language's own cast.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["noun", "verb", "adjective"]

_FEELING_SHARE = 0.35
_QUIET_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """A word that a story must use: as it is written in the request, and the beginnings of its forms."""

    word: str
    kind: Kind
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who and what one story is about: what fills the slots, and the words that it is sure to use."""

    slots: Mapping[str, Any]
    words: tuple[Asked, Asked, Asked]
    hero: Asked
    """Who it is about: an animal or a child."""
    thing: Asked
    """What is got: the noun among ``words``."""
    subjects: tuple[str, str]
    """Both as they stand after "about": a fox, лису."""


@dataclass(frozen=True)
class Plot:
    """Variants of each sentence of a story. The thing is got, lost, and got back with a friend's help."""

    opening: tuple[str, ...]
    habit: tuple[str, ...]
    """Uses the verb."""
    gain: tuple[str, ...]
    """Uses the noun with its adjective."""
    loss: tuple[str, ...]
    feeling: tuple[str, ...]
    """Begins with a word that begins no other sentence: a small model copies itself where two sentences begin alike."""
    help: tuple[str, ...]
    ending: tuple[str, ...]
    quiet_ending: tuple[str, ...]
    """For a story in which nothing is lost."""

    def tell(self, rng: random.Random, cast: Cast) -> str:
        """A story of four to seven sentences."""
        parts = [self.opening, self.habit, self.gain]
        if rng.random() < _QUIET_SHARE:
            parts += [self.quiet_ending]
        else:
            parts += [self.loss]
            if rng.random() < _FEELING_SHARE:
                parts += [self.feeling]
            parts += [self.help, self.ending]
        sentences = [rng.choice(part).format(**cast.slots) for part in parts]
        return " ".join(sentence[:1].upper() + sentence[1:] for sentence in sentences)


def variants(*templates: str) -> tuple[str, ...]:
    """Every choice of alternatives in every template."""
    told = [text for template in templates for text in _expanded(template)]
    return tuple(dict.fromkeys(told))


def _expanded(template: str) -> list[str]:
    parts = [part.split("|") for part in re.split(r"[()]", template)]
    return ["".join(choice) for choice in itertools.product(*parts)]

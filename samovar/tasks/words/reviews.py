"""How the parts of a review are put together and made to agree."""

from __future__ import annotations

import re
from typing import NamedTuple

_AGREEMENT = re.compile(r"\{([^{}]*/[^{}]*)\}")


class Domain(NamedTuple):
    """What a kind of thing is reviewed for."""

    objects: tuple[str, ...]
    aspects: tuple[str, ...]
    good: tuple[str, ...]
    bad: tuple[str, ...]


class Answers(NamedTuple):
    """Regular expressions that recognise each label."""

    good: str
    bad: str
    neutral: str


def clause(aspect: str, predicate: str) -> str:
    """An aspect with what is said of it, in agreement: "кнопки p", "отличн{ый/ая/ое/ые}" -> "кнопки отличные"."""
    if aspect[-2:-1] == " ":
        noun, form, is_plural = aspect[:-2], "mfnp".index(aspect[-1]), aspect[-1] == "p"
    else:
        is_plural = aspect.endswith("*")
        noun, form = aspect.rstrip("*"), int(is_plural)
    singular, _, plural = predicate.partition("|")
    chosen = plural if plural and is_plural else singular
    return f"{noun} {_AGREEMENT.sub(lambda found: found[1].split('/')[form], chosen)}"

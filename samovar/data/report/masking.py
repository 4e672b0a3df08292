"""Texts of samples without personal data, whatever step they are of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from samovar.core.errors import MissingError
from samovar.data.personal import mask_personal
from samovar.data.steps.step import Step

Mask = Callable[[str], str]

_NUMBERS = re.compile(r"[\d\s.,:%()+/–-]*")


def report_mask(steps: Sequence[Step]) -> Mask:
    """Masks what the recipe's own step masks, and everything of a certain shape besides; values never come back.

    Without the extra that finds all kinds, e-mail addresses, telephone and card numbers are masked.
    """
    masks: list[Mask] = [step.masked for step in steps if hasattr(step, "masked")]
    masks += [one for one in (_everything_certain(), lambda text: mask_personal(text)[0]) if one is not None]

    def mask(text: str) -> str:
        for one in masks:
            text = one(text)
        return text

    return mask


def masked_cell(mask: Mask, cell: str) -> str:
    """A cell of a table; one of nothing but a number is a count, and stays."""
    return cell if _NUMBERS.fullmatch(cell) and len(cell) < 20 else mask(cell)


@cache
def _everything_certain() -> Mask | None:
    from samovar.data.personal.kinds import BY_LANGUAGE, KINDS

    try:
        from samovar.data.personal.finder import PersonalFinder

        finder = PersonalFinder([kind for kind in KINDS if kind not in BY_LANGUAGE])
    except MissingError:
        return None

    def mask(text: str) -> str:
        parts, at = [], 0
        for finding in finder.find(text):
            parts += [text[at : finding.start], f"[{finding.kind}]"]
            at = finding.end
        return "".join(parts) + text[at:]

    return mask

"""Tokens guessed ahead and checked in one forward pass: several tokens a step where the guesses are right.

A guess never changes what is answered. Guesses that are certain (found in the text, or made with the numbers that the
answer itself will draw) stand as long as they are what would have been drawn: the answer is the same, token by token,
as without them. Guesses drawn from a draft model's own distribution are kept or replaced by rejection sampling, after
which the token is distributed as the model alone would have it.

It pays where a step waits for memory and not for arithmetic: few answers at once, a large model; and where guesses are
often right: quoting, editing and code for the look-up, a draft model a tenth of the size or smaller. With many answers
at once, or a tiny model, it costs more than it gives.

Axes: B rows, T drafted tokens, V vocabulary.

Source: Leviathan et al. 2023, arXiv:2211.17192 (rejection sampling); Saxena 2023, "Prompt lookup decoding".
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from samovar.engine.sampler import pick

MAX_DRAFTED = 16
"""Tokens drafted at once, at most."""


class Draft(NamedTuple):
    """What may come next of one answer."""

    ids: list[int]
    probability_TV: Tensor | None = None
    """float32; what each was drawn from. None: they are certain, and stand only where they equal what is drawn."""


@dataclass
class DraftCounts:
    """How drafts fared."""

    num_drafted: int = 0
    num_accepted: int = 0

    def add(self, num_drafted: int, num_accepted: int) -> None:
        """Count one draft."""
        self.num_drafted += num_drafted
        self.num_accepted += num_accepted


def keep_or_replace(
    target_BV: Tensor, drafted_BV: Tensor, token_B: Sequence[int], draws: Sequence[Callable[[], float]]
) -> list[int]:
    """Tokens distributed as ``target_BV``, and as often as can be those that were drafted.

    Args:
        target_BV: what the model would draw from; rows sum to 1.
        drafted_BV: what ``token_B`` were drawn from.
        token_B: the drafted tokens.
        draws: gives a row's next uniform number; called once to keep a token, twice to replace it.
    """
    index_B1 = torch.tensor(token_B, device=target_BV.device).unsqueeze(1)
    wanted_B = target_BV.gather(1, index_B1).squeeze(1).tolist()
    given_B = drafted_BV.gather(1, index_B1).squeeze(1).tolist()
    tokens = list(token_B)
    replaced = [row for row, draw in enumerate(draws) if not draw() * given_B[row] < wanted_B[row]]
    if replaced:
        left_BV = (target_BV[replaced] - drafted_BV[replaced]).clamp_(min=0)
        # Where rounding leaves nothing, the two are as good as equal.
        is_empty_B = left_BV.sum(-1) <= 0
        left_BV[is_empty_B] = target_BV[replaced][is_empty_B]
        for row, token in zip(replaced, pick(left_BV, [draws[row] for row in replaced]).tolist(), strict=True):
            tokens[row] = token
    return tokens


_END_SIZES = (4, 3, 2)
"""Tokens of the end that is looked up; the longest that is found counts."""


class PromptLookup:
    """Guesses that a text goes on as it did when its last few tokens stood in it before."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._bytes = bytearray()
        self._num_ids = 0
        self.push(ids)

    def push(self, ids: Sequence[int]) -> None:
        """Take more of the text."""
        self._bytes += array("I", ids).tobytes()
        self._num_ids += len(ids)

    @property
    def num_ids(self) -> int:
        """How much of the text is known."""
        return self._num_ids

    def guess(self, most: int) -> list[int]:
        """What came next the last time; at most ``most`` tokens, none where the end is new."""
        for size in _END_SIZES:
            if size < self._num_ids and (place := self._find(self._bytes[-4 * size :])) is not None:
                start = place + 4 * size
                return array("I", bytes(self._bytes[start : start + 4 * most])).tolist()
        return []

    def _find(self, end: bytearray) -> int | None:
        """Where ``end`` stands last but at the very end."""
        place = self._bytes.rfind(end, 0, len(self._bytes) - 1)
        while place >= 0:
            if place % 4 == 0:
                return place
            place = self._bytes.rfind(end, 0, place + len(end) - 1)
        return None


class Pace:
    """How many tokens to guess for one answer: more while guesses are right, few while they are wrong."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.length = most

    def heed(self, num_drafted: int, num_accepted: int) -> None:
        """Learn how the last draft fared."""
        if num_drafted:
            self.length = min(self._most, 2 * self.length if num_accepted == num_drafted else num_accepted + 1)

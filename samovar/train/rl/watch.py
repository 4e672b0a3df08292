"""Signs that training by reward goes wrong, told as they appear: what to look at, and what to change."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

_BEGINNING = 5
"""Iterations whose mean is what was normal."""
_COLLAPSED = 0.2
_BLOWN_UP = 2.0
_CUT = 0.5
_BARREN = 3
_FELL = 0.1
_WINDOW = 3
"""Iterations whose mean tells where a run is."""
_LOST = 0.5
_STRAYED = 3.0
_NEAR = 1.0
"""Nats an answer within which nothing has strayed."""
_FAR = 0.05
"""Nats a token: of engine and training on what the one drew."""


class Watch:
    """Compares each iteration with the first ones; a sign is told once."""

    def __init__(self) -> None:
        self._first: list[Mapping[str, float]] = []
        self._told: set[str] = set()
        self._barren = 0
        self._best_held_out = 0.0
        self._reward_at_best: float | None = None
        """None as long as no answer was rewarded since."""
        self._last: deque[tuple[float, float]] = deque(maxlen=_WINDOW)
        """Rewards, and nats an answer from the assistant as it was."""
        self._summit = -math.inf, 0.0
        """Both where the mean reward was highest."""

    def look(self, row: Mapping[str, float]) -> list[str]:
        """The signs that are new in an iteration's numbers (those of ``reinforce``).

        Before the first one there is a row of held-out questions alone: from it on they are not to fall.
        """
        if "reward" not in row:
            self._best_held_out = row.get("held_out", 0.0)
            return []
        if self._reward_at_best is None:
            self._reward_at_best = row["reward"]
        if len(self._first) < _BEGINNING:
            self._first.append(row)
        signs = dict(self._signs(row))
        new = [text for name, text in signs.items() if name not in self._told]
        self._told |= signs.keys()
        return new

    def _signs(self, row: Mapping[str, float]) -> list[tuple[str, str]]:
        found = []
        if self._is_normal("surprise") and row.get("surprise", 1.0) < _COLLAPSED * self._normal("surprise"):
            found.append((
                "entropy",
                f"the entropy has fallen from {self._normal('surprise'):.2f} to {row['surprise']:.2f} nats a token: "
                "the answers are nearly always the same; raise clip_high or kl_weight, or lower the rate",
            ))  # fmt: skip
        if self._is_normal("answer_tokens") and row["answer_tokens"] > _BLOWN_UP * self._normal("answer_tokens"):
            found.append((
                "length",
                f"answers have grown from {self._normal('answer_tokens'):.0f} to {row['answer_tokens']:.0f} tokens: "
                "see in samples.md whether they say more; average: length does not favour long ones",
            ))  # fmt: skip
        if row["cut_share"] > _CUT:
            found.append((
                "cut", f"{row['cut_share']:.0%} of the answers ran out of tokens: raise max_tokens, or see whether "
                "they end at all",
            ))  # fmt: skip
        if "kl_answer" in row:
            self._last.append((row["reward"], row["kl_answer"]))
        if len(self._first) == _BEGINNING and len(self._last) == _WINDOW:
            normal = self._normal("reward")
            reward, strayed = (sum(column) / _WINDOW for column in zip(*self._last, strict=True))
            self._summit = max(self._summit, (reward, strayed))
            best, near = self._summit
            if best - reward > _LOST * (best - normal) and strayed > max(_NEAR, _STRAYED * near):
                found.append((
                    "strayed", f"the reward has fallen from {best:.2f} to {reward:.2f} while answers went from "
                    f"{near:.1f} to {strayed:.1f} nats away from the assistant as it was: lower the rates, take fewer "
                    "steps of an iteration (epochs, minibatches), or raise penalty or kl_weight",
                ))  # fmt: skip
        # Of one answer to each question all are said to be useful; whether they differ is told by the deviation.
        is_barren = row["useful_share"] == 0 or row.get("reward_deviation") == 0
        self._barren = self._barren + 1 if is_barren else 0
        if self._barren >= _BARREN:
            found.append((
                "barren", f"for {self._barren} iterations all answers to each question were worth the same: the "
                "questions are too hard or too easy; teach them first by sft, choose other tasks, or see whether who "
                "rewards tells answers apart at all",
            ))  # fmt: skip
        if row.get("mismatch_kl", 0.0) > _FAR:
            found.append((
                "mismatch", f"what draws answers and what learns from them are {row['mismatch_kl']:.2f} nats a token "
                "apart: lower the rate where rollouts are ahead, and keep importance_cap",
            ))  # fmt: skip
        held_out = row.get("held_out")
        if held_out is not None:
            if held_out >= self._best_held_out:
                self._best_held_out, self._reward_at_best = held_out, row["reward"]
            elif held_out < self._best_held_out - _FELL and row["reward"] > (self._reward_at_best or 0.0):
                found.append((
                    "hacking", f"the reward rises ({self._reward_at_best:.2f} to {row['reward']:.2f}) while held-out "
                    f"questions fall ({self._best_held_out:.0%} to {held_out:.0%}): it is won otherwise than by "
                    "right answers; see samples.md, raise kl_weight or penalty",
                ))  # fmt: skip
        return found

    def _is_normal(self, name: str) -> bool:
        return len(self._first) == _BEGINNING and all(name in row for row in self._first) and self._normal(name) > 0

    def _normal(self, name: str) -> float:
        return sum(row[name] for row in self._first) / len(self._first)

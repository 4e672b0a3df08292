"""Signs that training by reward goes wrong, told as they appear: what to look at, and what to change."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

_BEGINNING = 5
"""Iterations whose mean is what was normal."""
_WINDOW = 3
"""Iterations whose mean tells where a run is."""
_COLLAPSED, _BLOWN_UP = 0.2, 2.0
"""Of what was normal: less entropy, and longer answers, than this."""
_CUT = 0.5
"""Share of the answers."""
_BARREN = 3
"""Iterations that taught nothing, one after the other."""
_FELL = 0.1
"""Share of the held-out questions."""
_LOST, _STRAYED = 0.5, 3.0
"""Share of all that was won of the reward, and how much farther from home than where it was won."""
_NEAR = 1.0
"""Nats an answer within which nothing has strayed."""
_FAR = 0.05
"""Nats a token: of engine and training on what the one drew."""


class Watch:
    """Compares each iteration with the first ones; a sign is told once."""

    def __init__(self) -> None:
        self._first: list[Mapping[str, float]] = []
        self._told: set[str] = set()
        self._num_barren = 0
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
        signs = {
            "entropy": self._collapsed(row),
            "length": self._grown(row),
            "cut": self._cut(row),
            "strayed": self._strayed(row),
            "barren": self._barren(row),
            "mismatch": self._apart(row),
            "hacking": self._hacked(row),
        }
        there = {name: text for name, text in signs.items() if text is not None}
        new = [text for name, text in there.items() if name not in self._told]
        self._told |= there.keys()
        return new

    def _collapsed(self, row: Mapping[str, float]) -> str | None:
        if self._is_normal("surprise") and row.get("surprise", 1.0) < _COLLAPSED * self._normal("surprise"):
            return (
                f"the entropy has fallen from {self._normal('surprise'):.2f} to {row['surprise']:.2f} nats a token: "
                "the answers are nearly always the same; raise clip_high or kl_weight, or lower the rate"
            )
        return None

    def _grown(self, row: Mapping[str, float]) -> str | None:
        if self._is_normal("answer_tokens") and row["answer_tokens"] > _BLOWN_UP * self._normal("answer_tokens"):
            return (
                f"answers have grown from {self._normal('answer_tokens'):.0f} to {row['answer_tokens']:.0f} tokens: "
                "see in samples.md whether they say more; average: length does not favour long ones"
            )
        return None

    def _cut(self, row: Mapping[str, float]) -> str | None:
        if row["cut_share"] > _CUT:
            return (
                f"{row['cut_share']:.0%} of the answers ran out of tokens: raise max_tokens, or see whether they end "
                "at all"
            )
        return None

    def _strayed(self, row: Mapping[str, float]) -> str | None:
        if "kl_answer" in row:
            self._last.append((row["reward"], row["kl_answer"]))
        if len(self._first) < _BEGINNING or len(self._last) < _WINDOW:
            return None
        reward, strayed = (sum(column) / _WINDOW for column in zip(*self._last, strict=True))
        self._summit = max(self._summit, (reward, strayed))
        best, near = self._summit
        if best - reward > _LOST * (best - self._normal("reward")) and strayed > max(_NEAR, _STRAYED * near):
            return (
                f"the reward has fallen from {best:.2f} to {reward:.2f} while answers went from {near:.1f} to "
                f"{strayed:.1f} nats away from the assistant as it was: lower the rates, take fewer steps of an "
                "iteration (epochs, minibatches), or raise penalty or kl_weight"
            )
        return None

    def _barren(self, row: Mapping[str, float]) -> str | None:
        # Of one answer to each question all are said to be useful; whether they differ is told by the deviation.
        is_barren = row["useful_share"] == 0 or row.get("reward_deviation") == 0
        self._num_barren = self._num_barren + 1 if is_barren else 0
        if self._num_barren >= _BARREN:
            return (
                f"for {self._num_barren} iterations all answers to each question were worth the same: the questions "
                "are too hard or too easy; teach them first by sft, choose other tasks, or see whether who rewards "
                "tells answers apart at all"
            )
        return None

    def _apart(self, row: Mapping[str, float]) -> str | None:
        if row.get("mismatch_kl", 0.0) > _FAR:
            return (
                f"what draws answers and what learns from them are {row['mismatch_kl']:.2f} nats a token apart: lower "
                "the rate where rollouts are ahead, and keep importance_cap"
            )
        return None

    def _hacked(self, row: Mapping[str, float]) -> str | None:
        held_out = row.get("held_out")
        if held_out is None:
            return None
        if held_out >= self._best_held_out:
            self._best_held_out, self._reward_at_best = held_out, row["reward"]
        elif held_out < self._best_held_out - _FELL and row["reward"] > (self._reward_at_best or 0.0):
            return (
                f"the reward rises ({self._reward_at_best:.2f} to {row['reward']:.2f}) while held-out questions fall "
                f"({self._best_held_out:.0%} to {held_out:.0%}): it is won otherwise than by right answers; see "
                "samples.md, raise kl_weight or penalty"
            )
        return None

    def _is_normal(self, name: str) -> bool:
        return len(self._first) == _BEGINNING and all(name in row for row in self._first) and self._normal(name) > 0

    def _normal(self, name: str) -> float:
        return sum(row[name] for row in self._first) / len(self._first)

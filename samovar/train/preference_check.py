"""What is wrong with preferences before anybody trains on them, said in words and left out, or refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from samovar.chat.preferences import Judged, Messages, Pair, Preference, Steps, Undecided
from samovar.core.errors import DataError
from samovar.train.left_out import LeftOut

REASONS = {
    "equal": "have two equal answers",
    "empty": "have an empty answer",
    "no_prompt": "have no prompt",
    "no_answer": "have an answer that does not begin with the assistant",
    "duplicate": "say the same as an earlier one",
    "contradiction": "say the opposite of another one",
    "undecided": "prefer neither answer",
    "unfit": "are of another kind than is learnt here",
    "prompt_too_long": "have a prompt that fills a row by itself",
    "too_long": "are longer than a row with their answers",
}
"""Why a preference is left out, as the end of a sentence that begins with a number."""
_HARMLESS = {"undecided", "unfit"}
"""Nobody's mistake: left out where others are refused."""


class Checked(NamedTuple):
    """Preferences that can be learnt from, and what was the matter with the others."""

    kept: list[Preference]
    left_out: LeftOut

    def leave_out(self, reason: str, prompt: Messages) -> None:
        """Count one more."""
        self.left_out.add(reason, prompt[-1].content if prompt else "")

    def refuse(self, mode: Literal["repair", "refuse"]) -> None:
        """See that something is left, and in the mode ``refuse`` that nothing was wrong.

        Raises:
            DataError: else.
        """
        if mode == "refuse":
            self.left_out.refuse(harmless=_HARMLESS, hint="mend them, or set check: repair")
        if not self.kept:
            found = "; ".join(map(self.left_out.counted, self.left_out.counts))
            raise DataError(
                f"no preference can be learnt from ({found or 'there is none'})", hint="see docs/preferences.md"
            )


def check_preferences(
    preferences: Iterable[Preference], kinds: tuple[type, ...], *, splits_pairs: bool = False
) -> Checked:
    """Sort out what cannot be learnt from, whatever the tokens.

    Args:
        preferences: as read.
        kinds: which are learnt here; others are left out.
        splits_pairs: whether a pair becomes two answers, one wanted and one not.
    """
    checked = Checked([], LeftOut("preferences", REASONS))
    seen: set[object] = set()
    every = list(preferences)
    # What would say the opposite of each.
    turned: set[object] = {_key(one.prompt, one.rejected, one.chosen) for one in every if isinstance(one, Pair)}
    turned |= {(_key(one.prompt, one.answer), not one.is_good) for one in every if isinstance(one, Judged)}
    for one in every:
        reason = _reason(one, seen, turned)
        if reason is None and isinstance(one, Pair) and splits_pairs:
            checked.kept.extend(
                Judged(one.prompt, answer, is_good, one.tools)
                for answer, is_good in ((one.chosen, True), (one.rejected, False))
            )
        elif reason is None and isinstance(one, kinds):
            checked.kept.append(one)
        else:
            checked.leave_out(reason or "unfit", one.prompt)
    return checked


def _reason(one: Preference, seen: set[object], turned: set[object]) -> str | None:
    if isinstance(one, Undecided):
        return "undecided"
    if not _says_something(one.prompt):
        return "no_prompt"
    if isinstance(one, Steps):
        if not all(step.strip() for step in one.steps):
            return "empty"
        return _once(("steps", _key(one.prompt), one.steps), seen)
    answers = [one.chosen, one.rejected] if isinstance(one, Pair) else [one.answer]
    if not all(_says_something(answer) for answer in answers):
        return "empty"
    if any(answer[0].role != "assistant" for answer in answers):
        return "no_answer"
    key = _key(one.prompt, *answers)
    if isinstance(one, Pair) and one.chosen == one.rejected:
        return "equal"
    said: object = key if isinstance(one, Pair) else (key, one.is_good)
    return "contradiction" if said in turned else _once(said, seen)


def _once(key: object, seen: set[object]) -> str | None:
    if key in seen:
        return "duplicate"
    seen.add(key)
    return None


def _says_something(messages: Messages) -> bool:
    return any(message.content.strip() or message.tool_calls for message in messages)


def _key(*parts: Messages) -> tuple[str, ...]:
    return tuple("\0".join(message.model_dump_json() for message in part) for part in parts)

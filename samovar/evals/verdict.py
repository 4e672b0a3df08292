"""The honest sentences: what the scores say this model can be trusted with, and what its size rules out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from samovar.evals.tasks import TaskScore

RELIABLE, USUAL, SOMETIMES = 0.9, 0.7, 0.3
_LANGUAGES = {"en": "English", "ru": "Russian"}
_SMALL, _MIDDLE = 100e6, 2e9


class Verdict(NamedTuple):
    """Sentences for a person who has to decide what to use the model for."""

    can: str
    cannot: str


def verdict(assistant_name: str, num_parameters: float, scores: Sequence[TaskScore]) -> Verdict:
    """Judge by the lower end of each interval what may be relied on, and by size what lies beyond."""
    return Verdict(_can(assistant_name, scores), _cannot(num_parameters, scores))


def level(score: TaskScore) -> int:
    """3 reliable, 2 usual, 1 sometimes, 0 mostly wrong.

    'Reliable' asks that the measured share reaches 90 % and that chance cannot explain more than a few points of it.
    """
    if score.score >= RELIABLE and score.low >= RELIABLE - 0.1:
        return 3
    if score.score >= USUAL:
        return 2
    return 1 if score.score >= SOMETIMES else 0


def _can(assistant_name: str, scores: Sequence[TaskScore]) -> str:
    if not scores:
        return f"No task was put to {assistant_name}, so nothing is known of what it can do."
    said = []
    for wanted, phrase in (
        (3, "is reliable at {}"),
        (2, "is usually right at {}, but check what it says"),
        (1, "is right only some of the time at {}"),
        (0, "is mostly wrong at {}"),
    ):
        group = [score for score in scores if level(score) == wanted]
        if group:
            said.append(phrase.format(_joined(_named(group, scores))))
    return f"On questions of the kinds it was taught, but that it never saw, {assistant_name} {_joined(said, '; it ')}."


def _cannot(num_parameters: float, scores: Sequence[TaskScore]) -> str:
    size = _size(num_parameters)
    if num_parameters < _SMALL:
        limit = (
            "That is enough to learn a few skills by heart and far too little to know the world: about anything else "
            "it answers fluently and wrongly, it does not reason in steps, and it loses the thread of a long text. "
            f"Use it for {_uses(scores)}; ask it for no fact."
        )
    elif num_parameters < _MIDDLE:
        limit = (
            "A model of this size writes good sentences and knows common facts, but invents others with the same "
            "confidence, and fails at reasoning in many steps. Give it the passage that holds the answer, and check "
            "names, numbers and dates."
        )
    else:
        limit = (
            "A model of this size knows a good deal and still invents what it does not know. Check whatever "
            "matters: names, numbers, dates, law and medicine."
        )
    measured = (
        " A score holds for questions like those of the test, not for every way that people may ask." if scores else ""
    )
    return f"It has {size} parameters. {limit}{measured}"


def _uses(scores: Sequence[TaskScore]) -> str:
    learning = "learning how such models are made"
    return f"what it does well above, and for {learning}" if any(level(score) >= 2 for score in scores) else learning


def _named(group: Iterable[TaskScore], scores: Sequence[TaskScore]) -> list[str]:
    """Tasks by name; the language is said where the languages of a task differ in level."""
    group = list(group)
    names = []
    for task in dict.fromkeys(score.task for score in group):
        here = [score.language for score in group if score.task == task]
        everywhere = [score.language for score in scores if score.task == task]
        in_which = "" if len(here) == len(everywhere) else f" in {_joined([language_name(code) for code in here])}"
        names.append(task.replace("_", " ") + in_which)
    return names


def language_name(code: str) -> str:
    """The language of a code, in English."""
    return _LANGUAGES.get(code, f"'{code}'")


def _joined(parts: Sequence[str], last: str | None = None) -> str:
    if last is not None:
        return last.join(parts)
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _size(num_parameters: float) -> str:
    for limit, word in ((1e9, "billion"), (1e6, "million")):
        if num_parameters >= limit:
            return f"{num_parameters / limit:.1f} {word}"
    return f"{num_parameters:,.0f}"

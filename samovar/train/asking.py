"""Questions answered several times each, and of the answers those that can be learnt from: the right ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from samovar.chat.conversation import Conversation
from samovar.tasks.task import Example, Task
from samovar.train.improve_settings import ImproveSettings
from samovar.train.rationalisation import says_more_than_the_result, surprise, with_hint
from samovar.train.rl.curriculum import Curriculum
from samovar.train.rl.rollouts import Player, Rollout, graded_by, rewarded

AT_ONCE = 64
"""Questions between two looks of the curriculum, and at most so many are asked again after an interruption."""


class Asked(NamedTuple):
    """What some questions came to. JSON-able."""

    questions: int
    answers: int
    right: int
    """Answers."""
    solved: int
    """Questions with a right answer."""
    too_long: int
    """Questions that left no room for an answer, and were not asked."""
    rows: list[dict[str, Any]]
    """What is to be learnt from, in OpenAI's shape."""
    seen: dict[str, tuple[float, float]]
    """What the curriculum has seen of each kind of question by now."""
    success: dict[str, float]
    """And what it expects of each."""
    shown: int = 0
    """Questions without a right answer that were asked again with the result shown."""
    rationalised: int = 0
    """Of these, those with a right answer then."""


def ask_some(
    player: Player,
    curriculum: Curriculum,
    tasks: Mapping[str, Task],
    settings: ImproveSettings,
    count: int,
    place: tuple[int, int],
) -> Asked:
    """Ask ``count`` questions of the curriculum, which learns from what comes of them.

    Args:
        player: who answers.
        curriculum: which questions.
        tasks: their graders.
        settings: how often each is asked, and how many right answers are kept.
        count: of questions.
        place: the iteration and the piece of it; all chance follows from them and the seed.
    """
    number, piece = place
    drawn = curriculum.draw(number, count, turn=piece)
    fitting = [example for example in drawn if player.fits(example)]
    if not fitting:
        return Asked(0, 0, 0, 0, len(drawn), [], curriculum.seen, curriculum.success)
    seed = ((settings.seed * 1_000_003 + number) * 100_003 + piece) * 1_009
    groups = player.play(fitting, times=settings.answers, seed=seed, temperature=settings.temperature)
    right = [[one for one in group if is_right(one)] for group in rewarded(groups, graded_by(tasks))]
    curriculum.learn(fitting, [len(some) / settings.answers for some in right])
    unsolved = [example for example, some in zip(fitting, right, strict=True) if not some]
    shown, found = rationalise(player, unsolved, tasks, settings, seed=seed) if settings.rationalises else (0, [])
    return Asked(
        questions=len(fitting),
        answers=len(fitting) * settings.answers,
        right=sum(map(len, right)),
        solved=sum(map(bool, right)),
        too_long=len(drawn) - len(fitting),
        rows=[
            *(row_of(player, one) for some in right for one in different(some)[: settings.kept]),
            *(row_of(player, one, is_rationalised=True) for some in found for one in some[: settings.kept]),
        ],
        seen=curriculum.seen,
        success=curriculum.success,
        shown=shown,
        rationalised=len(found),
    )


def rationalise(
    player: Player, unsolved: Sequence[Example], tasks: Mapping[str, Task], settings: ImproveSettings, *, seed: int
) -> tuple[int, list[list[Rollout]]]:
    """Ask what found no right answer again, with the result shown.

    Returns:
        how many questions could be asked so, and of each that was then answered rightly the different right answers
        that the model could have thought of, as answers to the plain question.
    """
    both = [(plain, hinted) for plain in unsolved if (hinted := with_hint(plain)) is not None and player.fits(hinted)]
    if not both:
        return 0, []
    asked = [hinted for _, hinted in both]
    groups = player.play(asked, times=settings.answers, seed=seed, temperature=settings.temperature)
    found = []
    for (plain, _), group in zip(both, rewarded(groups, graded_by(tasks)), strict=True):
        right = [one._replace(example=plain) for one in group if is_right(one) and says_more_than_the_result(one)]
        if ways := [one for one in different(right) if surprise(player, one) <= settings.max_surprise]:
            found.append(ways)
    return len(both), found


def is_right(one: Rollout) -> bool:
    """Whether nothing is missing, and the answer came to its end: of one cut off no end would be learnt."""
    return one.reward >= 1.0 and not one.is_cut


def different(answers: Sequence[Rollout]) -> list[Rollout]:
    """Answers that do not say the same, in the order of drawing.

    Not the shortest first: where working out is part of an answer, the shortest right one has left some of it out and
    was lucky. In the order of drawing they are what the model says where it is right, in its own proportions.
    """

    def said(one: Rollout) -> str:
        turns = ((m.role, m.content, [(call.name, call.arguments) for call in m.tool_calls]) for m in one.completion)
        return json.dumps(list(turns), sort_keys=True)

    found: dict[str, Rollout] = {}
    for one in answers:
        found.setdefault(said(one), one)
    return list(found.values())


def row_of(player: Player, one: Rollout, *, is_rationalised: bool = False) -> dict[str, Any]:
    """Question and answer as a conversation to learn from, as the model is met."""
    meta: dict[str, Any] = {"task": one.example.task, "language": one.example.language}
    if is_rationalised:
        meta["rationalised"] = True
    messages = [*player.prompt(one.example), *one.completion]
    return Conversation(messages=messages, tools=player.offered, meta=meta).to_openai()

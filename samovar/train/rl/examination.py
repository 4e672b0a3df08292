"""What a model makes of questions that are held out, and some of its answers for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samovar.tasks.task import Task
from samovar.train.rl.account import told
from samovar.train.rl.curriculum import held_out
from samovar.train.rl.rollouts import Player, graded_by, rewarded

_NUM_SAMPLES = 4


def examined(player: Player, tasks: Mapping[str, Task], count: int) -> dict[str, Any]:
    """The share that is answered rightly, greedily, as ``held_out``; and answers, ``sample 1`` and so on.

    Args:
        player: who answers.
        tasks: whose questions are asked.
        count: of them, of each task and language.
    Returns:
        nothing where no question leaves room for an answer.
    """
    examples = [one for one in held_out(tasks, count) if player.fits(one)]
    if not examples:
        return {}
    answers = [group[0] for group in rewarded(player.play(examples, temperature=0.0), graded_by(tasks))]
    shown = answers[:: max(1, len(answers) // _NUM_SAMPLES)][:_NUM_SAMPLES]
    return {
        "held_out": sum(one.reward >= 1.0 for one in answers) / len(answers),
        **{f"sample {number + 1}": told(one) for number, one in enumerate(shown)},
    }

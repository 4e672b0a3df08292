"""A teacher, its student and the same student alone: measured, told in one table, and kept beside the student."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.curriculum import load_tasks
from samovar.brew.habits import habits_of
from samovar.brew.promotion import TABLE
from samovar.core.files import write_atomic

if TYPE_CHECKING:
    from samovar.brew.stage import StageContext
    from samovar.train.preference_settings import GateSettings


def line_up(context: StageContext, gate: GateSettings, folders: Mapping[str, Path]) -> dict[str, Any]:
    """Measure the models in ``folders`` on the same held-out questions and text, and tell; nothing follows from it.

    Args:
        context: of the stage that trained the student.
        gate: how much is asked and read.
        folders: ``teacher``, ``student`` and, where it was trained, ``alone``.
    Returns:
        metrics: the table, and the share of the gap that the student closes where that is known.
    """
    from samovar.evals.comparison import measure
    from samovar.evals.lineup import gap_closed, member, table, words

    recipe = context.recipe
    tasks = load_tasks(recipe, seed=recipe.eval.seed)
    habits = habits_of(recipe)
    found = {
        name: member(
            name, folder,
            measure(
                folder, tasks, examples=gate.examples, habits=habits, corpus=context.inputs.get("data"),
                text_bytes=gate.text_bytes, max_tokens=recipe.eval.max_tokens,
            ),
        )
        for name, folder in folders.items()
    }  # fmt: skip
    teacher, student, alone = found["teacher"], found["student"], found.get("alone")
    text = f"{table(list(found.values()))}\n{words(teacher, student, alone)}\n"
    write_atomic(context.out / TABLE, text)
    if not context.is_quiet:
        for line in text.splitlines():
            print(f"  {line}", file=sys.stderr, flush=True)
    metrics: dict[str, Any] = {"comparison": [one.to_json() for one in found.values()]}
    closed = gap_closed(teacher.accuracy, student.accuracy, None if alone is None else alone.accuracy)
    return metrics if closed is None else metrics | {"gap_closed": round(closed, 4)}

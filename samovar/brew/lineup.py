"""A teacher, its student and the same student alone: measured, told in one table, and which of both is taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.curriculum import load_tasks
from samovar.brew.habits import habits_of
from samovar.brew.promotion import put_back, tell

if TYPE_CHECKING:
    from samovar.brew.stage import StageContext
    from samovar.evals.comparison import Comparison, Measures
    from samovar.train.distill_settings import StudentGateSettings


def line_up(context: StageContext, gate: StudentGateSettings, folders: Mapping[str, Path]) -> dict[str, Any]:
    """Measure the models in ``folders`` on the same held-out questions and text, tell, and see whom to take.

    Args:
        context: of the stage that trained the student.
        gate: how much is asked and read, and how much worse the student may be.
        folders: ``teacher``, ``student`` and, where it was trained, ``alone``.
    Returns:
        metrics: the table, whether the student is taken, and the share of the gap that it closes where that is known.
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
    comparison = _compare(gate, teacher.measures, student.measures)
    beside = f"Beside its teacher: {comparison.words('The student is taken.', 'The teacher stays.')}"
    tell(context, table(list(found.values())), words(teacher, student, alone), beside)
    if not comparison.is_promoted:
        put_back(folders["teacher"], context.out)
    metrics = {"comparison": [one.to_json() for one in found.values()], "promoted": comparison.is_promoted}
    closed = gap_closed(teacher.accuracy, student.accuracy, None if alone is None else alone.accuracy)
    return metrics if closed is None else metrics | {"gap_closed": round(closed, 4)}


def _compare(gate: StudentGateSettings, teacher: Measures, student: Measures) -> Comparison:
    from samovar.evals.comparison import compare

    most, rise = (math.inf if one is None else one for one in (gate.max_fall, gate.max_bits_per_byte_rise))
    return compare(teacher, student, max_fall=most, max_bits_per_byte_rise=rise)

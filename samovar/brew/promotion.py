"""Whether a newly trained assistant takes the place of the one that it began as: measured, said, and carried out.

The artifact's folder always holds the assistant that later stages read. Where the new one is refused, that is the old
one, and the new one stands in ``refused/`` for a look.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.curriculum import load_tasks
from samovar.brew.habits import habits_of
from samovar.core.artifact import MANIFEST, SCRATCH, STATE
from samovar.core.files import naming_os_errors, write_atomic

if TYPE_CHECKING:
    from samovar.brew.stage import StageContext
    from samovar.evals.comparison import Comparison
    from samovar.train.preference_settings import GateSettings

REFUSED = "refused"
TABLE = "comparison.md"
_KEPT = {MANIFEST, SCRATCH, STATE, REFUSED, TABLE, "metrics.jsonl", "run.json", "tensorboard", "making.json"}
"""What is of the run and not of the model."""


def promote(context: StageContext, gate: GateSettings, *, old: Path, learnt: Iterable[str] = ()) -> dict[str, Any]:
    """Compare the model in ``context.out`` with ``old``, keep the better one there, and tell.

    Args:
        context: of the stage that trained it.
        gate: what is asked, and what is allowed.
        old: the model before.
        learnt: tasks that are asked beside those of sft.
    Returns:
        metrics: whether it was promoted, and the table.
    """
    comparison = _compare(context, gate, old, learnt)
    tell(context, comparison.table(), comparison.words())
    if not comparison.is_promoted:
        put_back(old, context.out)
    return {"promoted": comparison.is_promoted, "comparison": comparison.to_json()}


def tell(context: StageContext, *texts: str) -> None:
    """Leave ``texts`` in the artifact's table, and show them."""
    write_atomic(context.out / TABLE, "\n".join(texts) + "\n")
    if not context.is_quiet:
        for line in (line for text in texts for line in text.splitlines()):
            print(f"  {line}", file=sys.stderr, flush=True)


def put_back(old: Path, out: Path, *, folders: str | None = None) -> None:
    """Move the model in ``out`` into ``refused/`` there, and put that of ``old`` in its place.

    Args:
        old: the model that stays.
        out: where both are in the end.
        folders: names of folders in ``old`` that are of the model, as a pattern; by default it has none.
    """
    refused = out / REFUSED
    with naming_os_errors(out):
        refused.mkdir(exist_ok=True)
        for path in sorted(out.iterdir()):
            if path.name not in _KEPT:
                path.replace(refused / path.name)
        for path in sorted(old.iterdir()):
            if path.is_file() and path.name not in _KEPT:
                shutil.copyfile(path, out / path.name)
            elif folders is not None and path.is_dir() and path.match(folders):
                shutil.copytree(path, out / path.name, ignore=shutil.ignore_patterns(SCRATCH))


def _compare(context: StageContext, gate: GateSettings, old: Path, learnt: Iterable[str] = ()) -> Comparison:
    from samovar.evals.comparison import compare, measure

    recipe = context.recipe
    tasks = load_tasks(recipe, seed=recipe.eval.seed, names={*recipe.sft.tasks, *learnt})
    habits = habits_of(recipe)
    before, after = (
        measure(
            model, tasks, examples=gate.examples, habits=habits, corpus=context.inputs.get("data"),
            text_bytes=gate.text_bytes, max_tokens=recipe.eval.max_tokens,
        )
        for model in (old, context.out)
    )  # fmt: skip
    return compare(before, after, max_fall=gate.max_fall, max_bits_per_byte_rise=gate.max_bits_per_byte_rise)

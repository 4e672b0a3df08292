"""How much of the gap between a small assistant alone and its teacher does distillation close?

A brewed project is the teacher. The same student is trained on as many tokens of the same conversations twice, with the
teacher and without; all three answer the same held-out questions and read the same held-out text. With ``--begin
layers`` the student has some of its teacher's layers; ``--layers-alone`` then trains it a third time, with those and
without a teacher, to tell what the layers alone are worth. What is made in ``--work`` is not made again.

    python -m benchmarks.distillation quickstart --size 3 --begin layers --layers-alone --tokens 1000000
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.brew.alone import make_alone
from samovar.brew.graph import resolve
from samovar.brew.project import open_project
from samovar.brew.recipe import Recipe, load_recipe
from samovar.brew.stage import TAUGHT, load_stages
from samovar.core.errors import MissingError
from samovar.evals.lineup import gap_closed
from samovar.train.distill_settings import DistillSettings
from samovar.train.students import make_student

QUESTION = "How much of the gap between a small assistant alone and its teacher does distillation close?"


def main() -> None:
    parser = argparse.ArgumentParser(description=QUESTION)
    parser.add_argument("project", type=Path, help="folder of a brewed project")
    parser.add_argument("--teacher", type=Path, help="folder of the assistant, where the project's is another")
    parser.add_argument("--corpus", type=Path, help="folder of the data stage, for bits per byte")
    parser.add_argument("--size", type=int, default=3)
    parser.add_argument("--begin", choices=("fresh", "layers"), default="fresh")
    parser.add_argument("--layers-alone", action="store_true", help="train the layers without a teacher too")
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as distill.divergence=reverse")
    parser.add_argument("--examples", type=int, default=60, help="held-out questions of each task and language")
    parser.add_argument("--work", type=Path, help="folder for the models; by default one that goes in the end")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        work.mkdir(parents=True, exist_ok=True)
        exit_with(lambda: run(options, work))


def run(options: argparse.Namespace, work: Path) -> None:
    """Train, measure, write the result."""
    teacher, corpus = _sources(options)
    section = {
        "size": options.size, "begin": options.begin, "tokens": options.tokens, "alone": True,
        "batch_tokens": options.batch_tokens, "gate": {"examples": options.examples},
    }  # fmt: skip
    changes = [*(f"distill.{key}={_yaml(value)}" for key, value in section.items()), *options.set]
    recipe = load_recipe(options.project / "samovar.yaml", changes)
    inputs = {"sft": teacher, "data": corpus}
    started = time.monotonic()
    metrics = _distilled(recipe, inputs, options.project, work / "student")
    found = {one["name"]: one for one in metrics["comparison"]}
    if options.layers_alone:
        found["layers, no teacher"] = _layers_alone(recipe, inputs, options.project, work)
    body = {
        "settings": {**section, "set": options.set},
        "seconds": round(time.monotonic() - started, 1),
        "models": list(found.values()),
        "gap_closed": metrics.get("gap_closed"),
        "gap_closed_by_layers_alone": _closed_by_layers(found),
    }
    path = write_result("distillation", QUESTION, body, folder=options.out)
    print(_table(found))
    print(f"closes {body['gap_closed']} of the gap in accuracy; {path}")


def _sources(options: argparse.Namespace) -> tuple[Path, Path]:
    """The teacher's folder and that of the corpus.

    Raises:
        MissingError: the project is not brewed.
    """
    if options.teacher is not None and options.corpus is not None:
        return options.teacher, options.corpus
    project = open_project(options.project)
    items = resolve(project, load_recipe(project.recipe_file), load_stages())
    made = {item.name: item.folder for item in items if item.manifest is not None}
    taught = [made[name] for name in TAUGHT if name in made]
    if not taught or "data" not in made:
        raise MissingError(
            f"{options.project} has no assistant yet", hint=f"`samovar brew {options.project}`, or name --teacher"
        )
    return options.teacher or taught[-1], options.corpus or made["data"]


def _distilled(recipe: Recipe, inputs: Mapping[str, Path], root: Path, out: Path) -> dict[str, Any]:
    return dict(make_alone(load_stages()["distill"], recipe, inputs=inputs, out=out, root=root).metrics)


def _layers_alone(recipe: Recipe, inputs: Mapping[str, Path], root: Path, work: Path) -> dict[str, Any]:
    """The student with its teacher's layers, trained as the one alone is: its only lesson is the right token."""
    settings = recipe.distill or DistillSettings()
    begin = make_student(settings, inputs["sft"], work / "layers")
    plain = settings.model_copy(update={"hard_share": 1.0, "alone": False, "top_k": None, "on_policy": 0.0})
    changed = recipe.model_copy(update={"distill": plain})
    metrics = _distilled(changed, {**inputs, "student": begin}, root, work / "layers-alone")
    return {**metrics["comparison"][1], "name": "layers, no teacher"}


def _closed_by_layers(found: Mapping[str, Mapping[str, Any]]) -> float | None:
    if "layers, no teacher" not in found:
        return None
    names = ("teacher", "layers, no teacher", "alone")
    closed = gap_closed(*(found[name]["accuracy"] for name in names))
    return None if closed is None else round(closed, 4)


def _table(found: Mapping[str, Mapping[str, Any]]) -> str:
    names = ["parameters", "size_bytes", "tokens_per_second", "bits_per_byte", "accuracy"]
    rows = [[name, *(str(one[name]) for one in found.values())] for name in names]
    rows += [
        [task, *(f"{one['tasks'][task]['score']:.3f}" for one in found.values())] for task in found["teacher"]["tasks"]
    ]
    return markdown_table(["what", *found], rows)


def _yaml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    main()

"""Read and clean the documents into a corpus."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.curriculum import load_tasks, task_config
from samovar.brew.data_forecast import probe_data
from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.project import Project
from samovar.brew.recipe import Recipe
from samovar.brew.seen_documents import SeenDocuments
from samovar.brew.stage import Stage, StageContext

if TYPE_CHECKING:
    from samovar.data.forget import ForgetRule

PARQUET_SHARE = 0.5
"""Bytes of compressed Parquet and reports for each character, measured."""
UNITS_SHARE = 0.5
"""Bytes for each character of what was read, kept for the next run."""
WORKER_BYTES = 300 * MIB
"""Of a process that reads and cleans: Python, pyarrow and the models of the steps; measured."""
HELD_OUT_FILE = "held-out-questions.jsonl"
FORGOTTEN_FILE = "forgotten.jsonl"
UNITS_FOLDER = "units"


class DataStage(Stage):
    """The corpus: Parquet, the report, and a row for all that was dropped or changed.

    Rules of forgetting and what was read before lie in the project, or, for a corpus by itself, in ``state``.
    """

    name = "data"
    version = 2
    resumes = True

    def __init__(self, state: Path | None = None) -> None:
        self._state = state

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """All of the data section but where it is worked on; with it the tasks whose questions are to be kept out."""
        config = recipe.data.model_dump(mode="json", exclude={"workers", "engine"})
        if _keeps_questions_out(recipe):
            asked = {"tasks": sorted(recipe.sft.tasks), "count": recipe.eval.examples, "seed": recipe.eval.seed}
            config["held_out"] = task_config(recipe) | asked
        return config

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """Of the documents as they were first seen; contents of what else the steps read, and of the rules."""
        from samovar.core.files import fingerprint
        from samovar.data.pipeline.plan import file_digests

        found = {"sources": self._documents(recipe, root).fingerprint()}
        if files := [file for step in recipe.data.steps for file in step.below(root).files()]:
            found["files of steps"] = fingerprint(file_digests(files))[:16]
        if rules := self.rules(root):
            found["forgotten"] = fingerprint([[rule.kind, rule.pattern] for rule in rules])[:16]
        return found

    def rules(self, root: Path) -> list[ForgetRule]:
        """What must not be in the corpus."""
        from samovar.data.forget import read_rules

        return read_rules(self._state / FORGOTTEN_FILE if self._state else Project(root).forgotten_file)

    def _documents(self, recipe: Recipe, root: Path) -> SeenDocuments:
        return SeenDocuments(self._state or Project(root).state, recipe.data, root)

    def run(self, context: StageContext) -> dict[str, Any]:
        """Build the corpus; files that an earlier run has read are not read again."""
        from samovar.data.corpus import build_corpus

        recipe, root = context.recipe, context.root
        self._documents(recipe, root).remember()
        return build_corpus(
            recipe.data,
            root=root,
            out=context.out,
            progress_quiet=context.is_quiet,
            units=self._state / UNITS_FOLDER if self._state else Project(root).units,
            rules=self.rules(root),
            held_out=_write_held_out(recipe, context.out) if _keeps_questions_out(recipe) else None,
            name=recipe.name if self._state is None else "",
        )

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Some seconds of reading and cleaning, stretched to the size of the sources."""
        shape = [self.config(recipe), self.files(outlook.root, recipe)]
        probe = outlook.machine.measured("data", shape, lambda: probe_data(recipe.data, outlook.root))
        characters = probe["characters"]
        return Forecast(
            0.5 + characters / probe["characters_per_second"],
            PROCESS_BYTES + probe.get("workers", 1) * WORKER_BYTES,
            characters * (PARQUET_SHARE + UNITS_SHARE) + MIB,
            {"characters": characters},
        )


def _keeps_questions_out(recipe: Recipe) -> bool:
    return any(step.step == "decontaminate" for step in recipe.data.steps)


def _write_held_out(recipe: Recipe, out: Path) -> Path | None:
    """The questions that the evaluation will ask, with their answers, as JSON Lines; None where it asks none."""
    from samovar.core.artifact import SCRATCH
    from samovar.core.files import write_json_lines
    from samovar.evals.tasks import held_out

    rows = []
    for name, task in load_tasks(recipe, seed=recipe.eval.seed).items():
        examples = [one for by_language in held_out(task, recipe.eval.examples).values() for one in by_language]
        for number, example in enumerate(examples, 1):
            answer = example.reference[-1].content if example.reference else ""
            rows.append({"id": f"{name}-{number}", "question": example.prompt[-1].content, "answer": answer})
    if not rows:
        return None
    path = out / SCRATCH / HELD_OUT_FILE
    write_json_lines(path, rows)
    return path

"""What is done to documents and where: the steps that run with the reading, and those that see all documents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from itertools import groupby, takewhile
from pathlib import Path

import xxhash

from samovar.core.errors import MissingError
from samovar.core.files import fingerprint
from samovar.data.forget import ForgetRule
from samovar.data.pipeline.forgetting import rules_hash
from samovar.data.settings import DataSettings
from samovar.data.sources.source import Unit
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import StepSettings


@dataclass(frozen=True)
class Plan:
    """The steps of a recipe, cut where they must be. It can be pickled, and is the same in every process."""

    reading_steps: tuple[StepSettings, ...]
    """The first local steps: they run with the reading of a file, and their result is kept with it."""
    later_runs: tuple[tuple[StepSettings, ...], ...]
    """The others: a step that sees many documents alone, local ones between them together."""
    prepared: StepSettings | None
    """A later step that can be told beforehand what it needs of a document, ``prepare``."""
    seed: int
    rules: tuple[ForgetRule, ...]
    key: str
    """A hash of all but the file itself that determines what reading it gives; of the rules it is independent."""

    @property
    def labels(self) -> list[str]:
        """Names of the steps of reading, then of the later ones; one that runs again has a number behind its name."""
        labels: list[str] = []
        names = [step.step for steps in (self.reading_steps, *self.later_runs) for step in steps]
        for place, name in enumerate(names):
            times = names[:place].count(name)
            labels.append(f"{name} {times + 1}" if times else name)
        return labels

    def labels_of_run(self, number: int) -> list[str]:
        """Labels of the steps of one of the later runs."""
        start = len(self.reading_steps) + sum(map(len, self.later_runs[:number]))
        return self.labels[start : start + len(self.later_runs[number])]

    @property
    def rules_hash(self) -> int:
        """Tells lists of rules apart."""
        return rules_hash(self.rules)

    def unit_key(self, unit: Unit) -> int:
        """128 bits that change when the result of ``unit`` may."""
        return xxhash.xxh3_128_intdigest(fingerprint([self.key, unit.identity()]).encode())


def make_plan(
    settings: DataSettings, *, root: Path, rules: Sequence[ForgetRule] = (), held_out: Path | None = None
) -> Plan:
    """The plan for ``settings``, whose paths are relative to ``root``.

    Args:
        settings: of the data stage.
        root: the project's folder.
        rules: what is to be forgotten.
        held_out: a file of questions that no document may hold, for the steps that look for such.
    """
    steps = tuple(_with_held_out(step.below(root), held_out) for step in settings.steps)
    num_reading = sum(1 for _ in takewhile(_is_local, steps))
    later = steps[num_reading:]
    prepared = next((step for step in later if hasattr(step_classes()[step.step], "prepare")), None)
    described = settings.steps[:num_reading] + [
        step for step in settings.steps if prepared and step.step == prepared.step
    ]
    return Plan(
        steps[:num_reading],
        tuple(_runs(later)),
        prepared,
        settings.seed,
        tuple(rules),
        fingerprint(
            [
                reading_version(),
                settings.seed,
                [step.model_dump(mode="json") for step in described],
                [file_digests(step.files()) for step in steps[:num_reading]],
                [_own_digests(step) for step in steps[:num_reading]],
            ]
        ),
    )


def file_digests(files: Sequence[Path]) -> list[list[str]]:
    """Names and hashes of the contents of files on which steps depend; a path alone would not tell that they changed.

    Raises:
        MissingError: one does not exist.
    """
    return [[path.name, _content_hash(path)] for path in files]


def _own_digests(step: StepSettings) -> list[list[str]]:
    if any(not path.exists() for path in step.own_files()):
        make_step(step, seed=0)
    return file_digests(step.own_files())


@cache
def reading_version() -> str:
    """A hash of the code that reads and cleans, and of the versions of the packages it may use."""
    digest = xxhash.xxh3_128()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package)}\0".encode())
        digest.update(path.read_bytes())
    for name in _packages():
        try:
            digest.update(f"{name} {version(name)}\0".encode())
        except PackageNotFoundError:
            digest.update(f"{name} none\0".encode())
    return digest.hexdigest()


def _packages() -> list[str]:
    try:
        wanted = requires("samovar") or []
    except PackageNotFoundError:
        return []
    # Those of the base and of the extra `data`; others don't take part.
    others = re.compile(r"extra == ['\"](?!data)")
    return sorted({re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in wanted if not others.search(one)})


def _content_hash(path: Path) -> str:
    digest = xxhash.xxh3_128()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError as error:
        raise MissingError(f"{path} does not exist", hint="it is named under data.steps") from error
    return digest.hexdigest()


def _with_held_out(step: StepSettings, held_out: Path | None) -> StepSettings:
    against = getattr(step, "against", None)
    if held_out is None or against is None:
        return step
    return step.model_copy(update={"against": [*against, str(held_out)]})


def _runs(steps: Sequence[StepSettings]) -> list[tuple[StepSettings, ...]]:
    runs: list[tuple[StepSettings, ...]] = []
    for is_local, group in groupby(steps, key=_is_local):
        together = tuple(group)
        runs += [together] if is_local else [(step,) for step in together]
    return runs


def _is_local(step: StepSettings) -> bool:
    return step_classes()[step.step].is_local

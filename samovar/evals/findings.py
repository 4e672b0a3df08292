"""All that a report says, as plain values: gathered here, drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from samovar.core.artifact import Manifest, is_whole, read_manifest
from samovar.core.errors import CorruptError
from samovar.evals.bits_per_byte import BitsPerByte
from samovar.evals.samples import Answered, Continuation
from samovar.evals.tasks import TaskScore
from samovar.train.journal import METRICS, Point, is_of_iteration, read_metrics

Unit = Literal["tokens", "iterations"]


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """The curves of one training stage: of losses over tokens, or of answers over iterations."""

    stage: str
    loss: list[Point]
    validation_loss: list[Point]
    validation_bits_per_byte: list[Point]
    samples: Mapping[str, list[tuple[float, str]]]
    """What the model wrote on the way: name of the prompt -> place, text."""
    unit: Unit = "tokens"
    """What places are counted in."""
    success: list[Point] = field(default_factory=list)
    """Share of right answers among those that were learnt from."""
    held_out: list[Point] = field(default_factory=list)
    """Share of held-out questions that were answered rightly."""
    reward: list[Point] = field(default_factory=list)
    """Mean reward of answers that a reward model judged."""


@dataclass(frozen=True, slots=True)
class StageCost:
    """What making one artifact took, against what was expected; None where it is not known."""

    stage: str
    seconds: float
    forecast_seconds: float | None
    memory_bytes: float | None
    forecast_memory_bytes: float | None
    disk_bytes: float
    joules: float
    joules_source: str


@dataclass(frozen=True, slots=True)
class Model:
    """What the evaluated model is."""

    num_parameters: int
    size_bytes: int
    num_layers: int
    hidden_size: int
    vocab_size: int
    context: int


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a report says."""

    assistant_name: str
    model: Model
    scores: list[TaskScore]
    about_tasks: Mapping[str, str]
    """Task -> what it asks, in a line."""
    bits_per_byte: Mapping[str, BitsPerByte] = field(default_factory=dict)
    """'base' before fine-tuning, 'assistant' after it."""
    answers: list[Answered] = field(default_factory=list)
    continuations: list[Continuation] = field(default_factory=list)
    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    runs: list[TrainingRun] = field(default_factory=list)
    costs: list[StageCost] = field(default_factory=list)
    temperature: float = 0.0
    """Of the answers."""
    made_on: str = ""
    """Year, month and day."""

    def metrics(self, stage: str) -> Mapping[str, Any]:
        """What a stage measured; nothing where it did not run."""
        return self.manifests[stage].metrics if stage in self.manifests else {}

    @property
    def seconds(self) -> float:
        """Time of all stages before the evaluation."""
        return sum(cost.seconds for cost in self.costs)

    @property
    def knows_all_stages(self) -> bool:
        """Whether nothing that the model was made of is missing, so that the sums are of all that it took."""
        known = {manifest.id for manifest in self.manifests.values()}
        return all(manifest.made_of <= known for manifest in self.manifests.values())

    @property
    def joules(self) -> float:
        """Energy of all stages before the evaluation."""
        return sum(cost.joules for cost in self.costs)

    @property
    def joules_sources(self) -> list[str]:
        """How it is known: counters by name, "estimate", "stated"."""
        return sorted({source for cost in self.costs for source in cost.joules_source.split("+")})


def read_manifests(folders: Mapping[str, Path]) -> dict[str, Manifest]:
    """The manifests of the stages that were made, in their order."""
    return {stage: read_manifest(folder) for stage, folder in folders.items() if is_whole(folder)}


def read_costs(manifests: Mapping[str, Manifest], account: Mapping[str, Mapping[str, Any]]) -> list[StageCost]:
    """What each stage took, with the forecast where the account is of the same artifact."""
    # An imported model stands for several stages: it is counted once.
    once = {manifest.id: manifest for manifest in manifests.values()}
    return [_cost(manifest, account.get(manifest.stage, {})) for manifest in once.values()]


def _cost(manifest: Manifest, entry: Mapping[str, Any]) -> StageCost:
    known = entry if entry.get("id") == manifest.id else {}
    return StageCost(
        stage=manifest.stage,
        seconds=manifest.seconds,
        forecast_seconds=known.get("forecast_seconds"),
        memory_bytes=known.get("memory_bytes"),
        forecast_memory_bytes=known.get("forecast_memory_bytes"),
        disk_bytes=manifest.size_bytes,
        joules=manifest.joules,
        joules_source=manifest.joules_source,
    )


def read_runs(folders: Mapping[str, Path]) -> list[TrainingRun]:
    """The curves of every stage that left some."""
    return [
        _run(stage, read_metrics(folder / METRICS)) for stage, folder in folders.items() if (folder / METRICS).is_file()
    ]


def _run(stage: str, rows: list[dict[str, Any]]) -> TrainingRun:
    try:
        if any(map(is_of_iteration, rows)):
            return _run_of_iterations(stage, rows)
        return TrainingRun(
            stage=stage,
            loss=_curve(rows, "loss", "tokens"),
            validation_loss=_curve(rows, "validation_loss", "tokens"),
            validation_bits_per_byte=_curve(rows, "validation_bits_per_byte", "tokens"),
            samples=_samples(rows, "tokens"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptError(f"the metrics of {stage} have a damaged row: {error}", hint="run the stage again") from error


def _run_of_iterations(stage: str, rows: Sequence[Mapping[str, Any]]) -> TrainingRun:
    """Of a stage that learns from answers: its losses are of other answers each time, and say nothing side by side."""
    success = _curve(rows, "success", "step")
    return TrainingRun(
        stage=stage,
        loss=[],
        validation_loss=[],
        validation_bits_per_byte=[],
        samples=_samples(rows, "step"),
        unit="iterations",
        success=success,
        held_out=_curve(rows, "held_out", "step"),
        # Where a checker judges, the reward is the success once more.
        reward=[] if success else _curve(rows, "reward", "step"),
    )


def _curve(rows: Iterable[Mapping[str, Any]], name: str, place: str) -> list[Point]:
    return [Point(float(row[place]), float(row[name])) for row in rows if row.get(name) is not None]


def _samples(rows: Iterable[Mapping[str, Any]], place: str) -> dict[str, list[tuple[float, str]]]:
    found: dict[str, list[tuple[float, str]]] = {}
    for row in rows:
        for name, value in row.items():
            if name.startswith("sample") and isinstance(value, str):
                found.setdefault(name, []).append((float(row[place]), value))
    return found

"""What a stage is: a name, what it depends on, and how it makes its artifact. One file each in ``stages/``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from samovar.core.artifact import STATE
from samovar.core.errors import ConfigError
from samovar.core.plugins import classes_in, module_names
from samovar.train.parallel.world import BY_ITSELF, World

if TYPE_CHECKING:
    from samovar.brew.forecast import Forecast, Outlook
    from samovar.brew.recipe import Recipe
    from samovar.model.settings import DecoderSettings
    from samovar.train.improve_settings import ImproveSettings
    from samovar.train.preference_settings import DpoSettings
    from samovar.train.rl.settings import RlSettings
    from samovar.train.settings import LoopSettings


_STAGES = "samovar.brew.stages"
TAUGHT = ("sft", "dpo", "improve", "grpo", "ppo")
"""Stages that make an assistant, each from that of the last one before it that the recipe has."""


def assistant_of(inputs: Mapping[str, Path]) -> Path:
    """The assistant among the artifacts that a stage is given: that of the last of ``TAUGHT``."""
    return next(inputs[name] for name in reversed(TAUGHT) if name in inputs)


@dataclass(frozen=True, slots=True)
class StageContext:
    """What a stage is given to run."""

    recipe: Recipe
    root: Path
    """Paths in the recipe are relative to it."""
    inputs: Mapping[str, Path]
    """Name of the stage -> folder of its artifact."""
    out: Path
    """Where to write; renamed to its final place when the stage returns."""
    is_quiet: bool = False
    account: Mapping[str, Any] = field(default_factory=dict)
    """Name of an earlier stage -> what it was forecast to take and took, for the report."""
    world: World = BY_ITSELF
    """The processes that run the stage together."""

    @property
    def state(self) -> Path | None:
        """The project's own folder, for what its other runs can use as well; None where there is no project."""
        folder = self.root / STATE
        return folder if folder.is_dir() else None


class Training(NamedTuple):
    """What a stage is going to train."""

    settings: LoopSettings
    tokens: int
    """That go through the model, forward and backward, in all runs together."""
    shape: DecoderSettings | None = None
    """Of the model, where it is not the recipe's."""
    runs: int = 1
    """That it trains one after the other, each from its own first step."""


class Stage(ABC):
    """One stage of the road. Importing its file must not import torch: ids are resolved without it."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    """Raised when the code makes another output from the same config and inputs."""
    is_optional: ClassVar[bool] = False
    """Whether it takes part only where the recipe has the section that is called like it."""
    needs: ClassVar[tuple[str, ...]] = ()
    """Stages whose artifacts this one reads, where the recipe has them."""
    resumes: ClassVar[bool] = False
    """Whether ``run`` goes on from what an interrupted run left in its folder; else the folder is emptied first."""
    is_parallel: ClassVar[bool] = False
    """Whether all processes that torchrun started run it together; any other is run by the first of them."""

    def takes_part(self, recipe: Recipe) -> bool:
        """Whether the recipe's road leads over this stage."""
        return not self.is_optional or getattr(recipe, self.name) is not None

    def check(self, recipe: Recipe) -> None:  # noqa: B027  most stages always can
        """See, before any stage of the recipe's road runs, that this one can.

        Raises:
            ConfigError: it cannot.
        """

    def reads(self, recipe: Recipe) -> tuple[str, ...]:
        """Those of ``needs`` whose artifacts are read as the recipe has it."""
        return self.needs

    def stands_for(self, recipe: Recipe) -> tuple[str, ...]:
        """Stages that take no part, and whose artifacts those after them find in this one's."""
        return ()

    @abstractmethod
    def config(self, recipe: Recipe) -> dict[str, Any]:
        """Just those parts of the recipe, resolved and JSON-able, that determine the output."""

    def config_alone(self, recipe: Recipe) -> dict[str, Any]:
        """The same for the stage by itself, on files: what a stage before it counts in a brew belongs in it as well."""
        return self.config(recipe)

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """Fingerprints of the user's own files below ``root`` that determine the output."""
        return {}

    @abstractmethod
    def run(self, context: StageContext) -> Mapping[str, Any]:
        """Write the artifact into ``context.out`` and return its metrics."""

    @property
    def trains(self) -> bool:
        """Whether running it trains a model."""
        return type(self).training is not Stage.training

    def training(self, recipe: Recipe, outlook: Outlook) -> Training | None:
        """What running it here trains, for the plan; None where it trains nothing."""
        return None

    @abstractmethod
    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """What running it here will take."""


def load_stages() -> dict[str, Stage]:
    """Every stage in ``stages/``, each after those it needs."""
    return in_order(kind() for name in module_names(_STAGES) for kind in classes_in(_STAGES, name, Stage))


def in_order(stages: Iterable[Stage]) -> dict[str, Stage]:
    """``stages`` by name, each after those it needs; the order does not depend on how they were given."""
    by_name = {stage.name: stage for stage in sorted(stages, key=lambda stage: stage.name)}
    order = TopologicalSorter({name: sorted(stage.needs) for name, stage in by_name.items()}).static_order()
    return {name: by_name[name] for name in order}


def config_of_whole_model(name: str, settings: DpoSettings | ImproveSettings | RlSettings) -> dict[str, Any]:
    """``training_config`` of the stage ``name``, whose gate and the stages after it need a whole model.

    Raises:
        ConfigError: an adapter is to be left alone.
    """
    if settings.adapter is not None and not settings.adapter.merge:
        raise ConfigError(
            f"{name}.adapter.merge is false: the gate and later stages need a whole model", hint="leave it out"
        )
    return training_config(settings)


def training_config(settings: LoopSettings) -> dict[str, Any]:
    """What of a training stage's settings determines its result: when it is saved, where, or who is told, does not."""
    told = {"checkpoint_every_s", "parallel", "trackers", "activation_checkpointing"}
    return settings.model_dump(mode="json", exclude=told)

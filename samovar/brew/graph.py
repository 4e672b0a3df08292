"""The stages in order: what each would make, whether it is made, and making what is not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from samovar.brew.account import Account
from samovar.brew.forecast import Forecast, Machine, Outlook
from samovar.brew.memory import StageMemory
from samovar.brew.project import Project
from samovar.brew.stage import Stage, StageContext
from samovar.brew.together import run_together
from samovar.core.artifact import (
    SCRATCH,
    Manifest,
    artifact_id,
    folder_bytes,
    is_whole,
    make_artifact,
    partial_folder,
    read_manifest,
)
from samovar.core.command_line import as_typed
from samovar.core.devices import give_back_freed_memory
from samovar.core.errors import CorruptError, ResourceError
from samovar.core.files import exclusive_lock, naming_os_errors
from samovar.core.progress import short_bytes

if TYPE_CHECKING:
    from samovar.brew.recipe import Recipe

State = Literal["made", "unfinished", "to make"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A stage whose artifact's id is known."""

    stage: Stage
    id: str
    folder: Path
    config: Mapping[str, Any]
    inputs: Mapping[str, str]
    """Name of the stage -> id of its artifact, and the fingerprints of the user's files."""
    reads: Mapping[str, Path]
    """Name of the stage -> folder of its artifact, or of the one that stands for it."""
    manifest: Manifest | None

    @property
    def name(self) -> str:
        """The stage's name."""
        return self.stage.name

    @property
    def state(self) -> State:
        """Whether the artifact is there, begun, or neither."""
        if self.manifest is not None:
            return "made"
        return "unfinished" if partial_folder(self.folder).is_dir() else "to make"


class Listener:
    """Told what happens in a brew; does nothing by itself."""

    def planned(self, items: list[Resolved], forecasts: Mapping[str, Forecast]) -> None:
        """What is to be made, before the first stage runs."""

    def starts(self, item: Resolved) -> None:
        """``item`` begins."""

    def made(self, item: Resolved, entry: Mapping[str, Any]) -> None:
        """``item`` is whole; ``entry`` is its forecast and fact."""

    def failed(self, item: Resolved, kept: list[str]) -> None:
        """``item`` was not made; the artifacts of the stages ``kept`` stay."""


def resolve(project: Project, recipe: Recipe, stages: Mapping[str, Stage]) -> list[Resolved]:
    """The artifact of each stage under ``recipe``, made or not, each after those it needs.

    Raises:
        CorruptError: an artifact's manifest is damaged.
    """
    done: dict[str, Resolved] = {}
    for name, stage in stages.items():
        if not stage.takes_part(recipe):
            continue
        config = stage.config(recipe)
        needed = {need: done[need] for need in stage.reads(recipe) if need in done}
        inputs = {need: item.id for need, item in needed.items()} | stage.files(project.root, recipe)
        identity = artifact_id(name, stage.version, config, inputs)
        folder = project.artifact(name, identity)
        manifest = _sound_manifest(folder, identity) if is_whole(folder) else None
        reads = {need: item.folder for need, item in needed.items()}
        item = Resolved(stage, identity, folder, config, inputs, reads, manifest)
        done |= dict.fromkeys((name, *stage.stands_for(recipe)), item)
    return list({item.name: item for item in done.values()}.values())


def _sound_manifest(folder: Path, identity: str) -> Manifest:
    manifest = read_manifest(folder)
    if manifest.id != identity:
        raise CorruptError(
            f"{folder} holds the artifact {manifest.id}, not {identity}", hint=f"delete {folder} and make it again"
        )
    return manifest


def forecast_all(project: Project, recipe: Recipe, items: list[Resolved]) -> dict[str, Forecast]:
    """What each stage that is not made will take here; probes the machine where it is not known yet."""
    made = {item.name: item.manifest for item in items if item.manifest is not None}
    outlook = Outlook(project.root, Machine(project.probe_file), made)
    for item in items:
        if item.manifest is None:
            outlook.expected[item.name] = item.stage.forecast(recipe, outlook)
    return outlook.expected


def brew(
    project: Project,
    recipe: Recipe,
    stages: Mapping[str, Stage],
    *,
    listener: Listener | None = None,
    is_quiet: bool = False,
) -> list[Resolved]:
    """Make what is not made, in order; stop at the first failure. Returns all stages, made.

    Raises:
        BusyError: another process brews this project.
        ConfigError: a stage cannot run as the recipe has it.
        ResourceError: the disk has no room for what is to be made.
        SamovarError: from the stage that failed; what was made before it stays.
    """
    listener = listener or Listener()
    with exclusive_lock(project.lock_file, what=str(project.root)):
        items = resolve(project, recipe, stages)
        if all(item.manifest is not None for item in items):
            return items
        for item in items:
            if item.manifest is None:
                item.stage.check(recipe)
        forecasts = forecast_all(project, recipe, items)
        _check_disk(project, items, forecasts)
        account = Account(project)
        account.expect(forecasts)
        listener.planned(items, forecasts)
        for index, item in enumerate(items):
            if item.manifest is None:
                items[index] = _make(item, items, recipe, project, account, listener, is_quiet=is_quiet)
    return items


def _check_disk(project: Project, items: Sequence[Resolved], forecasts: Mapping[str, Forecast]) -> None:
    held = {item.name: folder_bytes(partial_folder(item.folder)) for item in items}  # by runs that were interrupted
    needed = sum(max(0.0, forecast.disk_bytes - held[name]) for name, forecast in forecasts.items())
    free = shutil.disk_usage(project.root).free
    if needed > free:
        raise ResourceError(
            f"{project.root} has {short_bytes(free)} free, and the brew is forecast to need {short_bytes(needed)}",
            hint=f"free some space; `{as_typed('samovar', 'status', project.root)}` names the artifacts that no longer "
            "are in use",
        )


def _make(
    item: Resolved,
    items: list[Resolved],
    recipe: Recipe,
    project: Project,
    account: Account,
    listener: Listener,
    *,
    is_quiet: bool,
) -> Resolved:
    listener.starts(item)
    give_back_freed_memory()
    memory = StageMemory()
    try:
        manifest = run_stage(
            item.stage,
            folder=item.folder,
            config=item.config,
            input_ids=item.inputs,
            context=lambda out: StageContext(recipe, project.root, item.reads, out, is_quiet, account.stages),
            watts=recipe.power_watts,
        )
    except BaseException:
        listener.failed(item, [other.name for other in items if other.manifest is not None])
        raise
    account.record(manifest, memory.taken_bytes())
    _remove_stale_partials(item)
    listener.made(item, account.stages[item.name])
    return replace(item, manifest=manifest)


def run_stage(
    stage: Stage,
    *,
    folder: Path,
    config: Mapping[str, Any],
    input_ids: Mapping[str, str],
    context: Callable[[Path], StageContext],
    watts: float | None = None,
) -> Manifest:
    """Make one artifact at ``folder``, with its manifest."""

    def make(out: Path) -> Mapping[str, Any]:
        if not stage.resumes:
            _empty(out)
        return run_together(stage, context(out))

    return make_artifact(
        folder, stage=stage.name, version=stage.version, config=config, inputs=input_ids, make=make, watts=watts
    )


def _empty(folder: Path) -> None:
    """Drop what an interrupted run left, but for the time it took."""
    with naming_os_errors(folder):
        for path in folder.iterdir():
            if not path.is_dir():
                path.unlink()
            elif path.name != SCRATCH:
                shutil.rmtree(path)


def _remove_stale_partials(item: Resolved) -> None:
    """Drop what interrupted runs of older recipes left of this stage: this recipe's artifact has replaced them."""
    for partial in item.folder.parent.glob(f"{item.name}-*.partial"):
        shutil.rmtree(partial)


def unused_artifacts(project: Project, items: list[Resolved]) -> list[Path]:
    """Folders of artifacts that the recipe, as it is now, does not lead to."""
    used = {item.folder for item in items} | {partial_folder(item.folder) for item in items}
    return sorted(path for path in project.artifacts.glob("*-*") if path not in used)

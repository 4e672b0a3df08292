"""An artifact is a directory with a manifest; its id is a hash of all that determines it.

It is made in ``<stage>-<id>.partial`` and renamed when whole, so a reader never sees half of one and an
interrupted maker finds its own work again. What the maker needs only to go on (a checkpoint, packed rows) it keeps in
``scratch``, which goes when the manifest is written; what the next run on the same folder can use, in ``.samovar``.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from samovar import __version__
from samovar.core.energy import EnergyMeter
from samovar.core.errors import CorruptError
from samovar.core.files import fingerprint, naming_os_errors, read_json, write_json

MANIFEST = "manifest.json"
SCRATCH = "scratch"
STATE = ".samovar"
CLOCK = "seconds.json"

_ID_DIGITS = 12
"""A fingerprint of files has 64."""


class Manifest(BaseModel):
    """What an artifact is, what it was made from, and what making it cost."""

    model_config = ConfigDict(frozen=True)

    stage: str
    id: str = Field(description="first 12 hexadecimal digits of the hash of stage, version, config and inputs")
    version: int = Field(description="of the stage's code: raised when its output changes")
    config: dict[str, Any]
    inputs: dict[str, str] = Field(description="name of the input -> id of the artifact, or fingerprint of the files")
    metrics: dict[str, Any] = {}
    seconds: float = Field(0.0, description="wall time spent, summed over interrupted runs")
    joules: float = Field(
        0.0,
        validation_alias=AliasChoices("joules", "joules_estimated"),
        description="energy; of interrupted runs, whose counts are lost, at the mean power of the last one",
    )
    joules_source: str = Field(
        "estimate", description="counters that measured it (rapl, nvml, nvidia-smi), 'estimate', or 'stated' power"
    )
    size_bytes: int = 0
    samovar: str = __version__
    made_at: str = Field("", description="UTC, ISO 8601")

    @property
    def made_of(self) -> frozenset[str]:
        """Ids of the artifacts among its inputs."""
        return frozenset(given for given in self.inputs.values() if len(given) == _ID_DIGITS)


def artifact_id(stage: str, version: int, config: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """The id of what ``stage`` would make of ``inputs`` under ``config``."""
    digits = fingerprint({"stage": stage, "version": version, "config": dict(config), "inputs": dict(inputs)})
    return digits[:_ID_DIGITS]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the artifact in ``folder``.

    Raises:
        MissingError: there is none.
        CorruptError: it is damaged.
    """
    value = read_json(folder / MANIFEST)
    try:
        return Manifest.model_validate(value)
    except ValidationError as error:
        raise CorruptError(
            f"{folder / MANIFEST} is damaged: {error}", hint=f"delete {folder} and make it again"
        ) from error


def partial_folder(folder: Path) -> Path:
    """Where the artifact that will be ``folder`` is being made."""
    return folder.with_name(folder.name + ".partial")


def is_whole(folder: Path) -> bool:
    """Whether the artifact in ``folder`` was finished."""
    return (folder / MANIFEST).is_file()


def make_artifact(
    folder: Path,
    *,
    stage: str,
    version: int,
    config: Mapping[str, Any],
    inputs: Mapping[str, str],
    make: Callable[[Path], Mapping[str, Any]],
    watts: float | None = None,
) -> Manifest:
    """Run ``make(partial)`` and put what it wrote at ``folder``, with a manifest.

    ``make`` returns the metrics. It may find files that an interrupted run left in ``partial``. When it raises, they
    stay there, and ``folder`` does not appear. ``watts`` is the machine's power where the user states it.
    """
    partial = partial_folder(folder)
    with naming_os_errors(partial):
        if not is_whole(partial):
            with _counting_seconds(partial) as seconds_before:
                started = time.monotonic()
                with EnergyMeter(watts) as meter:
                    metrics = make(partial)
                own_seconds = time.monotonic() - started
                seconds = seconds_before + own_seconds
            manifest = Manifest(
                stage=stage,
                id=artifact_id(stage, version, config, inputs),
                version=version,
                config=dict(config),
                inputs=dict(inputs),
                metrics=dict(metrics),
                seconds=round(seconds, 3),
                joules=round(meter.energy.joules * seconds / max(own_seconds, 1e-9), 1),
                joules_source=meter.energy.source,
                size_bytes=folder_bytes(partial) - folder_bytes(partial / SCRATCH) - folder_bytes(partial / STATE),
                made_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            )
            write_json(partial / MANIFEST, manifest.model_dump())
        shutil.rmtree(partial / SCRATCH, ignore_errors=True)
        put_in_place(partial, folder)
    return read_manifest(folder)


def put_in_place(new: Path, folder: Path) -> None:
    """Rename ``new`` to ``folder``. What was there before is whole until then, and goes afterwards."""
    old = folder.with_name(folder.name + ".old")
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.replace(old)
    new.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


def recover(folder: Path) -> None:
    """Undo what a crash between the two renames of ``put_in_place`` left."""
    old = folder.with_name(folder.name + ".old")
    if old.is_dir():
        if folder.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.replace(folder)


@contextmanager
def _counting_seconds(partial: Path) -> Iterator[float]:
    """Give the seconds that interrupted runs spent, and keep count of this one.

    A run that was killed could not write down when: the newest file it left tells.
    """
    clock = partial / SCRATCH / CLOCK
    before = 0.0
    if clock.is_file():
        earlier = read_json(clock)
        newest = max(path.stat().st_mtime for path in partial.rglob("*") if path.is_file())
        before = earlier["before"] + max(0.0, newest - earlier["started"])
    clock.parent.mkdir(parents=True, exist_ok=True)
    write_json(clock, {"before": before, "started": time.time()})
    try:
        yield before
    finally:
        clock.touch()


def folder_bytes(folder: Path) -> int:
    """Total size of the files below ``folder``; 0 when there is none."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

"""What a training run is doing, read from the files that it leaves: nothing is asked of the run itself."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from samovar.brew.forecast import Machine
from samovar.brew.hardware import find_accelerator
from samovar.brew.project import RECIPE_FILE, Project
from samovar.core.artifact import MANIFEST, partial_folder
from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import read_json

METRICS, RUN = "metrics.jsonl", "run.json"
"""As training writes them (train/journal.py, whose import would bring TensorBoard)."""
RECENT_SECONDS = 60.0
"""Over which the speed is taken."""
SMOOTHING = 0.1
"""Weight of a new loss in the running mean."""

State = Literal["waiting", "running", "stopped", "finished"]


class Point(NamedTuple):
    """A value after this many tokens."""

    tokens: float
    value: float


@dataclass(slots=True)
class Rows:
    """What is kept of a run's rows: numbers for the curves, and the last of everything else."""

    tokens: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    validation: list[Point] = field(default_factory=list)
    smoothed_loss: float | None = None
    last: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, str] = field(default_factory=dict)

    def add(self, row: dict[str, Any]) -> None:
        """Take one row of metrics.jsonl."""
        self.last = row
        self.tokens.append(float(row["tokens"]))
        self.seconds.append(float(row["seconds"]))
        self.loss.append(float(row["loss"]))
        self.gradient_norm.append(float(row.get("gradient_norm", 0.0)))
        before = self.smoothed_loss
        self.smoothed_loss = self.loss[-1] if before is None else before + SMOOTHING * (self.loss[-1] - before)
        if row.get("validation_loss") is not None:
            self.validation.append(Point(self.tokens[-1], float(row["validation_loss"])))
        found = {name: value for name, value in row.items() if name.startswith("sample") and isinstance(value, str)}
        self.samples = found or self.samples

    def tokens_per_second(self) -> float | None:
        """Over the last minute of the run; None before its second row."""
        if len(self.tokens) < 2:
            return None
        first = len(self.seconds) - 2
        while first > 0 and self.seconds[-1] - self.seconds[first] < RECENT_SECONDS:
            first -= 1
        seconds = self.seconds[-1] - self.seconds[first]
        return (self.tokens[-1] - self.tokens[first]) / seconds if seconds > 0 else None


class Tail:
    """The rows of a metrics.jsonl that grows: each call reads what was added since the last one.

    A run that goes on from a checkpoint writes the file anew: then everything is read again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = Rows()
        self._inode = -1
        self._offset = 0
        self._rest = b""

    def read(self) -> Rows:
        """All rows so far; a last line that is not whole yet waits for its end."""
        try:
            with self.path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._inode or status.st_size < self._offset:
                    self.rows, self._inode, self._offset, self._rest = Rows(), status.st_ino, 0, b""
                file.seek(self._offset)
                added = file.read()
        except FileNotFoundError:
            return self.rows
        self._offset += len(added)
        *lines, self._rest = (self._rest + added).split(b"\n")
        for line in lines:
            if line.strip():
                self._add(line)
        return self.rows

    def _add(self, line: bytes) -> None:
        try:
            self.rows.add(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptError(f"{self.path} has a damaged line: {line[:80]!r}", hint="delete that line") from error


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a dashboard shows of one moment."""

    state: State
    stage: str = ""
    folder: Path | None = None
    making: str | None = None
    """What is being made instead, while no training has begun."""
    rows: Rows = field(default_factory=Rows)
    about: dict[str, Any] = field(default_factory=dict)
    mfu: float | None = None
    peak_source: str = ""
    idle_seconds: float = 0.0
    """Since the last row was written."""

    @property
    def total_tokens(self) -> float | None:
        """Of the whole run; None where the run did not say."""
        return self.about.get("tokens")

    @property
    def seconds_left(self) -> float | None:
        """At the speed of the last minute."""
        speed = self.rows.tokens_per_second()
        if not (speed and self.total_tokens and self.rows.tokens):
            return None
        return max(0.0, self.total_tokens - self.rows.tokens[-1]) / speed

    @property
    def memory_bytes(self) -> int | None:
        """As the run wrote it, else of its process."""
        found = self.rows.last.get("memory_bytes")
        return int(found) if found is not None else _resident_bytes(self.about.get("process"))


class Watch:
    """Follows the newest training run of a project, or the run in one folder."""

    def __init__(self, root: Path) -> None:
        """Watch ``root``.

        Raises:
            MissingError: it is neither a project nor a folder that training writes or will write.
        """
        self._root = root
        self._project = Project(root) if (root / RECIPE_FILE).is_file() else None
        if self._project is None and not any(path.is_dir() for path in (root, partial_folder(root))):
            raise MissingError(f"{root} does not exist", hint="name a project, or the folder that training writes")
        if self._project is None and self._newest() is None:
            raise MissingError(
                f"{root} is no project and has no {METRICS}", hint="name a project, or the folder that training writes"
            )
        self._tail: Tail | None = None

    def look(self) -> Picture:
        """What there is to see now."""
        folder = self._newest()
        if folder is None:
            return Picture("waiting", making=self._making())
        path = folder / METRICS
        if self._tail is None or _run_name(self._tail.path.parent) != _run_name(folder):
            self._tail = Tail(path)
        self._tail.path = path  # a folder is renamed when its artifact is whole
        rows = self._tail.read()
        about = self._about(folder)
        mfu, source = self._mfu(about, rows)
        return Picture(
            state=self._state(folder, about),
            stage=about.get("title") or _run_name(folder).rpartition("-")[0] or folder.name,
            folder=folder,
            rows=rows,
            about=about,
            mfu=mfu,
            peak_source=source,
            idle_seconds=max(0.0, time.time() - path.stat().st_mtime) if path.is_file() else 0.0,
        )

    @property
    def is_brewing(self) -> bool:
        """Whether a process works on the project, or on the folder."""
        lock = self._project.lock_file if self._project else self._root.with_name(f"{self._root.name}.lock")
        try:
            return _is_alive(int(lock.read_text()))
        except (OSError, ValueError):
            return False

    def _newest(self) -> Path | None:
        if self._project is None:
            folders = [partial_folder(self._root), self._root]
        else:
            folders = [path for path in self._project.artifacts.glob("*-*") if not path.name.endswith(".old")]
        begun = [(_time(folder), folder) for folder in folders if _time(folder)]
        return max(begun)[1] if begun else None

    def _making(self) -> str | None:
        if self._project is None or not self.is_brewing:
            return None
        partials = sorted(self._project.artifacts.glob("*.partial"), key=lambda path: path.stat().st_mtime)
        return _run_name(partials[-1]).rpartition("-")[0] if partials else None

    def _about(self, folder: Path) -> dict[str, Any]:
        try:
            return dict(read_json(folder / RUN))
        except (MissingError, CorruptError, ValueError):  # an older run, or one that is just being renamed
            return self._from_recipe(folder)

    def _from_recipe(self, folder: Path) -> dict[str, Any]:
        """What a run that left no run.json was to be, by the recipe as it is now."""
        if self._project is None:
            return {}
        from samovar.brew.recipe import load_recipe

        recipe = load_recipe(self._project.recipe_file)
        stage = _run_name(folder).rpartition("-")[0]
        if recipe.base is not None or stage not in {"pretrain", "sft"}:
            return {}
        settings = recipe.pretrain if stage == "pretrain" else recipe.sft
        shape = recipe.model.decoder(recipe.tokenizer.vocab_size)
        context = settings.context or recipe.model.context
        steps = max(1, round(settings.tokens / settings.batch_tokens))
        return {
            "steps": steps,
            "tokens": steps * settings.batch_tokens,
            "context": context,
            "parameters": shape.num_parameters,
            "flops_per_token": shape.flops_per_token(context),
        }

    def _state(self, folder: Path, about: dict[str, Any]) -> State:
        if (folder / MANIFEST).is_file():
            return "finished"
        return "running" if self.is_brewing or _is_alive(about.get("process")) else "stopped"

    def _mfu(self, about: dict[str, Any], rows: Rows) -> tuple[float | None, str]:
        """Share of the peak that training reaches, and where the peak is from."""
        speed, flops = rows.tokens_per_second(), about.get("flops_per_token")
        if not speed or not flops:
            return None, ""
        accelerator = find_accelerator(str(about.get("device", "")))
        if accelerator is not None:
            peak, source = accelerator.flops_per_second * about.get("world_size", 1), "published"
        else:
            machine = Machine(self._project.probe_file if self._project else None)
            known = machine.known("peak", [])
            if known is None:
                return None, ""
            peak, source = known["flops_per_second"], "measured"
        return speed * flops / peak, f"{source} peak {peak / 1e12:.3g} TFLOP/s"


def _run_name(folder: Path) -> str:
    return folder.name.removesuffix(".partial")


def _time(folder: Path) -> float:
    """When training last wrote there; 0 when it never did."""
    times = [path.stat().st_mtime for path in (folder / METRICS, folder / RUN) if path.is_file()]
    return max(times, default=0.0)


def _is_alive(process: Any) -> bool:
    if not isinstance(process, int):
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, and so alive
        return True
    return True


def _resident_bytes(process: Any) -> int | None:
    import psutil

    if not isinstance(process, int):
        return None
    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return None

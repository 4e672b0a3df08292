"""What a training run is doing, read from the files that it leaves: nothing is asked of the run itself."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from samovar.brew.forecast import Machine
from samovar.brew.hardware import find_accelerator
from samovar.brew.project import RECIPE_FILE, Project
from samovar.brew.run_rows import Rows, Tail
from samovar.core.artifact import MANIFEST, partial_folder
from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import read_json
from samovar.train.journal import METRICS, RUN
from samovar.train.trackers import run_name

State = Literal["waiting", "running", "stopped", "finished"]


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
    def whole(self) -> float | None:
        """Where the curve ends: at so many tokens, or at the last iteration; None where the run did not say."""
        return self.about.get("steps") if self.rows.is_by_iterations else self.total_tokens

    @property
    def done(self) -> float:
        """How far the run is, on the same scale."""
        rows = self.rows
        return float(rows.last.get("step", 0)) if rows.is_by_iterations else rows.tokens[-1] if rows.tokens else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the speed of the last minute; of iterations, which may take minutes, at that of the whole run."""
        if self.rows.is_by_iterations:
            return self.rows.seconds[-1] * (self.whole - self.done) / self.done if self.whole and self.done else None
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
        if self._tail is None or run_name(self._tail.path.parent) != run_name(folder):
            self._tail = Tail(path)
        self._tail.path = path  # a folder is renamed when its artifact is whole
        rows = self._tail.read()
        about = self._about(folder)
        mfu, source = self._mfu(about, rows)
        return Picture(
            state=self._state(folder, about),
            stage=about.get("title") or run_name(folder).rpartition("-")[0] or folder.name,
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
        partials = sorted(self._project.artifacts.glob("*.partial"), key=_changed)
        return run_name(partials[-1]).rpartition("-")[0] if partials else None

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
        stage = run_name(folder).rpartition("-")[0]
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


def _time(folder: Path) -> float:
    """When training last wrote there; 0 when it never did."""
    return max(_changed(folder / METRICS), _changed(folder / RUN))


def _changed(path: Path) -> float:
    """When it was last written; 0 where it is not there, or just renamed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


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

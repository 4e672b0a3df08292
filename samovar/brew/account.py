"""Forecast against fact: what each stage was expected to take and took, kept beside the artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samovar.brew.forecast import Forecast
from samovar.brew.project import Project
from samovar.core.artifact import Manifest
from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import read_json, write_json


class Account:
    """The file ``.samovar/brew.json``: one entry a stage, of the artifact that was made last."""

    def __init__(self, project: Project) -> None:
        self._file = project.brew_file
        try:
            stored = read_json(self._file)
        except (MissingError, CorruptError):  # it only informs: start anew
            stored = {}
        self.stages: dict[str, dict[str, Any]] = stored if isinstance(stored, dict) else {}

    def expect(self, forecasts: Mapping[str, Forecast]) -> None:
        """Write down what the stages about to run are expected to take."""
        for stage, forecast in forecasts.items():
            self.stages[stage] = {
                "forecast_seconds": round(forecast.seconds, 1),
                "forecast_memory_bytes": round(forecast.memory_bytes),
                "forecast_disk_bytes": round(forecast.disk_bytes),
            }
        write_json(self._file, self.stages)

    def record(self, manifest: Manifest, memory_bytes: int | None) -> None:
        """Write down what a stage took; of memory None where it cannot be told from what earlier stages took."""
        entry = self.stages.setdefault(manifest.stage, {})
        entry.update(
            id=manifest.id,
            seconds=manifest.seconds,
            memory_bytes=memory_bytes,
            disk_bytes=manifest.size_bytes,
        )
        write_json(self._file, self.stages)

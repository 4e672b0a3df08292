"""What a stage will take on this machine, from speeds measured here by short probes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from samovar import __version__
from samovar.core.artifact import Manifest
from samovar.core.devices import device_name, has_gpu, num_cores, pick_device, processor_name
from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import fingerprint, read_json, write_json
from samovar.core.memory import free_memory

MIB = 2**20
PROCESS_BYTES = 450 * MIB
"""Resident memory of Python with torch loaded, measured; pyarrow and tokenizers add little."""


class Forecast(NamedTuple):
    """What running a stage will take."""

    seconds: float
    memory_bytes: float
    """Peak resident memory of the process; of the GPU, for a stage that trains on one."""
    disk_bytes: float
    """Size of the artifact, and of what is beside it while it is made."""
    yields: Mapping[str, float] = {}
    """Sizes of the output that later stages' forecasts start from."""


class Machine:
    """Speeds of this machine, measured when first asked for and kept in ``cache_file``."""

    def __init__(self, cache_file: Path | None = None) -> None:
        self.cache_file = cache_file
        self._known = self._read()

    def measured(self, what: str, shape: Any, probe: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
        """The result of ``probe``, run once for each machine, ``what`` and ``shape``."""
        key = self._key(what, shape)
        if key not in self._known:
            self._known[key] = {"machine": self.signature, "at": time.strftime("%Y-%m-%d"), **probe()}
            if self.cache_file is not None:
                write_json(self.cache_file, self._known)
        return self._known[key]

    def known(self, what: str, shape: Any) -> Mapping[str, float] | None:
        """What was measured of ``what`` and ``shape`` here; None when nothing was."""
        return self._known.get(self._key(what, shape))

    def _key(self, what: str, shape: Any) -> str:
        return f"{what} {fingerprint([self.signature, shape])[:12]}"

    @cached_property
    def signature(self) -> str:
        """Tells machines, with and without a GPU, and versions of torch apart."""
        gpu = f", {device_name(pick_device())}" if has_gpu() else ""
        return f"{processor_name()}, {num_cores()} cores{gpu}, torch {_torch_version()}, samovar {__version__}"

    @property
    def memory_bytes(self) -> int:
        """Memory that can be had without swapping."""
        return free_memory()

    def _read(self) -> dict[str, Any]:
        if self.cache_file is None:
            return {}
        try:
            known = read_json(self.cache_file)
        except (MissingError, CorruptError):  # it is only a cache: measure again
            return {}
        return known if isinstance(known, dict) else {}


def _torch_version() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return "none"


@dataclass(slots=True)
class Outlook:
    """What the forecast of a stage may look at."""

    root: Path
    machine: Machine
    made: Mapping[str, Manifest] = field(default_factory=dict)
    """Manifests of the stages that are made already."""
    expected: dict[str, Forecast] = field(default_factory=dict)
    """Forecasts of the earlier stages that are not."""

    def quantity(self, stage: str, name: str, otherwise: float = 0.0) -> float:
        """``name`` as an earlier stage measured it, else as its forecast expects it."""
        if stage in self.made and name in self.made[stage].metrics:
            return float(self.made[stage].metrics[name])
        if stage in self.expected:
            return float(self.expected[stage].yields.get(name, otherwise))
        return otherwise

"""How much energy a piece of work took: counted where the machine has counters, else estimated from time and power.

Counters are of the whole processor package and the whole GPU: what else runs on the machine is in them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol

from samovar.core.devices import num_cores

WATTS_PER_CORE = 8.0
"""Stated estimate of what a busy server core draws, for machines without a readable counter."""
POWERCAP = Path("/sys/class/powercap")
_LOOK_EVERY_S = 5.0
"""Often enough for a GPU's power, and for a package's counter, which starts anew every 262 kJ: 40 minutes at 100 W."""
_NO_COUNTER = "estimate"


class Energy(NamedTuple):
    """How much, and how that is known."""

    joules: float
    source: str
    """Counters joined by "+" ("rapl", "nvml", "nvidia-smi"), "estimate" for what has none, "stated" where the user
    named the power."""


class Counter(Protocol):
    """Something that counts joules."""

    name: str

    def take(self) -> float:
        """Joules since the last call, or since the counter was made."""
        ...


class EnergyMeter:
    """Measures what is done inside a ``with``.

    Args:
        watts: the machine's power under load as the user states it, which then is all that counts; by default
            counters, and for the processor without a readable one ``WATTS_PER_CORE``.
        powercap: where Linux shows the packages' counters; they are for root alone on most systems.
    """

    def __init__(self, watts: float | None = None, *, powercap: Path = POWERCAP) -> None:
        self._watts = watts
        self._processor = packages(powercap) if watts is None else []
        self._gpus = gpus() if watts is None else []
        self._joules = {"processor": 0.0, "gpus": 0.0}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._seconds = 0.0

    def __enter__(self) -> EnergyMeter:
        self._began = time.monotonic()
        if self._processor or self._gpus:
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._look()
        self._seconds = time.monotonic() - self._began

    @property
    def energy(self) -> Energy:
        """What was used; to be read after the ``with``."""
        if self._watts is not None:
            return Energy(self._seconds * self._watts, "stated")
        if self._processor:
            joules, sources = self._joules["processor"], [self._processor[0].name]
        else:
            joules, sources = self._seconds * WATTS_PER_CORE * num_cores(), [_NO_COUNTER]
        if self._gpus and _uses_gpu():
            joules += self._joules["gpus"]
            sources.append(self._gpus[0].name)
        return Energy(joules, "+".join(sources))

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            self._look()

    def _look(self) -> None:
        for kind, counters in (("processor", self._processor), ("gpus", self._gpus)):
            for counter in counters:
                with suppress(Exception):  # a driver that is gone has errors of its own, and ends no work of hours
                    self._joules[kind] += counter.take()


def stated_watts() -> float:
    """Power of this machine under load, for forecasts: cores at ``WATTS_PER_CORE``, and the first GPU's limit."""
    return WATTS_PER_CORE * num_cores() + sum(_ask_gpus("power.limit")[:1])


class _Package:
    """A processor package, or its memory, by the running average power limit interface of Linux (Intel and AMD)."""

    name = "rapl"

    def __init__(self, zone: Path) -> None:
        self._file = zone / "energy_uj"
        self._range = int((zone / "max_energy_range_uj").read_text())
        self._last = self._read()

    def take(self) -> float:
        """Joules since the last look; the counter may have started anew once."""
        now = self._read()
        passed = now - self._last
        self._last = now
        return (passed + self._range if passed < 0 else passed) / 1e6

    def _read(self) -> int:
        return int(self._file.read_text())


def packages(powercap: Path = POWERCAP) -> list[Counter]:
    """A counter for every package and every package's memory; none where they cannot be read."""
    found: list[Counter] = []
    for zone in sorted(powercap.glob("intel-rapl:*")):
        with suppress(OSError, ValueError):  # for root alone, or no counter
            name = (zone / "name").read_text().strip()
            if name.startswith("package") or name == "dram":  # cores and graphics are inside of the package
                found.append(_Package(zone))
    return found


class _CountedGpu:
    """A GPU that counts its energy itself, in millijoules."""

    name = "nvml"

    def __init__(self, nvml: Any, handle: Any) -> None:
        self._nvml, self._handle = nvml, handle
        self._last = self._read()

    def take(self) -> float:
        """Joules since the last look."""
        now = self._read()
        passed, self._last = now - self._last, now
        return passed / 1e3

    def _read(self) -> int:
        return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))


class _AskedGpus:
    """All GPUs together: their power as nvidia-smi tells it now, times the time since the last look."""

    name = "nvidia-smi"

    def __init__(self) -> None:
        self._last = time.monotonic()

    def take(self) -> float:
        """Joules since the last look."""
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        return seconds * sum(_ask_gpus("power.draw"))


def gpus() -> list[Counter]:
    """Counters of the GPUs: their own by NVML where the package nvidia-ml-py is, else one that asks nvidia-smi."""
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return [_CountedGpu(pynvml, handle) for handle in handles]
    except Exception:  # no package, no driver, or a GPU that does not count: its errors are a family of their own
        return [_AskedGpus()] if _ask_gpus("power.draw") else []


def _ask_gpus(what: str) -> list[float]:
    """A number for every GPU, as nvidia-smi tells it; none without GPUs."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        answer = subprocess.run(
            [program, f"--query-gpu={what}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        ).stdout
        return [float(line) for line in answer.split()]
    except (OSError, subprocess.SubprocessError, ValueError):  # no driver, or "[N/A]"
        return []


def _uses_gpu() -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda.is_initialized())

"""Energy: counters that stand-ins provide are added up rightly; what has none is estimated, and says so."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from samovar.core import energy
from samovar.core.artifact import Manifest, make_artifact, read_manifest
from samovar.core.devices import num_cores
from samovar.core.energy import WATTS_PER_CORE, EnergyMeter, packages


def zone(root: Path, folder: str, name: str, microjoules: int, largest: int = 10_000_000) -> Path:
    place = root / folder
    place.mkdir(parents=True)
    (place / "name").write_text(f"{name}\n")
    (place / "energy_uj").write_text(f"{microjoules}\n")
    (place / "max_energy_range_uj").write_text(f"{largest}\n")
    return place


def test_packages_and_their_memory_are_counted_and_what_is_inside_of_them_is_not(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 5)
    memory = zone(tmp_path, "intel-rapl:0:1", "dram", 0)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:1", "psys", 7)
    with EnergyMeter(powercap=tmp_path) as meter:
        (package / "energy_uj").write_text("3500000")
        (memory / "energy_uj").write_text("250000")
    assert meter.energy == (pytest.approx(2.75), "rapl")


def test_a_counter_that_starts_anew_loses_nothing(tmp_path: Path) -> None:
    package = zone(tmp_path, "intel-rapl:0", "package-0", 9_000_000)
    (counter,) = packages(tmp_path)
    (package / "energy_uj").write_text("500000")
    assert counter.take() == pytest.approx(1.5), "one to the end of the range, and a half from its beginning"
    assert counter.take() == 0.0


def test_a_counter_that_breaks_does_not_break_the_work(tmp_path: Path) -> None:
    broken, sound = (zone(tmp_path, f"intel-rapl:{number}", f"package-{number}", 0) for number in range(2))
    with EnergyMeter(powercap=tmp_path) as meter:
        (broken / "energy_uj").unlink()
        (sound / "energy_uj").write_text("1500000")
    assert meter.energy == (pytest.approx(1.5), "rapl")


def test_a_counter_for_root_alone_is_no_counter(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    (tmp_path / "intel-rapl:0" / "energy_uj").unlink()
    (tmp_path / "intel-rapl:0" / "energy_uj").mkdir()  # reading it fails, for root too
    assert packages(tmp_path) == []


def test_without_a_counter_it_is_estimated_from_the_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    times = iter([100.0, 160.0])
    monkeypatch.setattr(energy.time, "monotonic", lambda: next(times))
    with EnergyMeter(powercap=tmp_path) as meter:
        pass
    assert meter.energy == (60.0 * WATTS_PER_CORE * num_cores(), "estimate")


def test_a_stated_power_is_all_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    times = iter([0.0, 10.0])
    monkeypatch.setattr(energy.time, "monotonic", lambda: next(times))
    with EnergyMeter(30.0, powercap=tmp_path) as meter:
        pass
    assert meter.energy == (300.0, "stated")


class Nvml(types.ModuleType):
    """Two GPUs; each reading finds the next number of millijoules."""

    def __init__(self) -> None:
        super().__init__("pynvml")
        self.millijoules = {0: [1000, 4000], 1: [500, 1500]}

    def nvmlInit(self) -> None: ...

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: int) -> int:
        numbers = self.millijoules[handle]
        return numbers.pop(0) if len(numbers) > 1 else numbers[0]


def test_gpus_that_count_are_added_where_the_work_used_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 0)
    monkeypatch.setitem(sys.modules, "pynvml", Nvml())
    monkeypatch.setattr(energy, "_uses_gpu", lambda: True)
    with EnergyMeter(powercap=tmp_path) as meter:
        pass
    assert meter.energy == (pytest.approx(4.0), "rapl+nvml")
    monkeypatch.setattr(energy, "_uses_gpu", lambda: False)
    assert meter.energy == (0.0, "rapl"), "a GPU that stood idle is not this work's"


def test_without_nvml_the_driver_s_program_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 200.5\necho 99.5\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setitem(sys.modules, "pynvml", None)
    (counter,) = energy.gpus()
    times = iter([50.0])
    counter._last = 40.0  # type: ignore[attr-defined]
    monkeypatch.setattr(energy.time, "monotonic", lambda: next(times))
    assert counter.take() == pytest.approx(10 * 300.0)
    program.write_text("#!/bin/sh\necho '[N/A]'\n")
    assert energy.gpus() == []


def test_a_manifest_says_how_its_energy_is_known(tmp_path: Path) -> None:
    manifest = make_artifact(
        tmp_path / "a", stage="s", version=1, config={}, inputs={}, make=lambda out: {}, watts=1000.0
    )
    assert manifest.joules_source == "stated"
    assert manifest.joules == pytest.approx(1000.0 * manifest.seconds, abs=2.0)
    assert read_manifest(tmp_path / "a") == manifest


def test_manifests_of_earlier_versions_are_read() -> None:
    old = {"stage": "s", "id": "1", "version": 1, "config": {}, "inputs": {}, "joules_estimated": 5.5}
    manifest = Manifest.model_validate(old)
    assert (manifest.joules, manifest.joules_source) == (5.5, "estimate")
    assert Manifest.model_validate(manifest.model_dump()).joules == 5.5

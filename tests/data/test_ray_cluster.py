"""The real Ray: a cluster of two machines within this one, processes killed, a machine lost, a run interrupted."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from samovar.core.errors import ConfigError
from samovar.data.cluster.node import Job
from samovar.data.cluster.workers import RayWorkers
from samovar.data.corpus_writer import CorpusWriter
from samovar.data.pipeline import unit_stream
from samovar.data.pipeline.plan import make_plan
from samovar.data.pipeline.workers import UnitTask
from samovar.data.settings import DataSettings
from samovar.data.sources import make_sources
from samovar.data.sources.source import units_of
from tests.data.test_ray import WORDS, assert_same, build, text

ray: Any = pytest.importorskip("ray", reason="part of the extra 'ray'")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


class TwoMachines:
    """A head and another machine, of one processor each; the other is there again when it is asked for."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        self._cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        self.address: str = self._cluster.address
        self._other: Any = None

    def start_other(self) -> None:
        if self._other is None:
            self._other = self._cluster.add_node(num_cpus=1)
            self._cluster.wait_for_nodes()

    @property
    def has_other(self) -> bool:
        return self._other is not None

    def lose_other(self) -> None:
        other, self._other = self._other, None
        self._cluster.remove_node(other, allow_graceful=False)

    def end(self) -> None:
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def two_machines() -> Iterator[TwoMachines]:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    machines = TwoMachines()
    yield machines
    machines.end()


@pytest.fixture
def cluster(two_machines: TwoMachines, monkeypatch: pytest.MonkeyPatch) -> TwoMachines:
    two_machines.start_other()
    monkeypatch.setenv("RAY_ADDRESS", two_machines.address)
    monkeypatch.setattr(unit_stream, "BATCH_UNITS", 5)
    return two_machines


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two hundred files, of 100 kB each beside some small ones: seconds of work."""
    (tmp_path / "documents").mkdir()
    for number in range(200):
        words = random.Random(number).choices(WORDS, k=12_000 if number % 4 else 0)
        (tmp_path / "documents" / f"{number:03d}.txt").write_text(text(number) + " ".join(words), encoding="utf-8")
    return tmp_path


def while_it_runs(what: Callable[[], bool]) -> threading.Thread:
    """Does ``what`` again and again until it says that it is done."""

    def work() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end and not what():
            time.sleep(0.02)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def tasks_at_work() -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cmdline()[:1] == ["ray::make_units"]:
                found.append(process)
    return found


def test_two_machines_give_what_one_process_gives(project: Path, cluster: TwoMachines) -> None:
    metrics, local = build(project, "local")
    assert {"exact_dedup: same text as an earlier document", "near_dedup: near-duplicate"} & set(metrics["dropped"])
    same, out = build(project, "by-ray", engine="ray", workers=None)
    assert same == metrics
    assert_same(local, out)


def test_killed_processes_change_nothing(project: Path, cluster: TwoMachines, monkeypatch: pytest.MonkeyPatch) -> None:
    _, local = build(project, "local")
    killed: list[int] = []
    told: list[str] = []
    summary = RayWorkers.summary
    monkeypatch.setattr(RayWorkers, "summary", lambda self: told.append(summary(self)) or told[-1])

    def kill() -> bool:
        for process in tasks_at_work():
            process.kill()
            killed.append(process.pid)
        return len(killed) >= 3

    thread = while_it_runs(kill)
    _, out = build(project, "by-ray", engine="ray", workers=None)
    thread.join()
    assert len(set(killed)) >= 3
    assert "done again" in told[0]
    assert_same(local, out)


def test_a_lost_machine_changes_nothing(project: Path, cluster: TwoMachines) -> None:
    _, local = build(project, "local")

    def lose() -> bool:
        if not tasks_at_work():
            return False
        cluster.lose_other()
        return True

    thread = while_it_runs(lose)
    _, out = build(project, "by-ray", engine="ray", workers=None)
    thread.join()
    assert not cluster.has_other
    assert_same(local, out)


def test_an_interrupted_run_leaves_no_task_and_what_it_has_read(
    project: Path, cluster: TwoMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, local = build(project, "local")
    units = project / "units"
    added: list[str] = []

    def add(self: CorpusWriter, document: Any) -> None:
        added.append(document.id)
        raise KeyboardInterrupt

    steps = ["normalise", {"step": "length", "min_characters": 40}]
    with monkeypatch.context() as patched:
        patched.setattr(CorpusWriter, "add", add)
        with pytest.raises(KeyboardInterrupt):
            build(project, "by-ray", engine="ray", workers=None, units=units, steps=steps)
    assert len(added) == 1
    end = time.monotonic() + 20
    while tasks_at_work() and time.monotonic() < end:
        time.sleep(0.1)
    assert tasks_at_work() == []
    assert list(units.glob("*.units"))
    _, out = build(project, "by-ray", engine="ray", workers=None)
    assert_same(local, out)


def test_what_a_machine_raises_arrives_as_it_was(project: Path, cluster: TwoMachines, tmp_path: Path) -> None:
    plan = make_plan(DataSettings(), root=project)
    (unit, *_) = units_of(make_sources(DataSettings(), project)[0])
    with RayWorkers(plan, tmp_path / "units", None) as workers:
        (tmp_path / "units").mkdir()
        workers._job = ray.put(Job("1", "another", "/", plan))
        with pytest.raises(ConfigError, match="another Samovar") as caught:
            workers.make([UnitTask(unit, plan.unit_key(unit), None)]).result()
    assert type(caught.value) is ConfigError
    assert "pip install" in str(caught.value.hint)

"""The engine ray gives what the local engine gives, byte for byte, whatever is lost on the way.

Most of it is proved on a stand-in that runs tasks in this process; the real Ray, which takes seconds to start, in the
tests marked slow.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from samovar.core.errors import ConfigError, DataError, MissingError, ResourceError
from samovar.data.cluster import node
from samovar.data.cluster import workers as ray_workers
from samovar.data.cluster.band import RayPartition
from samovar.data.cluster.session import Session
from samovar.data.corpus import build_corpus
from samovar.data.document import Document
from samovar.data.duplicates.components import Clusters
from samovar.data.duplicates.partitions import DiskPartition
from samovar.data.forget import parse_rule
from samovar.data.pipeline import ordered, run, unit_stream
from samovar.data.settings import DataSettings
from samovar.data.sources.remote import RemoteUnit
from samovar.data.steps.length import Length
from tests.data.ray_stand_in import StandIn, WorkerCrashedError, lose_every

STEPS: list[Any] = [
    "normalise",
    {"step": "length", "min_characters": 40},
    "redact",
    "exact_dedup",
    "near_dedup",
    {"step": "length", "min_characters": 60},
]
WORDS = ["чай", "самовар", "tea", "pot", "вода", "water", "leaf", "лист", "sugar", "сахар", "cup", "чашка", "lemon"]


def text(number: int) -> str:
    """Texts with copies, near copies, addresses, and some that are too short."""
    body = " ".join(random.Random(number).choices(WORDS, k=60))
    if number % 7 == 0:
        body = " ".join(random.Random(number // 21).choices(WORDS, k=60)) + f" {number // 3}"
    if number % 9 == 4:
        body = " ".join(random.Random(1000 + number // 27).choices(WORDS, k=60))
    elif number % 5 == 0:
        body += f"\nWrite to person{number}@example.org please."
    return "short\n" if number % 11 == 0 else f"{body}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(60):
        path = tmp_path / "documents" / f"{number % 5}" / f"{number:03d}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(number), encoding="utf-8")
        os.utime(path, ns=(10**18 + number, 10**18 + number))
    (tmp_path / "documents" / "noise.bin").write_bytes(bytes(range(256)))
    return tmp_path


@pytest.fixture
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many tasks for little text, runs of local steps always handed out, and a unit in many chunks."""
    monkeypatch.setattr(unit_stream, "BATCH_UNITS", 5)
    monkeypatch.setattr(unit_stream, "BATCH_BYTES", 3000)
    monkeypatch.setattr(ordered, "BATCH_DOCUMENTS", 7)
    monkeypatch.setattr(run, "_MEASURED_CHARACTERS", 1)
    monkeypatch.setattr(run, "_WORTH_A_WORKER_CHARACTERS_PER_S", float("inf"))
    monkeypatch.setattr(node, "CHUNK_BYTES", 500)


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch, small_tasks: None) -> StandIn:
    stand_in = StandIn()
    monkeypatch.setitem(sys.modules, "ray", stand_in)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return stand_in


def build(root: Path, name: str, **changes: Any) -> tuple[dict[str, Any], Path]:
    kept = {key: changes.pop(key) for key in ("units", "rules") if key in changes}
    settings = DataSettings.model_validate({"steps": STEPS, "workers": 1, "validation_share": 0.1, **changes})
    return build_corpus(settings, root=root, out=root / name, progress_quiet=True, **kept), root / name


def assert_same(one: Path, other: Path) -> None:
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in other.iterdir())
    for path in one.iterdir():
        assert path.read_bytes() == (other / path.name).read_bytes(), path.name


@pytest.mark.parametrize("workers", [1, 3, None])
def test_the_corpus_is_that_of_the_local_engine(project: Path, ray: StandIn, workers: int | None) -> None:
    metrics, local = build(project, "local")
    assert {"exact_dedup: same text as an earlier document", "near_dedup: near-duplicate"} <= set(metrics["dropped"])
    same, out = build(project, "by-ray", engine="ray", workers=workers)
    assert same == metrics
    assert_same(local, out)
    assert ray.tasks.count("make_units") >= 12
    assert ray.tasks.count("clean") >= 5
    assert ray.tasks.count("sorted_edges") == 14
    assert ray.is_left


@pytest.mark.parametrize("function", ["make_units", "clean", "sorted_edges"])
def test_lost_tasks_are_done_again(project: Path, ray: StandIn, function: str) -> None:
    metrics, local = build(project, "local")
    ray.before_task = lose_every(3, function=function)
    same, out = build(project, "by-ray", engine="ray")
    assert same == metrics
    assert_same(local, out)


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_machine_that_goes_in_the_middle_of_its_answer_leaves_no_trace(
    project: Path, ray: StandIn, kept: int
) -> None:
    metrics, local = build(project, "local")
    lost: set[str] = set()

    def lose_after(number: int, name: str) -> int | None:
        if number % 4 == 0 and name != "clean":
            lost.add(name)
            return kept
        return None

    ray.lose_after = lose_after
    same, out = build(project, "by-ray", engine="ray")
    assert same == metrics
    assert_same(local, out)
    assert lost == {"make_units", "sorted_edges"}


def test_a_file_that_ends_every_machine_is_named(project: Path, ray: StandIn) -> None:
    ray.before_task = lose_every(1)
    with pytest.raises(ResourceError, match=r"reading documents/0/000\.txt.* ended 3 processes of the cluster"):
        build(project, "by-ray", engine="ray")
    assert ray.is_left
    assert not (project / "by-ray" / "manifest.json").exists()


def test_what_was_read_before_the_end_is_not_read_again(project: Path, ray: StandIn) -> None:
    _, local = build(project, "local")
    units = project / "units"

    def end_late(number: int, name: str) -> None:
        if name == "sorted_edges":
            raise WorkerCrashedError("the power is out")

    ray.before_task = end_late
    with pytest.raises(ResourceError, match="near-duplicates"):
        build(project, "by-ray", engine="ray", units=units)
    ray.before_task = lambda number, name: None
    ray.tasks.clear()
    build(project, "by-ray", engine="ray", units=units)
    assert "make_units" not in ray.tasks
    assert_same(local, project / "by-ray")


def test_new_rules_of_forgetting_do_not_make_all_be_read_again(project: Path, ray: StandIn) -> None:
    units = project / "units"
    build(project, "first", engine="ray", units=units)
    ray.tasks.clear()
    rules = [parse_rule("documents/1/001.txt")]
    build(project, "second", engine="ray", units=units, rules=rules)
    _, local = build(project, "local", rules=rules)
    assert_same(local, project / "second")
    assert "make_units" not in ray.tasks


def test_a_file_that_machines_do_not_see_does_not_vanish(
    project: Path, ray: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "is_as_listed", lambda unit, key, plan: "7" not in unit.name)
    with pytest.raises(ResourceError, match=r"does not see .*documents/2/007\.txt as this one does") as caught:
        build(project, "by-ray", engine="ray")
    assert "s3://" in str(caught.value.hint)


def test_a_file_that_vanishes_is_a_row_as_ever(project: Path, ray: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = project / "documents" / "0" / "000.txt"  # in the first task

    def hide(number: int, name: str) -> None:
        gone.unlink(missing_ok=True)

    ray.before_task = hide
    metrics, out = build(project, "by-ray", engine="ray")
    assert metrics["files_without_documents"] == 2  # noise.bin, and this one
    assert "documents/0/000.txt" in (out / "report.md").read_text(encoding="utf-8")


def test_what_a_store_refuses_a_machine_is_read_here(
    tmp_path: Path, ray: StandIn, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    store = fsspec.filesystem("memory")
    store.store.clear()
    for number in range(1, 10):
        store.pipe(f"/docs/{number}.txt", text(number).encode())
    sources = ["memory://docs"]
    _, local = build(tmp_path, "local", sources=sources)
    read = RemoteUnit._read

    def refused_there(self: RemoteUnit, row: Any) -> Iterator[Document]:
        if ray.on_node and self.name.endswith("3.txt"):
            row.reason = "cannot be read: NoCredentialsError"
            return
        yield from read(self, row)

    monkeypatch.setattr(RemoteUnit, "_read", refused_there)
    settings = DataSettings.model_validate(
        {"steps": STEPS, "validation_share": 0.1, "sources": sources, "engine": "ray"}
    )
    build_corpus(settings, root=tmp_path, out=tmp_path / "by-ray")
    assert_same(local, tmp_path / "by-ray")
    assert "1 files had to be read here (memory://docs/3.txt on " in capfd.readouterr().err
    store.store.clear()


def test_another_version_on_a_machine_is_refused(project: Path, ray: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    version = node.version_here
    monkeypatch.setattr(node, "version_here", lambda: "older" if ray.on_node else version())
    with pytest.raises(ConfigError, match=r"another Samovar, Python or package .*\(older\)"):
        build(project, "by-ray", engine="ray")


@pytest.mark.parametrize("place", ["first", "last"])
def test_what_a_step_raises_there_arrives_here(
    project: Path, ray: StandIn, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def refuse(self: Length, document: Document) -> None:
        if (self.settings.min_characters == 40) == (place == "first") and ray.on_node:
            raise DataError("this cannot be cleaned", hint="leave it")

    monkeypatch.setattr(Length, "judge", refuse)
    with pytest.raises(DataError, match="this cannot be cleaned") as caught:
        build(project, "by-ray", engine="ray")
    assert caught.value.hint == "leave it"
    assert ray.is_left


@pytest.mark.usefixtures("ray")
def test_the_client_of_ray_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(ConfigError, match="cannot stream"):
        build(project, "by-ray", engine="ray")


def test_a_cluster_that_cannot_be_reached_is_said(project: Path, ray: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**options: Any) -> None:
        raise ConnectionError("timed out")

    monkeypatch.setattr(ray, "init", refuse, raising=False)
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.7:6379")
    with pytest.raises(ResourceError, match=r"10\.0\.0\.7:6379 cannot be reached"):
        build(project, "by-ray", engine="ray")


def test_without_ray_the_extra_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingError) as caught:
        build(project, "by-ray", engine="ray")
    assert caught.value.hint == f"{sys.executable} -m pip install 'samovar[ray]'"


@pytest.mark.parametrize("lose_after", [lambda number, name: None, lambda number, name: number if number < 2 else None])
def test_a_band_gives_the_pairs_of_the_partition_on_disk(
    tmp_path: Path, ray: StandIn, lose_after: Callable[[int, str], int | None]
) -> None:
    ray.lose_after = lose_after
    draw = np.random.default_rng(7)
    keys = draw.integers(0, 400, 1000).astype(np.uint64) << np.uint64(40)
    numbers = draw.permutation(1000)
    partitions = [DiskPartition(tmp_path / "band", 64), RayPartition(Session(2), 64)]
    found = []
    for partition in partitions:
        for start in range(0, 1000, 90):
            partition.add(keys[start : start + 90], numbers[start : start + 90].tolist())
        partition.close()
        clusters = Clusters(tmp_path / "parents.bin", 1000)
        for pairs in partition.edges():
            clusters.join(pairs)
        roots = dict(enumerate(range(1000)))
        for block in clusters.members():
            roots.update(zip(block.numbers.tolist(), block.keys.tolist(), strict=True))
        found.append(roots)
    first: dict[int, int] = {}
    for key, number in sorted(zip(keys.tolist(), numbers.tolist(), strict=True)):
        first.setdefault(key, number)
    expected = {number: first[key] for key, number in zip(keys.tolist(), numbers.tolist(), strict=True)}
    assert found[0] == found[1] == expected


def test_bytes_that_do_not_come_are_missed(tmp_path: Path) -> None:
    chunks = ray_workers._Chunks(iter([b"abc", b"defg"]))
    with (tmp_path / "out").open("wb", buffering=0) as file:
        chunks.copy(file, 2)
        chunks.copy(file, 3)
        with pytest.raises(ValueError, match="gave less than it said"):
            chunks.copy(file, 3)
    assert (tmp_path / "out").read_bytes() == b"abcdefg"

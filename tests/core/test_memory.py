"""The memory that is free is the least of the machine's and of what the limits of control groups leave."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from samovar.core import memory
from samovar.core.memory import free_memory

GIB = 2**30


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """16 GiB free, and 2 of swap; control groups lie in a folder."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=16 * GIB))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=2 * GIB))
    monkeypatch.setattr(memory, "_GROUPS", tmp_path / "fs")
    monkeypatch.setattr(memory, "_OWN_GROUPS", tmp_path / "own")
    return tmp_path


def group(folder: Path, *, limit: str | int, used: int, files: int, is_first_version: bool = False) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = ("memory.limit_in_bytes", "memory.usage_in_bytes") if is_first_version else ("memory.max", "memory.current")
    for name, value in zip(names, (limit, used), strict=True):
        (folder / name).write_text(f"{value}\n")
    prefix = "total_" if is_first_version else ""
    # tmpfs counts among "file", and nobody gives it up.
    lines = [f"file {GIB // 2}", f"{prefix}active_file {files // 4}", f"{prefix}inactive_file {files - files // 4}"]
    (folder / "memory.stat").write_text("\n".join(lines))


def test_without_groups_it_is_the_machines(machine: Path) -> None:
    assert free_memory() == 16 * GIB
    assert free_memory(counts_swap=True) == 18 * GIB
    (machine / "own").write_text("0::/user.slice\n")
    assert free_memory() == 16 * GIB, "the group is not to be seen"


def test_where_swap_is_made_as_it_is_wanted_all_memory_can_be_had(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=3 * GIB, total=16 * GIB))
    assert free_memory() == 3 * GIB
    assert free_memory(counts_swap=True) == 16 * GIB


def test_the_tightest_group_above_counts_and_cached_files_are_free(machine: Path) -> None:
    (machine / "own").write_text("0::/a.slice/b.service\n")
    root = machine / "fs"
    group(root / "a.slice" / "b.service", limit="max", used=5 * GIB, files=0)
    assert free_memory() == 16 * GIB
    group(root / "a.slice", limit=8 * GIB, used=6 * GIB, files=3 * GIB)
    assert free_memory() == 5 * GIB
    assert free_memory(counts_swap=True) == 7 * GIB
    group(root / "a.slice" / "b.service", limit=6 * GIB, used=7 * GIB, files=0)
    assert free_memory() == 0


@pytest.mark.parametrize("seen_as", ["docker/0f3c", ""])
def test_the_first_version_in_a_container(machine: Path, seen_as: str) -> None:
    (machine / "own").write_text("5:cpu,cpuacct:/docker/0f3c\n4:memory:/docker/0f3c\n0::/\n")
    group(machine / "fs" / "memory" / seen_as, limit=4 * GIB, used=GIB, files=GIB // 2, is_first_version=True)
    assert free_memory() == 3.5 * GIB


def test_who_may_have_none_of_the_swap_is_not_promised_it(machine: Path) -> None:
    (machine / "own").write_text("0::/pods/pod\n")
    pods, pod = machine / "fs" / "pods", machine / "fs" / "pods" / "pod"
    group(pod, limit=4 * GIB, used=GIB, files=0)
    assert free_memory(counts_swap=True) == 5 * GIB
    group(pods, limit="max", used=GIB, files=0)
    for folder, limit in ((pod, "max"), (pods, 0)):
        (folder / "memory.swap.max").write_text(f"{limit}\n")
        (folder / "memory.swap.current").write_text("0\n")
    assert free_memory(counts_swap=True) == 3 * GIB
    (pods / "memory.swap.max").write_text(f"{GIB}\n")
    assert free_memory(counts_swap=True) == 4 * GIB


@pytest.mark.parametrize(("both", "left"), [(4 * GIB, 3.5 * GIB), (5 * GIB, 4.5 * GIB), (2**63 - 4096, 5.5 * GIB)])
def test_the_first_version_limits_memory_and_swap_together(machine: Path, both: int, left: float) -> None:
    (machine / "own").write_text("4:hugetlb,memory:/docker/0f3c\n")
    folder = machine / "fs" / "memory"
    group(folder, limit=4 * GIB, used=GIB, files=GIB // 2, is_first_version=True)
    (folder / "memory.memsw.limit_in_bytes").write_text(f"{both}\n")
    (folder / "memory.memsw.usage_in_bytes").write_text(f"{GIB}\n")
    assert free_memory() == 3.5 * GIB
    assert free_memory(counts_swap=True) == left


def test_what_the_kernel_gives_up_is_free(machine: Path) -> None:
    """Who read a million files has gigabytes of their names in memory."""
    (machine / "own").write_text("0::/\n")
    group(machine / "fs", limit=8 * GIB, used=7 * GIB, files=0)
    with (machine / "fs" / "memory.stat").open("a") as stat:
        stat.write(f"\nslab_reclaimable {3 * GIB}\nslab_unreclaimable {GIB}\n")
    assert free_memory() == 4 * GIB

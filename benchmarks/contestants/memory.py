"""The most memory that a process and all its children held at one time, and the most disk under a folder."""

from __future__ import annotations

import itertools
import os
import resource
import sys
import threading
from collections import defaultdict
from pathlib import Path
from types import TracebackType

_PROC = Path("/proc")
_EVERY_S = 0.25
_DISK_EVERY_TURNS = 12


class MemoryWatch:
    """Looks at this process and its children four times a second, and remembers the greatest sum.

    Memory that processes share is counted once (the proportional set size that Linux tells). Elsewhere ``peak_bytes``
    is that of this process alone, and ``covers_children`` says so.

    Args:
        folder: whose files are added up, too, every few seconds; none by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.peak_bytes = 0
        self.peak_disk_bytes = 0
        self._folder = folder
        self.most_processes = 0
        self.covers_children = (_PROC / "self" / "smaps_rollup").exists()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if not self.covers_children:
            unit = 1 if sys.platform == "darwin" else 1024
            self.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    def _watch(self) -> None:
        for turn in itertools.count():
            if self._stop.wait(_EVERY_S):
                return
            if self._folder is not None and turn % _DISK_EVERY_TURNS == 0:
                self.peak_disk_bytes = max(self.peak_disk_bytes, held_on_disk(self._folder))
            if not self.covers_children:
                continue
            processes = family(os.getpid())
            self.most_processes = max(self.most_processes, len(processes))
            self.peak_bytes = max(self.peak_bytes, sum(_held_bytes(one) for one in processes))


def family(ancestor: int) -> list[int]:
    """``ancestor``, its children, their children and so on."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                # The name of the program, in brackets, may hold anything; the parent is the second field behind it.
                fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            children[int(fields[1])].append(int(folder.name))
    found = [ancestor]
    for one in found:
        found += children[one]
    return found


def _held_bytes(process: int) -> int:
    try:
        text = (_PROC / str(process) / "smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return 0
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def held_on_disk(folder: Path) -> int:
    """Bytes of all files below ``folder``, as they are allocated."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_blocks * 512
        except OSError:  # it has gone
            continue
    return total

"""How much memory can still be had: of the machine, and under the limits of the control groups of this process.

A container's or a service's limit is not in what the system says of the machine, and who passes it is killed.

Source: docs.kernel.org, admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


class _Names(NamedTuple):
    """What a version of control groups calls its files."""

    limit: str
    used: str
    cached: tuple[str, ...]
    """Lines of memory.stat: of what is used, what only keeps files at hand and is given up when memory is wanted."""


_V1 = _Names("memory.limit_in_bytes", "memory.usage_in_bytes", cached=("total_active_file", "total_inactive_file"))
_V2 = _Names("memory.max", "memory.current", cached=("active_file", "inactive_file"))


def free_memory(*, counts_swap: bool = False) -> int:
    """Bytes of memory that this process can have.

    Args:
        counts_swap: whether what others then lose to the disk is counted: slow, but nobody is killed.
    """
    import psutil

    if counts_swap and sys.platform == "darwin":  # which makes swap as it is wanted
        return int(psutil.virtual_memory().total)
    swap = psutil.swap_memory().free if counts_swap else 0
    return min([int(psutil.virtual_memory().available), *_left_in_groups()]) + int(swap)


def _left_in_groups() -> Iterator[int]:
    """Of each group that has a limit and holds this process, directly or by others."""
    try:
        lines = _OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers in ("", "memory"):
            root, names = (_GROUPS, _V2) if controllers == "" else (_GROUPS / "memory", _V1)
            folder = root / own.lstrip("/")
            # A container may see its own group alone, as the root, under a path that only the machine knows.
            for group in (folder, *folder.parents):
                left = _left(group, names)
                if left is not None:
                    yield left
                if group == root:
                    break


def _left(group: Path, names: _Names) -> int | None:
    """Bytes that a group may still take; None where it has no limit, or cannot be seen."""
    try:
        limit = int((group / names.limit).read_text(encoding="ascii"))
        used = int((group / names.used).read_text(encoding="ascii"))
        stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
        return max(0, limit - used + sum(int(stat[name]) for name in names.cached))
    except (OSError, ValueError, KeyError):  # "max" is no number
        return None

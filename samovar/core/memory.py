"""How much memory can still be had: of the machine, and under the limits of the control groups of this process.

A container's or a service's limit is not in what the system says of the machine, and who passes it is killed.

Source: docs.kernel.org, admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_GROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


class _Count(NamedTuple):
    """Files of a group that say how much it may have and has; of one version of control groups."""

    limit: str
    used: str
    given_up: tuple[str, ...] = ()
    """Lines of memory.stat: of what is used, what only keeps files at hand and is given up when memory is wanted."""


_FILES_V1 = ("total_active_file", "total_inactive_file")
_MEMORY = (
    _Count("memory.max", "memory.current", ("active_file", "inactive_file", "slab_reclaimable")),
    _Count("memory.limit_in_bytes", "memory.usage_in_bytes", _FILES_V1),
)
_SWAP = _Count("memory.swap.max", "memory.swap.current")
_MEMORY_AND_SWAP = _Count("memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes", _FILES_V1)


def free_memory(*, counts_swap: bool = False) -> int:
    """Bytes of memory that this process can have.

    Args:
        counts_swap: whether what others then lose to the disk is counted: slow, but nobody is killed.
    """
    import psutil

    if counts_swap and sys.platform == "darwin":  # which makes swap as it is wanted
        return int(psutil.virtual_memory().total)
    groups = list(_own_groups())
    free = min([int(psutil.virtual_memory().available), *_left(groups, *_MEMORY)])
    if not counts_swap:
        return free
    swap = min([int(psutil.swap_memory().free), *_left(groups, _SWAP)])  # containers often may have none of it
    return min([free + swap, *_left(groups, _MEMORY_AND_SWAP)])


def _own_groups() -> Iterator[Path]:
    """The folders of all groups that hold this process, directly or by others."""
    try:
        lines = _OWN_GROUPS.read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            root = _GROUPS / "memory" if controllers else _GROUPS
            folder = root / own.lstrip("/")
            # A container may see its own group alone, as the root, under a path that only the machine knows.
            for group in (folder, *folder.parents):
                yield group
                if group == root:
                    break


def _left(groups: Iterable[Path], *counts: _Count) -> Iterator[int]:
    """Bytes that each group may still have; nothing of those that have no limit, or cannot be seen."""
    for group in groups:
        for count in counts:
            try:
                limit = int((group / count.limit).read_text(encoding="ascii"))
                used = int((group / count.used).read_text(encoding="ascii"))
                lines = (group / "memory.stat").read_text(encoding="ascii").splitlines() if count.given_up else []
            except (OSError, ValueError):  # "max" is no number
                continue
            stat = dict(line.split(" ", 1) for line in lines)
            yield max(0, limit - used + sum(int(stat.get(name, 0)) for name in count.given_up))

"""The processes of a run, as torchrun started them: how they find each other, wait, and tell that they failed.

They agree over the store that torchrun keeps: a wait there may take hours, as long as the first process cleans data.
Tensors go through torch's process group, where a wait of ``TIMEOUT`` means that somebody is gone.
"""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from samovar.core.errors import ConfigError, ResourceError

if TYPE_CHECKING:
    from torch.distributed import Store

TIMEOUT = timedelta(minutes=10)
"""How long a process waits for another within a step; more than the slowest step, checkpoint or sample takes."""
GRACE_S = 10.0
"""How long a process that failed waits for the first one to tell of it, and the first for the words of another."""
_POLL_S = 0.2
_RETRY = "the same command goes on from the last checkpoint"


class World:
    """All processes of a run, seen from one of them; by itself, one process alone."""

    def __init__(self, rank: int = 0, size: int = 1, local_rank: int = 0, store: Store | None = None) -> None:
        self.rank, self.size, self.local_rank = rank, size, local_rank
        self._store = store
        self._calls = self._rounds = 0

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that prints and writes."""
        return self.rank == 0

    def tell(self, key: str, value: str) -> None:
        """Leave ``value`` for the others."""
        if self._store is not None:
            self._store.set(key, value)

    def told(self, *keys: str, timeout_s: float | None = None) -> tuple[str, str] | None:
        """Wait for the first of ``keys`` that somebody told; None when the time is over.

        Raises:
            ResourceError: the machine that keeps the store is gone.
        """
        assert self._store is not None  # alone there is nobody to wait for
        until = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            while True:
                for key in keys:
                    if self._store.check([key]):
                        return key, self._store.get(key).decode()
                if until is not None and time.monotonic() > until:
                    return None
                time.sleep(_POLL_S)
        except RuntimeError as error:
            raise ResourceError(f"the first process of the run is gone: {error}", hint=_RETRY) from error

    def call(self, text: str) -> None:
        """Tell the others what to do next; the first process does."""
        self.tell(f"call/{self._calls}", text)
        self._calls += 1

    def next_call(self) -> str | None:
        """What the first process calls for next, however long that takes; None when its command is over."""
        found = self.told(f"call/{self._calls}", "end")
        self._calls += 1
        return None if found is None or found[0] == "end" else found[1]

    def end(self) -> None:
        """Tell the others that the command is over, done or failed."""
        self.tell("end", "")

    def report_failure(self, error: BaseException) -> None:
        """Tell the others that this process failed, and of what."""
        self.tell(f"failed/{self.rank}", str(error) or type(error).__name__)

    def failure_of_another(self, timeout_s: float) -> str | None:
        """Which other process failed within this time, and of what."""
        others = [f"failed/{rank}" for rank in range(self.size) if rank != self.rank]
        found = self.told(*others, timeout_s=timeout_s)
        if found is None:
            return None
        return f"process {int(found[0].removeprefix('failed/')) + 1} of {self.size} failed: {found[1]}"

    @contextmanager
    def first_before_others(self) -> Iterator[None]:
        """Run the block in the first process, then in all others: they find what it wrote."""
        if self.size == 1:
            yield
            return
        self._rounds += 1
        key = f"done/{self._rounds}"
        if not self.is_first:
            self._told_or_failed(key)
        yield
        if self.is_first:
            self.tell(key, "")

    def agreed(self, value: str) -> str:
        """What the first process has for ``value``: on machines that differ, others could have come to another."""
        if self.size == 1:
            return value
        self._rounds += 1
        key = f"agreed/{self._rounds}"
        if not self.is_first:
            return self._told_or_failed(key)
        self.tell(key, value)
        return value

    def _told_or_failed(self, key: str) -> str:
        found = self.told(key, "failed/0")
        if found is not None and found[0] != key:
            raise ResourceError(f"the first process failed: {found[1]}", hint=_RETRY)
        return "" if found is None else found[1]

    def connect(self) -> None:
        """Make torch's process group over all processes, once; a GPU each where there are GPUs."""
        import torch
        import torch.distributed as dist

        if self._store is None or dist.is_initialized():
            return
        backend = "gloo"
        if torch.cuda.is_available():
            torch.cuda.set_device(self.local_rank)
            backend = "cpu:gloo,cuda:nccl"
        store = dist.PrefixStore("groups", self._store)
        dist.init_process_group(backend, store=store, rank=self.rank, world_size=self.size, timeout=TIMEOUT)

    def memory_bytes(self) -> float:
        """What this process may use: its GPU's memory, or its share of the machine's."""
        import torch

        if torch.cuda.is_available():
            return float(torch.cuda.get_device_properties(self.local_rank).total_memory)
        import psutil

        return psutil.virtual_memory().total / int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


BY_ITSELF = World()
"""One process, which waits for nobody."""


def number_of_processes() -> int:
    """How many processes torchrun, or whatever else sets its variables, started; 1 without it."""
    needed = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    return int(os.environ["WORLD_SIZE"]) if all(name in os.environ for name in needed) else 1


def refuse_several(size: int, what: str) -> None:
    """See that one process does ``what``.

    Raises:
        ConfigError: there are several.
    """
    if size > 1:
        raise ConfigError(f"{what} by one process, and there are {size}", hint="start the command without torchrun")


def joined() -> World:
    """The processes of this run. Found once: which they are is a matter of how this process was started."""
    return _join()


@functools.cache
def _join() -> World:
    if number_of_processes() == 1:
        return World()
    import torch.distributed as dist

    store, rank, size = next(iter(dist.rendezvous("env://", timeout=TIMEOUT)))
    return World(rank, size, int(os.environ.get("LOCAL_RANK", "0")), dist.PrefixStore("samovar", store))


def leave() -> None:
    """Give back what ``connect`` took, so that torch does not warn of it."""
    import torch.distributed as dist

    if dist.is_initialized():
        dist.destroy_process_group()


@contextmanager
def naming_lost_processes(world: World) -> Iterator[None]:
    """Turn torch's words for a lost process into an error that says which one failed, and how."""
    try:
        yield
    except RuntimeError as error:
        if world.size == 1 or isinstance(error, ResourceError) or not _is_of_the_network(error):
            raise
        words = world.failure_of_another(GRACE_S)
        if words is None:
            words = f"one of the {world.size} processes is gone ({str(error).splitlines()[0]})"
        raise ResourceError(words, hint=f"its own words, if any, stand above; {_RETRY}") from error


def _is_of_the_network(error: Any) -> bool:
    import torch.distributed as dist

    words = str(error).lower()
    return isinstance(error, dist.DistError) or "gloo" in words or "nccl" in words or "peer" in words

"""The connection to Ray: a cluster, or this machine alone; and calls that outlive lost machines."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from samovar.core.errors import ConfigError, ResourceError, SamovarError
from samovar.core.extras import require
from samovar.data.pipeline.workers import num_workers

T = TypeVar("T")

ATTEMPTS = 3
ADDRESS = "RAY_ADDRESS"


class Session:
    """Joins the cluster of ``RAY_ADDRESS``, else one that runs on this machine, else starts one of this machine.

    Raises:
        MissingError: Ray is not installed.
        ConfigError: the address is one of Ray's client, which knows no streams.
        ResourceError: the cluster cannot be reached, or has no processor.
    """

    def __init__(self, wanted: int | None) -> None:
        # What Ray tells its makers of a cluster goes over the network; nobody asked for that.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self.ray = require("ray", extra="ray")
        self._is_ours = not self.ray.is_initialized()
        if self._is_ours:
            self._join(wanted)
        self.num_machines = sum(1 for node in self.ray.nodes() if node["Alive"])
        self.num_processors = int(self.ray.cluster_resources().get("CPU", 0))
        self.num_lost = 0
        """Tasks that went with their process or machine and were done again."""
        self._running: set[Any] = set()
        self._is_over = False
        if not self.num_processors:
            self.leave()
            raise ResourceError("the cluster of Ray has no processors", hint="add machines: ray start --address=...")

    def call(self, make_call: Callable[[], T], *, what: str) -> T:
        """What ``make_call`` gives; called again when a process, a machine or an object of the cluster was lost.

        Raises:
            SamovarError: what the task itself raised.
            ResourceError: it was lost three times.
        """
        errors = self.ray.exceptions
        lost = (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.ObjectLostError,
            errors.OutOfMemoryError,
            errors.ObjectFetchTimedOutError,
        )
        last: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                return make_call()
            except errors.RayTaskError as error:
                if isinstance(error.cause, SamovarError):
                    raise error.cause from None
                raise
            except lost as error:
                if self._is_over:
                    raise
                self.num_lost += 1
                last = error
        raise ResourceError(
            f"{what} ended {ATTEMPTS} processes of the cluster, the last with: {_first_line(last)}",
            hint="such ends come when memory runs out: give machines more, or fewer processors to Ray; run the same "
            "command again, what was read is kept",
        ) from last

    @contextmanager
    def running(self, handle: Any) -> Iterator[Any]:
        """``handle``, a task's, to be cancelled when the session is left before its end."""
        self._running.add(handle)
        try:
            yield handle
        finally:
            self._running.discard(handle)

    def cancel(self) -> None:
        """End the tasks that still run, with their processes: nobody waits for them."""
        self._is_over = True
        for handle in list(self._running):
            with suppress(Exception):  # it may have ended meanwhile
                self.ray.cancel(handle, force=True)

    def leave(self) -> None:
        """Leave the cluster; one that was started here ends."""
        if self._is_ours:
            self.ray.shutdown()

    def _join(self, wanted: int | None) -> None:
        address = os.environ.get(ADDRESS, "")
        if address.startswith("ray://"):
            raise ConfigError(
                f"{ADDRESS} is {address}: Ray's client cannot stream results",
                hint="run the command on a machine of the cluster, or as a job: ray job submit -- samovar data ...",
            )
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        try:
            self.ray.init(address=address or "auto", **quiet)
        except ConnectionError as error:
            if address and address not in {"auto", "local"}:
                raise ResourceError(
                    f"the cluster of Ray at {address} cannot be reached: {_first_line(error)}",
                    hint=f"see `ray status` there; without {ADDRESS} this machine is used alone",
                ) from error
            self.ray.init(address="local", num_cpus=num_workers(wanted), include_dashboard=False, **quiet)


def _first_line(error: Exception | None) -> str:
    return str(error).strip().partition("\n")[0][:300]

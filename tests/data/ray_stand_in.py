"""A stand-in for Ray in this process: tasks run when they are called, on copies of their arguments, and can be lost."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any


class RayError(Exception):
    pass


class WorkerCrashedError(RayError):
    pass


class RayTaskError(RayError):
    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


class Ref:
    """An object of the store."""

    def __init__(self, packed: bytes = b"", error: Exception | None = None) -> None:
        self.packed, self.error = packed, error


class StandIn(ModuleType):
    """What the engine uses of Ray. ``on_node`` is true while a task runs."""

    def __init__(self, *, num_processors: int = 2) -> None:
        super().__init__("ray")
        self.num_processors = num_processors
        self.tasks: list[str] = []
        self.cancelled: list[Any] = []
        self.before_task: Callable[[int, str], None] = lambda number, name: None
        """Called with the number of a task and the name of its function; raises what the task is lost with."""
        self.lose_after: Callable[[int, str], int | None] = lambda number, name: None
        """How many results of a stream come before its task is lost; None for all."""
        self.on_node = False
        self.is_left = False
        self._lock = threading.Lock()
        names = ("NodeDiedError", "ObjectLostError", "OutOfMemoryError", "ObjectFetchTimedOutError")
        self.exceptions = SimpleNamespace(
            RayError=RayError,
            RayTaskError=RayTaskError,
            WorkerCrashedError=WorkerCrashedError,
            **{name: type(name, (RayError,), {}) for name in names},
        )

    def is_initialized(self) -> bool:
        return False

    def init(self, **options: Any) -> None:
        if options["address"] == "auto":
            raise ConnectionError("no cluster here")

    def shutdown(self) -> None:
        self.is_left = True

    def nodes(self) -> list[dict[str, Any]]:
        return [{"Alive": True}]

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.num_processors)}

    def put(self, value: Any) -> Ref:
        return Ref(pickle.dumps(value))

    def get(self, ref: Ref) -> Any:
        if ref.error is not None:
            raise ref.error
        return pickle.loads(ref.packed)

    def cancel(self, handle: Any, *, force: bool) -> None:
        self.cancelled.append(handle)

    def remote(self, **options: Any) -> Callable[[Callable[..., Any]], Any]:
        assert options.pop("max_retries") == 0
        is_stream = options.pop("num_returns", 1) == "streaming"
        assert not options

        def decorate(function: Callable[..., Any]) -> Any:
            def call(*arguments: Any) -> Any:
                refs = self._run(function, arguments, is_stream=is_stream)
                return iter(refs) if is_stream else refs[0]

            return SimpleNamespace(remote=call)

        return decorate

    def _run(self, function: Callable[..., Any], arguments: tuple[Any, ...], *, is_stream: bool) -> list[Ref]:
        with self._lock:
            number, name = len(self.tasks), function.__name__
            self.tasks.append(name)
            try:
                self.before_task(number, name)
            except RayError as error:
                return [Ref(error=error)]
            self.on_node = True
            try:
                given = pickle.loads(
                    pickle.dumps([self.get(one) if isinstance(one, Ref) else one for one in arguments])
                )
                result = function(*given)
                refs = [self.put(one) for one in result] if is_stream else [self.put(result)]
            except Exception as error:
                return [Ref(error=RayTaskError(pickle.loads(pickle.dumps(error))))]
            finally:
                self.on_node = False
            kept = self.lose_after(number, name)
            return refs if kept is None else [*refs[:kept], Ref(error=WorkerCrashedError("lost"))]


def lose_every(period: int, *, function: str = "make_units") -> Callable[[int, str], None]:
    """Loses each task of this function whose number ``period`` divides."""

    def before_task(number: int, name: str) -> None:
        if name == function and number % period == 0:
            raise WorkerCrashedError("the worker died unexpectedly")

    return before_task


def results(stream: Iterator[Ref], ray: StandIn) -> list[Any]:
    """All that a stream gives."""
    return [ray.get(ref) for ref in stream]

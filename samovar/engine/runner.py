"""The step loop in a thread of its own, for callers in asyncio.

A caller leaves a ticket in the inbox and listens; only the loop's thread ever touches the engine.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from collections.abc import Sequence as Many
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

from samovar.core.errors import BusyError, RequestError, SamovarError
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Delta, Sampling

News = Delta | Exception
T = TypeVar("T")


class _Ticket:
    """A request between its caller and the loop."""

    def __init__(self, prompt_ids: Many[int], sampling: Sampling, listener: _Listener) -> None:
        self.prompt_ids = prompt_ids
        self.sampling = sampling
        self.listener = listener
        self.request_id: int | None = None
        self.is_left = False


class _Errand:
    """Work for the loop's thread between two steps."""

    def __init__(self, work: Callable[[Engine], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()

    def run(self, engine: Engine) -> None:
        """Do it; whatever goes wrong is the caller's."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.work(engine))
        except Exception as error:
            self.future.set_exception(error)


class _Listener:
    """Carries news into the event loop of the caller."""

    def __init__(self, wake: Callable[[_Listener, News], None]) -> None:
        self.loop = asyncio.get_running_loop()
        self.news: asyncio.Queue[News] = asyncio.Queue()
        self._wake = wake

    def hear(self, news: News) -> None:
        """Called in the loop's thread."""
        self._wake(self, news)


class EngineRunner:
    """Runs an engine for many callers at once. Close it, or use it in a ``with``, to end its thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._inbox: queue.SimpleQueue[_Ticket | _Errand | None] = queue.SimpleQueue()
        self._tickets: dict[int, _Ticket] = {}
        self._post: defaultdict[asyncio.AbstractEventLoop, list[tuple[_Listener, News]]] = defaultdict(list)
        self._is_closing = False
        self._lock = threading.Lock()
        """Keeps every ticket in front of the mark that ends the loop."""
        self._thread = threading.Thread(target=self._run, name="samovar-engine", daemon=True)
        self._thread.start()

    async def stream(self, prompt_ids: Many[int], sampling: Sampling | None = None) -> AsyncGenerator[Delta, None]:
        """The deltas of one request as they come; closing the iterator cancels the request.

        Raises:
            RequestError: the prompt cannot be answered.
            BusyError: the queue is full, or the runner is closed.
        """
        if sampling is not None and sampling.constraint is not None:
            # A grammar that is new may take seconds to compile, in which other streams must go on.
            await asyncio.to_thread(self.engine.check, prompt_ids, sampling)
        listener = _Listener(self._mail)
        ticket = self._submit(prompt_ids, sampling, listener)
        try:
            while True:
                delta = _delta_of(await listener.news.get())
                yield delta
                if delta.finish_reason is not None:
                    return
        finally:
            self._leave(ticket)

    async def complete(self, prompt_ids: Many[int], sampling: Sampling | None = None) -> Completion:
        """The whole answer of one request; cancelling the task cancels it."""
        deltas = [delta async for delta in self.stream(prompt_ids, sampling)]
        return Completion.of(*deltas)

    async def call(self, work: Callable[[Engine], T]) -> T:
        """What ``work`` gives, done in the engine's thread between two steps; its errors are raised here.

        Raises:
            BusyError: the runner is closed.
        """
        return await asyncio.wrap_future(self._send(work).future)

    def close(self) -> None:
        """End the thread; those still waiting get a BusyError."""
        with self._lock:
            self._is_closing = True
            self._inbox.put(None)
        self._thread.join()

    def __enter__(self) -> EngineRunner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _submit(self, prompt_ids: Many[int], sampling: Sampling | None, listener: _Listener) -> _Ticket:
        self.engine.check(prompt_ids, sampling)
        ticket = _Ticket(prompt_ids, sampling or Sampling(), listener)
        with self._lock:
            if self._is_closing:
                raise _closed()
            self._inbox.put(ticket)
        return ticket

    def _send(self, work: Callable[[Engine], Any]) -> _Errand:
        errand = _Errand(work)
        with self._lock:
            if self._is_closing:
                raise _closed()
            self._inbox.put(errand)
        return errand

    def _leave(self, ticket: _Ticket) -> None:
        """Tell the loop that nobody listens any more; after the last delta that changes nothing."""
        ticket.is_left = True
        self._inbox.put(ticket)

    def _run(self) -> None:
        while self._read_inbox():
            try:
                for delta in self.engine.step():
                    self._deliver(delta)
            # Whatever goes wrong in a step, every caller must hear of it and the loop must live on.
            except Exception as error:
                self._fail(error)
            self._send_mail()
        self._fail(_closed())
        self._send_mail()

    def _read_inbox(self) -> bool:
        """Take in what callers left, waiting for it while there is nothing to do; False when it is time to end."""
        while True:
            try:
                ticket = self._inbox.get(block=not self.engine.has_work)
            except queue.Empty:
                return True
            if ticket is None:
                return False
            if isinstance(ticket, _Errand):
                ticket.run(self.engine)
            else:
                self._take(ticket)
            self._send_mail()

    def _take(self, ticket: _Ticket) -> None:
        if ticket.is_left:
            if ticket.request_id is not None:
                self._tickets.pop(ticket.request_id, None)
                self.engine.cancel(ticket.request_id)
            return
        try:
            ticket.request_id = self.engine.add(ticket.prompt_ids, ticket.sampling)
            self._tickets[ticket.request_id] = ticket
        # As in a step: whatever goes wrong with one request, the others are answered.
        except Exception as error:
            ticket.listener.hear(error)

    def _deliver(self, delta: Delta) -> None:
        ticket = self._tickets.get(delta.request_id)
        if ticket is None:
            return
        ticket.listener.hear(delta)
        if delta.finish_reason is not None:
            del self._tickets[delta.request_id]

    def _fail(self, error: Exception) -> None:
        """Tell every caller of ``error`` and begin anew."""
        self.engine.cancel_all()
        for ticket in self._tickets.values():
            ticket.listener.hear(error)
        self._tickets.clear()

    def _mail(self, listener: _Listener, news: News) -> None:
        self._post[listener.loop].append((listener, news))

    def _send_mail(self) -> None:
        """Wake every event loop once a step, not once a delta: a wake-up is a write to a pipe."""
        for loop, letters in self._post.items():
            try:
                loop.call_soon_threadsafe(_hand_out, letters)
            except RuntimeError:  # the caller's loop is closed: nobody listens there any more
                for listener, _ in letters:
                    self._forget(listener)
        self._post.clear()

    def _forget(self, listener: _Listener) -> None:
        for request_id in [number for number, ticket in self._tickets.items() if ticket.listener is listener]:
            del self._tickets[request_id]
            self.engine.cancel(request_id)


def _hand_out(letters: list[tuple[_Listener, News]]) -> None:
    for listener, news in letters:
        listener.news.put_nowait(news)


def _delta_of(news: News) -> Delta:
    """The delta, or the error raised anew for this caller."""
    if isinstance(news, RequestError):
        raise RequestError(news.what, hint=news.hint, code=news.code, param=news.param) from news
    if isinstance(news, SamovarError):
        raise type(news)(news.what, hint=news.hint) from news
    if isinstance(news, Exception):
        raise SamovarError(f"the engine failed: {news}", hint="the engine goes on; try again") from news
    return news


def _closed() -> BusyError:
    return BusyError("the engine is shut down", hint="start it again")

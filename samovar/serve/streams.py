"""Streams that outlive their connection.

A client that sends the header ``Samovar-Resumable: 1`` with a request for a stream gets events with ids,
``<stream>-<number>``. If the connection drops, the answer goes on; ``GET /v1/streams/<stream>`` with the header
``Last-Event-ID`` gives what came after that event, for ``resume_s`` seconds. ``DELETE`` there ends it at once. Of those
who do not send the header nothing is kept: when they leave, their answer ends.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from samovar.core.errors import RequestError
from samovar.serve.context import current_call
from samovar.serve.errors import error_event, log_failure, send_error
from samovar.serve.patience import EVENT_STREAM

ASKING_HEADER = "samovar-resumable"
LAST_EVENT_ID = "Last-Event-ID"
PATH = "/v1/streams/"
MOST_KEPT = 1024
"""Streams kept at once; beyond that the oldest without a reader goes."""
_END_OF_EVENT = b"\n\n"
_NUMBER = re.compile("[0-9]{1,18}")
"""Of an event; a longer one is nobody's, and Python refuses to read one of thousands of figures."""


class Streams:
    """Keeps the streams of those who ask for it, and gives them out again."""

    def __init__(self, app: ASGIApp, *, resume_s: float, max_bytes: int) -> None:
        """Stand before ``app``.

        Args:
            app: what makes the streams.
            resume_s: how long a stream waits for a reader; 0 keeps none.
            max_bytes: of one stream that are kept; of a longer one the beginning is forgotten.
        """
        self._app = app
        self._resume_s = resume_s
        self._max_bytes = max_bytes
        self._kept: dict[str, _Stream] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Begin, resume, end a stream, or pass on."""
        if scope["type"] != "http" or self._resume_s <= 0:
            await self._app(scope, receive, send)
        elif scope["path"].startswith(PATH):
            try:
                await (self.end if scope["method"] == "DELETE" else self.resume)(scope, receive, send)
            except RequestError as error:
                await send_error(error, scope, receive, send)
        elif scope["method"] == "POST" and Headers(scope=scope).get(ASKING_HEADER, "") == "1":
            await self._begin(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def resume(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream from behind the event that is named, as far as it came and as it comes.

        Raises:
            RequestError: there is no such stream or event, or what came is no longer kept.
        """
        stream = self._found(scope)
        await self._read(stream, stream.number_after(Headers(scope=scope).get(LAST_EVENT_ID, "")), receive, send)

    async def end(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End a stream, and the answer that is being made.

        Raises:
            RequestError: there is no such stream.
        """
        self._drop(self._found(scope))
        await Response(status_code=204)(scope, receive, send)

    def _found(self, scope: Scope) -> _Stream:
        stream = self._kept.get(scope["path"].removeprefix(PATH))
        if stream is None or stream.owner != _owner():
            raise RequestError("there is no such stream, or no longer", hint="ask again", code="stream_not_found")
        return stream

    async def _begin(self, scope: Scope, receive: Receive, send: Send) -> None:
        num_surplus = max(0, len(self._kept) + 1 - MOST_KEPT)
        for old in [one for one in self._kept.values() if one.num_readers == 0][:num_surplus]:
            self._drop(old)
        stream = _Stream(owner=_owner(), max_bytes=self._max_bytes)
        self._kept[stream.id] = stream
        stream.task = asyncio.create_task(self._make(stream, scope, receive))
        stream.task.add_done_callback(stream.end)
        await self._read(stream, 0, receive, send)
        if not stream.is_stream:  # a refusal, or an answer in one piece: it is given, and that is all
            self._drop(stream)
            (failure,) = await asyncio.gather(stream.task, return_exceptions=True)
            if stream.says_nothing and isinstance(failure, Exception):
                raise failure  # it is logged and answered further out

    async def _make(self, stream: _Stream, scope: Scope, receive: Receive) -> None:
        await self._app(scope, stream.receiver(receive), stream.send)

    async def _read(self, stream: _Stream, number: int, receive: Receive, send: Send) -> None:
        """Give out the events from ``number`` on, until the end or until this reader leaves."""
        stream.num_readers += 1
        reading = asyncio.create_task(stream.copy_to(send, number))
        leaving = asyncio.create_task(stream.reader_leaves(receive))
        try:
            await asyncio.wait({reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            for task in (reading, leaving):
                task.cancel()
            await asyncio.gather(reading, leaving, return_exceptions=True)
            stream.num_readers -= 1
            asyncio.get_running_loop().call_later(self._resume_s, self._drop_if_alone, stream, stream.num_visits)

    def _drop_if_alone(self, stream: _Stream, num_visits: int) -> None:
        if stream.num_readers == 0 and stream.num_visits == num_visits:
            self._drop(stream)

    def _drop(self, stream: _Stream) -> None:
        self._kept.pop(stream.id, None)
        stream.abandon()


class _Stream:
    """One answer as it is made: its head, and the events so far."""

    def __init__(self, *, owner: str | None, max_bytes: int) -> None:
        self.id = secrets.token_hex(16)
        self.owner = owner
        self.task: asyncio.Task[None]
        self.num_readers = 0
        self.num_visits = 0
        """Readers that ever came: tells whether one has come since."""
        self.is_stream = False
        self._max_bytes = max_bytes
        self._head: Message | None = None
        self._pending = b""
        self._events: deque[bytes] = deque()
        self._num_bytes = 0
        self._num_forgotten = 0
        self._has_ended = False
        self._is_read = asyncio.Event()
        """Set when the body of the request is whole."""
        self._news = asyncio.Event()

    @property
    def says_nothing(self) -> bool:
        """Whether not even the status was given yet."""
        return self._head is None

    @property
    def _num_told(self) -> int:
        """Events so far, forgotten ones too."""
        return self._num_forgotten + len(self._events)

    def receiver(self, receive: Receive) -> Receive:
        """``receive`` for the application: as far as it knows, its client never leaves."""

        async def receive_for_app() -> Message:
            if self._is_read.is_set():
                await asyncio.Event().wait()
            message = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                self._is_read.set()
            return message

        return receive_for_app

    async def send(self, message: Message) -> None:
        """Take in what the application sends."""
        if message["type"] == "http.response.start":
            self.is_stream = Headers(raw=message["headers"]).get("content-type", "").startswith(EVENT_STREAM)
            if self.is_stream:
                MutableHeaders(scope=message)["Samovar-Stream"] = self.id
            self._head = message
        else:
            self._take(message.get("body", b""), is_last=not message.get("more_body", False))
        self._tell()

    def _take(self, body: bytes, *, is_last: bool) -> None:
        if not self.is_stream:
            self._keep(body)
            return
        *events, self._pending = (self._pending + body).split(_END_OF_EVENT)
        if is_last and self._pending:
            events, self._pending = [*events, self._pending], b""
        for event in events:
            self._keep(f"id: {self.id}-{self._num_told}\n".encode() + event + _END_OF_EVENT)

    def _keep(self, event: bytes) -> None:
        self._events.append(event)
        self._num_bytes += len(event)
        while self.is_stream and self._num_bytes > self._max_bytes and len(self._events) > 1:
            self._num_bytes -= len(self._events.popleft())
            self._num_forgotten += 1

    def end(self, task: asyncio.Task[None]) -> None:
        """Nothing more will come: the application is done."""
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Exception) and not self.says_nothing:
            log_failure(error)
        self._has_ended = True
        self._is_read.set()
        self._tell()

    def abandon(self) -> None:
        """Nobody will read it: end the answer that is being made."""
        self.task.cancel()

    def number_after(self, event_id: str) -> int:
        """The number of the first event that the reader lacks.

        Raises:
            RequestError: the id is none of this stream's, or what followed it is forgotten.
        """
        stream_id, _, number = event_id.rpartition("-")
        if not event_id:
            after = 0
        elif stream_id == self.id and _NUMBER.fullmatch(number) and int(number) < self._num_told:
            after = int(number) + 1
        else:
            raise RequestError(f"Last-Event-ID {event_id[:80]!r} is none of this stream", param="Last-Event-ID")
        if after < self._num_forgotten:
            raise _forgotten()
        return after

    async def copy_to(self, send: Send, number: int) -> None:
        """Send head and events from ``number`` on, as they come."""
        self.num_visits += 1
        while self._head is None and not self._has_ended:
            await self._news.wait()
        if self._head is None:  # it failed, or was ended, before it said anything
            return
        await send({**self._head, "headers": list(self._head["headers"])})
        while True:
            for event in await self._from(number):
                if number < self._num_forgotten:
                    await send(_body(error_event(_forgotten()).encode(), is_last=True))
                    return
                await send(_body(event, is_last=False))
                number += 1
            if self._has_ended and number >= self._num_told:
                await send(_body(b"", is_last=True))
                return

    async def reader_leaves(self, receive: Receive) -> None:
        """Returns when the reader's connection is closed."""
        await self._is_read.wait()
        while (await receive())["type"] != "http.disconnect":
            pass

    async def _from(self, number: int) -> list[bytes]:
        """The events from ``number`` on; waits for one, or for the end."""
        while number >= self._num_told and not self._has_ended:
            await self._news.wait()
        return list(self._events)[max(0, number - self._num_forgotten) :]

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def _owner() -> str | None:
    key = current_call().key
    return None if key is None else key.id


def _body(body: bytes, *, is_last: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": not is_last}


def _forgotten() -> RequestError:
    return RequestError("the beginning of this stream is no longer kept", hint="ask again", code="stream_gone")

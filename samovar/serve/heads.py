"""uvicorn's protocol, for clients that never finish saying what they want: it alone waits for ever for a head."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol


class PatientProtocol(H11Protocol):
    """Gives up a connection on which no whole head of a request comes in time."""

    def __init__(self, *arguments: Any, head_timeout_s: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_timeout_s = head_timeout_s
        self._giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is here."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """Some of a request; on a connection that is kept alive perhaps the beginning of the next."""
        super().data_received(data)
        if not self._awaits_head:
            self._stop_waiting()
        elif self._giving_up is None:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client, or the connection, is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    @property
    def _awaits_head(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_head(self) -> None:
        self._giving_up = self.loop.call_later(self._head_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None

    def _give_up(self) -> None:
        self._giving_up = None
        if self._awaits_head:
            self.transport.abort()

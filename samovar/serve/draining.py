"""uvicorn's server, which tells the application that it is to stop."""

from __future__ import annotations

import asyncio
import socket
from types import FrameType

import uvicorn

from samovar.serve.lifetime import Lifetime


class DrainingServer(uvicorn.Server):
    """On the first signal: no new work, running answers get ``drain_s`` seconds, then they are told and cut."""

    def __init__(self, config: uvicorn.Config, lifetime: Lifetime, *, drain_s: float) -> None:
        super().__init__(config)
        self._lifetime = lifetime
        self._drain_s = drain_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by the signal."""
        self._lifetime.drain()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for running answers, as long as they may take."""
        self._lifetime.drain()
        cutting = asyncio.get_running_loop().call_later(self._drain_s, self._lifetime.cut)
        try:
            await super().shutdown(sockets)
        finally:
            cutting.cancel()

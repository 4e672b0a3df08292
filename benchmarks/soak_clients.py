"""What clients do to a server: most ask and read, some leave, dawdle, or send what is no request.

Each way of behaving is a coroutine that says how it ended: ``answered``, ``refused`` (with a status and OpenAI's error
shape), ``left`` (it went by itself), or raises ``BrokenAnswer`` where the server did what it never should.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx

from samovar.serve.load.client import lines_of

PATHS = ("/v1/chat/completions", "/v1/completions")
_WORDS = "a bee flew over the hill and saw seven small houses by the long cold river"
_RESUMING = {"Samovar-Resumable": "1"}
_JUNK = (b"", b"{", b"[]", b'"text"', b"\xff\xfe\x00", b'{"model": 5}', b"{}" * 1000, b"[" * 5000, b'{"a":1e999}')


class BrokenAnswerError(Exception):
    """The server answered as it never should."""


class Client:
    """One client of a server, with chances of its own."""

    def __init__(self, http: httpx.AsyncClient, model: str, seed: int) -> None:
        self._http = http
        self._model = model
        self._draw = random.Random(seed)

    async def act(self) -> tuple[str, str]:
        """Do one thing: what it was, and how it ended."""
        names, weights = zip(*WAYS.items(), strict=True)
        (name,) = self._draw.choices(names, weights)
        way: Callable[[], Awaitable[str]] = getattr(self, f"_{name}")
        return name, await way()

    async def _whole(self) -> str:
        path = self._path()
        return _checked(await self._http.post(path, json=self._body(path)))

    async def _stream(self) -> str:
        path = self._path()
        async with self._http.stream("POST", path, json=self._body(path, stream=True)) as response:
            return await _read(response)

    async def _leave(self) -> str:
        """Close the connection amid a stream."""
        path = self._path()
        async with self._http.stream("POST", path, json=self._body(path, stream=True)) as response:
            if response.status_code != httpx.codes.OK:
                return await _read(response)
            num_wanted = self._draw.randint(0, 6)
            async for _ in lines_of(response):
                num_wanted -= 1
                if num_wanted < 0:
                    break
        return "left"

    async def _lose_patience(self) -> str:
        path, patience_s = self._path(), self._draw.uniform(0.01, 0.3)
        try:
            return _checked(await self._http.post(path, json=self._body(path), timeout=patience_s))
        except httpx.TimeoutException:
            return "left"

    async def _dawdle(self) -> str:
        """Read a stream slower than it is made."""
        path = self._path()
        async with self._http.stream("POST", path, json=self._body(path, stream=True)) as response:
            return await _read(response, pause_s=self._draw.uniform(0.01, 0.1))

    async def _drop_and_resume(self) -> str:
        path = self._path()
        body = self._body(path, stream=True)
        async with self._http.stream("POST", path, json=body, headers=_RESUMING) as response:
            if response.status_code != httpx.codes.OK:
                return await _read(response)
            stream, last, num_wanted = response.headers["Samovar-Stream"], "", self._draw.randint(1, 6)
            line, coming = b"", ""
            async for line in lines_of(response):
                if line.startswith(b"id: "):
                    coming = line[4:].decode()
                if line.startswith(b"data: "):
                    last, num_wanted = coming, num_wanted - 1
                if num_wanted < 0 or line == b"data: [DONE]":
                    break
        if line == b"data: [DONE]":
            return "answered"
        headers = {"Last-Event-ID": last} if last else {}
        async with self._http.stream("GET", f"/v1/streams/{stream}", headers=headers) as response:
            return await _read(response)

    async def _send_junk(self) -> str:
        kind = {"Content-Type": self._draw.choice(["application/json", "application/json", "text/plain", ""])}
        response = await self._http.post(self._path(), content=self._draw.choice(_JUNK), headers=kind)
        return _checked(response, expected=range(400, 500))

    async def _ask_wrongly(self) -> str:
        wrong = self._draw.choice(
            [{"temperature": -1}, {"max_tokens": 0}, {"model": "another"}, {"stop": [1]}, {"stream": "x"}, {"top_p": 5}]
        )
        path = self._path()
        response = await self._http.post(path, json=self._body(path) | wrong)
        return _checked(response, expected=range(400, 500))

    async def _ask_too_much(self) -> str:
        path = self._path()
        response = await self._http.post(path, json=self._body(path, words=4000))
        return _checked(response, expected=range(400, 500))

    async def _break_off(self) -> str:
        """Send half a request on a connection of its own, wait a little, and go."""
        where = urlsplit(str(self._http.base_url))
        _, writer = await asyncio.open_connection(where.hostname, where.port)
        head = f"POST {self._path()} HTTP/1.1\r\nHost: {where.hostname}\r\nContent-Type: application/json\r\n"
        whole = f"{head}Content-Length: 400\r\n\r\n" + '{"model": "' + "x" * 100
        writer.write(whole[: self._draw.randint(1, len(whole))].encode())
        await writer.drain()
        await asyncio.sleep(self._draw.uniform(0, 0.2))
        writer.close()
        return "left"

    async def _look_about(self) -> str:
        path = self._draw.choice(["/v1/models", "/health", "/ready", "/metrics", "/openapi.json", "/"])
        response = await self._http.get(path)
        if response.status_code != httpx.codes.OK:
            raise BrokenAnswerError(f"{path} answered {response.status_code}")
        return "answered"

    def _path(self) -> str:
        return self._draw.choice(PATHS)

    def _body(self, path: str = PATHS[0], *, stream: bool = False, words: int | None = None) -> dict[str, Any]:
        count = self._draw.randint(1, 30) if words is None else words
        text = " ".join(self._draw.choices(_WORDS.split(), k=count))
        asked = {"prompt": text} if path == PATHS[1] else {"messages": [{"role": "user", "content": text}]}
        more = {"stream": True} if stream else {}
        return {"model": self._model, "max_tokens": self._draw.randint(1, 24), "temperature": 1.0, **asked, **more}


WAYS: Mapping[str, int] = {
    "whole": 10,
    "stream": 14,
    "leave": 6,
    "lose_patience": 4,
    "dawdle": 3,
    "drop_and_resume": 4,
    "send_junk": 4,
    "ask_wrongly": 4,
    "ask_too_much": 1,
    "break_off": 3,
    "look_about": 3,
}
"""How often each comes up."""


def _checked(response: httpx.Response, expected: range = range(200, 300)) -> str:
    if response.status_code in {408, 429, 503, 504} or response.status_code in expected:
        if response.status_code < 300:
            response.json()["usage"]
            return "answered"
        _check_error(response.status_code, response.content)
        return "refused"
    raise BrokenAnswerError(f"status {response.status_code}: {response.text[:200]}")


def _check_error(status: int, content: bytes) -> None:
    try:
        error = json.loads(content)["error"]
        _ = error["message"], error["type"], error["code"]
    except (ValueError, KeyError, TypeError) as wrong:
        raise BrokenAnswerError(f"status {status} with {content[:200]!r}") from wrong


async def _read(response: httpx.Response, pause_s: float = 0.0) -> str:
    """A stream must come to its end, or say why it does not."""
    if response.status_code != httpx.codes.OK:
        content = await response.aread()
        if response.status_code not in {404, 408, 410, 429, 503, 504}:
            raise BrokenAnswerError(f"a stream's status is {response.status_code}: {content[:200]!r}")
        _check_error(response.status_code, content)
        return "refused"
    async for line in lines_of(response):
        await asyncio.sleep(pause_s)
        if line == b"data: [DONE]":
            return "answered"
        if line.startswith(b"data: ") and "error" in json.loads(line[6:]):
            return "refused"
    raise BrokenAnswerError("a stream ended without an end")

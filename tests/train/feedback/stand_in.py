"""A server that speaks OpenAI's chat completions as a test has it, well or badly."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.train.tiny_preferences import KIND

Said = str | tuple[int, str] | tuple[int, str, dict[str, str]] | dict[str, Any]
"""What is said: words of the assistant, a status with a body and headers, or a whole choice."""
Script = Callable[[dict[str, Any]], Said]


@dataclass
class StandIn:
    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)


class GoesDown:
    """Says what ``script`` does, until its ``fails_at``-th call."""

    def __init__(self, script: Script, *, fails_at: int = 10**9) -> None:
        self.script, self.fails_at, self.calls = script, fails_at, 0

    def __call__(self, body: dict[str, Any]) -> Said:
        self.calls += 1
        return (503, "gone for tea") if self.calls >= self.fails_at else self.script(body)


@contextmanager
def stand_in(script: Script, *, models: tuple[str, ...] = ("judge-1",)) -> Iterator[StandIn]:
    """Serve on a free port of this machine until the end of the block."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send(200, json.dumps({"data": [{"id": name} for name in models]}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                found.bodies.append(body)
                found.headers.append(dict(self.headers))
                said = script(body)
            if isinstance(said, tuple):
                self._send(*said)
                return
            choice = said if isinstance(said, dict) else {"message": {"role": "assistant", "content": said}}
            self._send(200, json.dumps({"choices": [choice]}))

        def _send(self, status: int, text: str, headers: Mapping[str, str] = {}) -> None:
            data = text.encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            with suppress(ConnectionError):  # who asked may have left
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *arguments: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    found = StandIn(f"http://127.0.0.1:{server.server_address[1]}/v1")
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def with_odds(log_odds: float) -> dict[str, Any]:
    """A choice that says A or B, with the probabilities of both."""
    first = 1 / (1 + math.exp(-log_odds))
    told = [{"token": token, "logprob": math.log(share)} for token, share in (("A", first), ("B", 1 - first))]
    letter = "A" if log_odds > 0 else "B"
    token = {"token": letter, "logprob": told[letter == "B"]["logprob"], "top_logprobs": told}
    return {"message": {"role": "assistant", "content": letter}, "logprobs": {"content": [token]}}


def answers_in(body: Mapping[str, Any]) -> tuple[str, str]:
    """The two answers that a judge is shown."""
    text = next(one["content"] for one in body["messages"] if one["role"] == "user")
    found = []
    for begin, end in (("[Answer A]\n", "\n[End of answer A]"), ("[Answer B]\n", "\n[End of answer B]")):
        found.append(text.split(begin, 1)[1].split(end, 1)[0])
    return found[0], found[1]


def polite(body: Mapping[str, Any]) -> Said:
    """Criticises, revises by adding a polite word, and judges by such words, with a leaning to whoever stands first."""
    said = body["messages"][-1]["content"]
    if "with this rule in mind" in said:
        return "It could be kinder."
    if said.startswith("Now write the answer again"):
        return f"{body['messages'][-4]['content']} please"
    first, second = (sum(word.strip(".") in KIND for word in answer.split()) for answer in answers_in(body))
    return with_odds(2.0 * (first - second) + 0.5)

"""The store of chats is whole after its server was killed in the midst of writing."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from samovar.serve.chats import Chats
from samovar.serve.store import Store

WRITERS, KILLS, ENOUGH = 3, 2, 40
SERVER = """
import sys
from pathlib import Path
from samovar.serve.app import create_app
from samovar.serve.server import listen, uvicorn_config
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
import uvicorn

app = create_app(object(), None, model_id="none", store=Store(Path(sys.argv[1])))
listener = listen("127.0.0.1", 0)
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn_config(app, ServeSettings())).run(sockets=[listener])
"""


@contextmanager
def server(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", SERVER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


class Writer(threading.Thread):
    """Writes numbered messages into a chat of its own until nobody answers; notes which were acknowledged."""

    def __init__(self, url: str, chat_id: str, written: list[str], enough: threading.Semaphore) -> None:
        super().__init__()
        self._url, self._address, self._written, self._enough = url, f"/api/chats/{chat_id}/messages", written, enough

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=30) as http:
            while True:
                place = len(self._written)
                content = f"message {place} " + "words " * (place % 50)
                message = {"role": ("user", "assistant")[place % 2], "content": content}
                try:
                    reply = http.post(self._address, json={"messages": [message], "place": place})
                except httpx.TransportError:
                    return
                assert reply.status_code == 200, reply.text
                self._written.append(content)
                self._enough.release()


def test_every_acknowledged_message_is_there_after_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "chats.sqlite3"
    with closing(Store(path)) as store:
        written = {Chats(store).create("", [], title=f"chat {number}").id: [] for number in range(WRITERS)}
    acknowledged: dict[str, list[str]] = written
    for _ in range(KILLS):
        enough = threading.Semaphore(0)
        with server(path) as (process, url):
            writers = [Writer(url, chat_id, said, enough) for chat_id, said in acknowledged.items()]
            for writer in writers:
                writer.start()
            for _ in range(ENOUGH):
                assert enough.acquire(timeout=60)
            process.send_signal(signal.SIGKILL)
            process.wait()
            for writer in writers:
                writer.join()
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.execute("INSERT INTO words(words) VALUES ('integrity-check')")
        with closing(Store(path)) as store:
            for chat_id, said in acknowledged.items():
                found = [one.content for one in Chats(store).read("", chat_id)[1]]
                assert found[: len(said)] == said
                assert len(found) <= len(said) + 1  # one may have been written, and its writer not told
                assert Chats(store).listed("", words=f"message {len(said) - 1}")
    assert sum(map(len, acknowledged.values())) >= KILLS * ENOUGH

"""A small stand-in for Hugging Face: it serves folders as repositories, as far as its client asks."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories by name, and what was asked for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.folders: dict[str, Path] = {}
        self.gated: set[str] = set()
        self.broken: set[str] = set()
        """Files whose sending breaks off."""
        self.sent: list[str] = []

    def get(self, handler: BaseHTTPRequestHandler, *, has_body: bool) -> None:
        parts = unquote(urlsplit(handler.path).path).strip("/").split("/")
        is_api = parts[:2] == ["api", "models"]
        parts = parts[2:] if is_api else parts
        name, rest = "/".join(parts[:2]), parts[2:]
        if name in self.gated:
            return _refuse(handler, 403, "GatedRepo")
        if name not in self.folders:
            return _refuse(handler, 401, "RepoNotFound")
        revision = rest[1] if len(rest) > 1 else "main"
        if revision not in ("main", COMMIT):
            return _refuse(handler, 404, "RevisionNotFound")
        if is_api:
            return _send(handler, self._about(name), {"Content-Type": "application/json"}, has_body)
        path = self.folders[name].joinpath(*rest[2:])
        if not path.is_file():
            return _refuse(handler, 404, "EntryNotFound")
        content = path.read_bytes()
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        if not has_body:
            return _send(handler, content, headers, has_body)
        self.sent.append(path.name)
        if path.name in self.broken:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content[: len(content) // 2])
            handler.close_connection = True
            return None
        return _send(handler, content, headers, has_body)

    def _about(self, name: str) -> bytes:
        folder = self.folders[name]
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        files = [{"rfilename": str(path.relative_to(folder)), "size": path.stat().st_size} for path in paths]
        about = {"id": name, "modelId": name, "sha": COMMIT, "private": False, "tags": [], "siblings": files}
        return json.dumps(about).encode()


@contextmanager
def hub_server() -> Iterator[Hub]:
    """A running server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            hub.get(self, has_body=True)

        def do_HEAD(self) -> None:
            hub.get(self, has_body=False)

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _send(handler: BaseHTTPRequestHandler, content: bytes, headers: dict[str, str], has_body: bool) -> None:
    handler.send_response(200)
    for key, value in {**headers, "Content-Length": str(len(content))}.items():
        handler.send_header(key, value)
    handler.end_headers()
    if has_body:
        handler.wfile.write(content)


def _refuse(handler: BaseHTTPRequestHandler, status: int, code: str) -> None:
    handler.send_response(status)
    handler.send_header("X-Error-Code", code)
    handler.send_header("Content-Length", "0")
    handler.end_headers()

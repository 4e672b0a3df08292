"""Parsers that are not to be trusted, run in a child process that may be killed.

One child serves many files, so that its start (0.2 s) is paid once. It has a limit of memory, and must give something
(a document, a note) every so often: else it is killed, the file gets a reason, and the next file gets a new child.
Nothing is unpickled here: a child answers in JSON.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from samovar.core.errors import ResourceError
from samovar.core.progress import short_bytes
from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile, UnreadableError
from samovar.data.readers.registry import Format


@dataclass(frozen=True)
class Limits:
    """What a parser may use for a file."""

    silence_s: float = 60.0
    """Seconds without a document or a note, while its reader waits for it."""
    memory_bytes: int = 2 << 30
    """Address space beyond what the process has when it begins with a file."""


LIMITS = Limits()
START_S = 60.0
END_S = 5.0
# The largest answer: a document, as JSON.
_MAX_FRAME_BYTES = 256 << 20

_idle: list[Child] = []
_lock = threading.Lock()


def read_isolated(file: InputFile, format_: Format, limits: Limits | None = None) -> Iterator[Document]:
    """The documents that the reader ``format_`` gives for ``file``, read in a child process.

    Raises:
        UnreadableError: the reader's own reason, or that it crashed, hung, or wanted too much memory.
    """
    child = _take_child()
    is_finished = False
    reason = ""
    try:
        with contextlib.nullcontext(file.path) if file.compression in format_.reads_packed else file.on_disk() as path:
            for answer in child.ask(_request(file, format_, path), limits or LIMITS):
                if (document := answer.get("document")) is not None:
                    yield Document(*document)
                elif "note" in answer:
                    file.account.note(*answer["note"])
                elif "facts" in answer:
                    file.account.format, file.account.encoding = answer["facts"]
                elif "reason" in answer:
                    reason = answer["reason"]
        is_finished = True
        if reason:
            raise UnreadableError(reason)
    finally:
        # One that was left in the middle would go on with a file that nobody wants.
        if is_finished and child.is_alive():
            with _lock:
                _idle.append(child)
        else:
            child.kill()


def _request(file: InputFile, format_: Format, path: Path) -> dict[str, Any]:
    is_same = path == file.path
    return {
        "reader": format_.name,
        "path": os.fspath(path.absolute()),
        "name": file.name,
        "text_field": file.text_field,
        "separator": file.separator,
        "max_document_characters": file.max_document_characters,
        "ocr": file.ocr,
        "meta": file.meta,
        "compression": file.compression if is_same else "",
        "encoding": file.encoding if format_.is_text else "",
    }


def _take_child() -> Child:
    with _lock:
        while _idle:
            child = _idle.pop()
            if child.is_alive():
                return child
            child.kill()
    return Child()


def close_children() -> None:
    """End the children that wait for work. They would end by themselves with this process, where it is killed."""
    with _lock:
        while _idle:
            _idle.pop().kill()


def _forget_children() -> None:
    """A forked process must not talk to the children of the one it came from."""
    global _lock
    _lock = threading.Lock()
    for child in _idle:
        child.disown()
    _idle.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_children)
atexit.register(close_children)


class Child:
    """A process that parses files, one after another."""

    def __init__(self) -> None:
        root = str(Path(__file__).parents[3])
        paths = [root, os.environ.get("PYTHONPATH", "")]
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the child
        self._process = subprocess.Popen(
            [sys.executable, "-m", "samovar.data.readers.isolated_child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            bufsize=0,
        )
        ready = self._frame(START_S)
        if ready is None or ready.get("ready") is not True:
            self._process.kill()
            self._process.wait()
            self._errors.seek(0)
            said = self._errors.read(4000).decode("utf-8", "replace").strip().rpartition("\n")[2]
            self.disown()
            raise ResourceError(f"the process that reads files did not start: {said or 'it said nothing'}")

    def is_alive(self) -> bool:
        """Whether it can take another file."""
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], limits: Limits) -> Iterator[dict[str, Any]]:
        """Its answers to a request, until the last.

        Raises:
            UnreadableError: it broke one of the limits, or crashed.
        """
        request = {**request, "silence_s": limits.silence_s, "memory_bytes": limits.memory_bytes}
        try:
            _write_frame(self._input, request)
        except OSError as error:
            raise UnreadableError(self._epitaph()) from error
        while True:
            answer = self._frame(limits.silence_s)
            if answer is None:
                self.kill()
                raise UnreadableError(f"its parser was stopped: nothing came for {limits.silence_s:g} seconds")
            if answer.get("ended") is True:
                raise UnreadableError(self._epitaph())
            if answer.get("memory") is True:
                self.kill()
                raise UnreadableError(f"its parser wanted more than {short_bytes(limits.memory_bytes)} of memory")
            if answer.get("end") == "":
                return
            yield answer

    def kill(self) -> None:
        """End it."""
        if self.is_alive():
            self._process.kill()
        self._process.wait()
        self.disown()

    def disown(self) -> None:
        """Close this process's ends of its pipes."""
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    @property
    def _input(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    def _epitaph(self) -> str:
        try:
            code = self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            return "its parser crashed"
        if code == -getattr(signal, "SIGALRM", 0):
            return "its parser was stopped: it hung"
        return f"its parser crashed ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"

    def _frame(self, timeout_s: float) -> dict[str, Any] | None:
        """The next answer; None where none comes in time, ``ended`` where the process did."""
        head = self._read(4, timeout_s)
        if head is None:
            return None
        if len(head) < 4:
            return {"ended": True}
        (size_bytes,) = struct.unpack("<I", head)
        if size_bytes > _MAX_FRAME_BYTES:
            return {"ended": True}
        body = self._read(size_bytes, timeout_s)
        if body is None:
            return None
        if len(body) < size_bytes:
            return {"ended": True}
        answer = json.loads(body)
        return answer if isinstance(answer, dict) else {"ended": True}

    def _read(self, size_bytes: int, timeout_s: float) -> bytes | None:
        """So many bytes, fewer where the process ended, None where it was silent for too long."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        pieces: list[bytes] = []
        while size_bytes:
            if not select.select([pipe], [], [], timeout_s)[0]:
                return None
            piece = os.read(pipe, min(size_bytes, 1 << 20))
            if not piece:
                break
            pieces.append(piece)
            size_bytes -= len(piece)
        return b"".join(pieces)


def _write_frame(pipe: IO[bytes], value: dict[str, Any]) -> None:
    body = json.dumps(value).encode()
    data = memoryview(struct.pack("<I", len(body)) + body)
    while data:
        data = data[pipe.write(data) :]

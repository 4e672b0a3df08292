"""The child process in which untrusted files are parsed: requests in, answers out, as ``isolation`` says."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from samovar.data.account import FileAccount
from samovar.data.encoding import without_surrogates
from samovar.data.readers.input_file import InputFile
from samovar.data.readers.problems import why_unread
from samovar.data.readers.registry import format_named


class _Answers:
    """Frames to the parent. While the parser works an alarm is set: one that hangs ends without its parent too."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self.alarm_s = 0

    def send(self, value: dict[str, Any]) -> None:
        _set_alarm(0)  # the parent may take its time
        try:
            body = json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            body = json.dumps(_without_surrogates(value), ensure_ascii=False).encode()
        self._pipe.write(struct.pack("<I", len(body)))
        self._pipe.write(body)
        self._pipe.flush()
        _set_alarm(self.alarm_s)


class _RelayedAccount(FileAccount):
    """Tells the parent of every note at once, which also shows that the parser is alive."""

    answers: _Answers

    def note(self, problem: str, where: str = "") -> None:
        self.answers.send({"note": [problem, where]})


def main() -> None:
    """Serve requests until the parent goes."""
    # Native code may print; nothing but answers may reach the parent.
    answers = _Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers.send({"ready": True})
    requests = sys.stdin.buffer
    while len(head := requests.read(4)) == 4:
        request = json.loads(requests.read(struct.unpack("<I", head)[0]))
        answers.alarm_s = int(request["silence_s"]) + 30
        _serve(request, answers)
        answers.alarm_s = 0
        _set_alarm(0)


def _serve(request: dict[str, Any], answers: _Answers) -> None:
    format_ = format_named(request["reader"])
    account = _RelayedAccount(request["name"], format=format_.name, encoding=request["encoding"])
    account.answers = answers
    file = InputFile(
        Path(request["path"]),
        request["name"],
        account,
        text_field=request["text_field"],
        separator=request["separator"],
        max_document_characters=request["max_document_characters"],
        ocr=request["ocr"],
        meta=request["meta"],
        compression=request["compression"],
    )
    file.encoding = request["encoding"] or file.encoding
    _set_alarm(answers.alarm_s)
    reason = ""
    try:
        with _memory_limit(request["memory_bytes"]):
            for document in format_.read(file):
                answers.send({"document": [document.id, document.text, document.source, document.meta]})
    except MemoryError:
        answers.send({"memory": True})
        return
    except BrokenPipeError:
        sys.exit(0)
    except BaseException as error:  # whatever a library raises over a broken file is said of this file
        # A library in Rust that gives up raises what is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = why_unread(error, format_.name)
    answers.send({"facts": [account.format, account.encoding]})
    if reason:
        answers.send({"reason": reason})
    answers.send({"end": ""})


@contextlib.contextmanager
def _memory_limit(size_bytes: int) -> Iterator[None]:
    """Let the address space grow by so much; without effect where the system cannot."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        old = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + size_bytes, old[1]))
    except (ImportError, OSError, ValueError):
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, old)


def _set_alarm(seconds: int) -> None:
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


if __name__ == "__main__":
    main()

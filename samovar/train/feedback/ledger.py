"""What advisers said, kept in a file as soon as it is said: an interrupted run asks nothing twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from samovar.core.errors import DataError
from samovar.core.files import exclusive_lock, fingerprint, json_line, naming_os_errors
from samovar.core.progress import Progress
from samovar.train.feedback.asking import Adviser, Ask, Reply

_NONSENSE_IN_A_ROW = 20
_LINES_NAMED = 5


class Ledger:
    """A file of JSON Lines: a hash of who was asked what, and the answer."""

    def __init__(self, path: Path) -> None:
        """Open the file, or begin it; a last line cut short by a crash is dropped, other damaged ones are passed over.

        Raises:
            BusyError: another run writes it.
            ResourceError: it may not be written.
        """
        self._known: dict[str, Reply] = {}
        self._path = path
        self._damaged: list[int] = []
        self._closing = ExitStack()
        self._lock_file = path.with_name(f"{path.name}.lock")
        self._closing.enter_context(exclusive_lock(self._lock_file, what=str(path)))
        with naming_os_errors(path):
            whole_bytes = self._read(path)
            self._file = self._closing.enter_context(path.open("ab"))
            self._file.truncate(whole_bytes)

    def get(self, key: str) -> Reply | None:
        """The answer kept under ``key``."""
        return self._known.get(key)

    def put(self, key: str, reply: Reply) -> None:
        """Keep an answer; one that could not be read only until this run ends, so that the next asks again."""
        said = {name: value for name, value in reply._asdict().items() if value not in ("", None)}
        line = json_line({"key": key, **said})
        self._known[key] = reply
        if reply.problem != "unreadable":
            with naming_os_errors(Path(self._file.name)):
                self._file.write(line.encode("utf-8", "replace"))
                self._file.flush()

    def words(self) -> list[str]:
        """A sentence where lines of the file could not be read."""
        if not self._damaged:
            return []
        shown = ", ".join(map(str, self._damaged[:_LINES_NAMED])) + (", …" if len(self._damaged) > _LINES_NAMED else "")
        several = "lines are" if len(self._damaged) > 1 else "line is"
        return [f"{self._path}: {len(self._damaged)} {several} damaged ({shown}): what they held is asked again"]

    def close(self) -> None:
        """Let others write it."""
        self._lock_file.unlink(missing_ok=True)
        self._closing.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self, path: Path) -> int:
        """Read what is there; the length of its lines that have an end, in bytes."""
        if not path.is_file():
            return 0
        whole_bytes = 0
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break
                whole_bytes += len(line)
                entry = _entry(line)
                if entry is None:
                    self._damaged.append(number)
                    continue
                key = entry.pop("key")
                self._known[key] = Reply(**entry)
        return whole_bytes


class Asker:
    """Asks an adviser what the ledger does not know yet."""

    def __init__(self, adviser: Adviser, ledger: Ledger, *, is_quiet: bool = False) -> None:
        self.adviser = adviser
        self._ledger = ledger
        self._is_quiet = is_quiet

    def ask(self, title: str, asks: Sequence[Ask]) -> list[Reply]:
        """The answer to each, in their order; the same question is asked once.

        Raises:
            DataError: nothing that it says is a letter.
            ResourceError, ConfigError: it does not answer; the ledger has what it said before.
        """
        keys = [self._key(ask) for ask in asks]
        new = {key: ask for key, ask in zip(keys, asks, strict=True) if self._ledger.get(key) is None}
        with Progress(title, len(set(keys)), "answers", is_quiet=self._is_quiet or not new) as progress:
            progress.start_at(len(set(keys)) - len(new))
            self.adviser.ask(list(new.values()), self._taker(list(new), progress))
        return [self._known(key) for key in keys]

    def _taker(self, keys: Sequence[str], progress: Progress) -> Callable[[int, Reply], None]:
        nonsense = 0
        one_at_a_time = threading.Lock()

        def take(number: int, reply: Reply) -> None:
            nonlocal nonsense
            with one_at_a_time:
                self._ledger.put(keys[number], reply)
                progress.advance()
                nonsense = nonsense + 1 if reply.problem == "unreadable" else 0
            if nonsense >= _NONSENSE_IN_A_ROW:
                raise DataError(
                    f"{self.adviser.name}: the last {nonsense} answers are none that can be read, the last one "
                    f"{reply.text[:80]!r}",
                    hint="take another model, or see what it is asked in docs/constitution.md",
                )

        return take

    def _key(self, ask: Ask) -> str:
        messages = [message.to_openai() for message in ask.messages]
        drawn = [ask.temperature, ask.seed] if ask.temperature else []
        return fingerprint([self.adviser.name, messages, ask.is_choice, drawn, ask.max_tokens])[:32]

    def _known(self, key: str) -> Reply:
        reply = self._ledger.get(key)
        assert reply is not None
        return reply


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line of the file; None for one that is damaged."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    is_sound = isinstance(value, dict) and isinstance(value.get("key"), str)
    return value if is_sound and value.keys() <= {"key", *Reply._fields} else None

"""Documents kept aside on disk between two passes of a step."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

from samovar.core.files import naming_os_errors
from samovar.data.document import Document


class Spool:
    """Takes documents, then gives them back in the same order, as often as asked. One document is in memory at a time.

    The file is made by this process for this process and goes with it, which is why pickle may be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with naming_os_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb")
        self._reader: IO[bytes] | None = None
        self.count = 0

    def add(self, document: Document) -> int:
        """Keep one more document; gives its position, by which ``at`` finds it again."""
        position = self._file.tell()
        with naming_os_errors(self._path):
            pickle.dump((document.id, document.text, document.source, document.meta), self._file, protocol=5)
        self.count += 1
        return position

    def at(self, position: int) -> Document:
        """The document that ``add`` put at ``position``."""
        if self._reader is None:
            self._reader = self._path.open("rb")
        self._file.flush()
        self._reader.seek(position)
        return Document(*pickle.load(self._reader))

    def __iter__(self) -> Iterator[Document]:
        self._file.flush()
        with self._path.open("rb") as file:
            for _ in range(self.count):
                yield Document(*pickle.load(file))

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._reader is not None:
            self._reader.close()
        self._path.unlink(missing_ok=True)

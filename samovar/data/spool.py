"""Documents kept aside on disk between two passes of a step."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

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
        self.count = 0

    def add(self, document: Document) -> None:
        """Keep one more document."""
        with naming_os_errors(self._path):
            pickle.dump((document.id, document.text, document.source, document.meta), self._file, protocol=5)
        self.count += 1

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
        self._path.unlink(missing_ok=True)

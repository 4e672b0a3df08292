"""Documents that were copied are the documents that they were: told by their contents, where only their times are new.

What a corpus depends on is a fingerprint of names, sizes and times, which is found without reading a file. A project
that is copied, or documents that are fetched anew, have other times and nothing else. So the contents of what was made
into a corpus are remembered; where names and sizes are those of such documents, the contents are compared, once.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.core.errors import CorruptError, MissingError, ResourceError
from samovar.core.files import read_json, write_json
from samovar.data.settings import DataSettings

if TYPE_CHECKING:
    from samovar.data.sources.files import By

FILE = "documents.json"


class SeenDocuments:
    """What a project, or a corpus by itself, remembers of its documents, in the folder ``state``."""

    def __init__(self, state: Path, settings: DataSettings, root: Path) -> None:
        self._file, self._settings, self._root = state / FILE, settings, root

    def fingerprint(self) -> str:
        """Changes when the documents may have: that of names, sizes and times with which they were first seen.

        Raises:
            MissingError: a source does not exist.
        """
        now, known = self._of("times"), self._read()
        if now not in known["times"] and self._of("sizes") in known["sizes"]:
            known["times"][now] = known["contents"].get(self._of("contents"), now)
            with suppress(ResourceError):  # who only serves may not write: then they are compared each time
                write_json(self._file, known)
        return str(known["times"].get(now, now))

    def remember(self) -> None:
        """Read the documents, to know them again by their contents."""
        first, known = self.fingerprint(), self._read()
        known["sizes"] = sorted({*known["sizes"], self._of("sizes")})
        known["contents"].setdefault(self._of("contents"), first)
        write_json(self._file, known)

    def _of(self, by: By) -> str:
        from samovar.data.sources import source_fingerprint

        return source_fingerprint(self._settings, self._root, by)

    def _read(self) -> dict[str, Any]:
        empty: dict[str, Any] = {"times": {}, "sizes": [], "contents": {}}
        try:
            known = read_json(self._file)
        except (MissingError, CorruptError):  # it only spares work
            return empty
        return known if isinstance(known, dict) and known.keys() == empty.keys() else empty

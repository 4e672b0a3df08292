"""What a source of documents can do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from samovar.data.account import ReadingAccount
from samovar.data.document import Document


class Source(Protocol):
    """A place documents come from, always in the same order."""

    label: str

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """Every document, one after another; each file that was met is added to ``account``."""
        ...

    def fingerprint(self) -> dict[str, str]:
        """What changes when the documents may have changed, found without reading them."""
        ...

"""What a source of documents can do, and the units in which it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from samovar.data.account import FileAccount, ReadingAccount
from samovar.data.document import Document


class Unit(Protocol):
    """What is read at once, in one process, and need not be read again while it is the same: mostly a file.

    It can be pickled, to be read in another process.
    """

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def size_bytes(self) -> int:
        """Its size, for progress; 0 where it is not known."""
        ...

    @property
    def reason(self) -> str:
        """Why it is not read; empty when it is."""
        ...

    def identity(self) -> list[Any]:
        """What changes when its documents may have: found without reading it, and JSON-able."""
        ...

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """Its documents; each file that was met is added to ``account``."""
        ...


class Source(Protocol):
    """A place documents come from, always in the same order."""

    label: str

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """Every document, one after another; each file that was met is added to ``account``."""
        ...

    def fingerprint(self) -> dict[str, str]:
        """What changes when the documents may have changed, found without reading them."""
        ...


@dataclass(frozen=True)
class SourceUnit:
    """A source that is read as a whole."""

    source: Source
    size_bytes: int = 0
    reason: str = ""

    @property
    def name(self) -> str:
        """The source's label."""
        return self.source.label

    def identity(self) -> list[Any]:
        """The source's fingerprint."""
        return sorted(self.source.fingerprint().items())

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """All documents of the source."""
        return self.source.documents(account)


@dataclass(frozen=True)
class LeftOut:
    """A unit that is not read."""

    name: str
    size_bytes: int
    reason: str

    def identity(self) -> list[Any]:
        """Its name and the reason."""
        return [self.name, self.reason]

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """None; it is a row of ``account``."""
        account.close_file(FileAccount(self.name, self.size_bytes, reason=self.reason))
        return iter(())


def units_of(source: Source) -> Iterator[Unit]:
    """The units of ``source`` in their order: what its own ``units`` gives, else the source as a whole."""
    own = getattr(source, "units", None)
    return iter([SourceUnit(source)]) if own is None else own()

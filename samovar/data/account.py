"""The account of what was read: one row a file in ``files.jsonl``, and bounded totals for the report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from samovar.core.files import json_line, naming_os_errors
from samovar.data.document import Document
from samovar.data.encoding import without_surrogates

FILES = "files.jsonl"
SHOWN_FILES_A_REASON = 20
MEMBERS_WITH_ROWS = 10_000


@dataclass(slots=True)
class FileAccount:
    """What became of one file. ``notes`` maps a problem to how often it was met and where first.

    An archive has rows of its ``members``, the first ten thousand; its own counts are the sums of theirs.
    """

    file: str
    size_bytes: int = 0
    format: str = ""
    encoding: str = ""
    documents: int = 0
    characters: int = 0
    reason: str = ""
    notes: dict[str, tuple[int, str]] = field(default_factory=dict)
    members: list[FileAccount] = field(default_factory=list)
    may_pass: bool = False
    """Whether the reason is one of the moment: no permission, a network that is down."""

    def add_member(self, member: FileAccount) -> None:
        """Add the finished row of a file inside this one; beyond ten thousand rows only reasons are counted."""
        member.give_reason()
        self.may_pass |= member.may_pass
        if len(self.members) < MEMBERS_WITH_ROWS:
            self.members.append(member)
        elif member.reason:
            self.note(f"in it: {member.reason}", member.file)

    def counted(self, documents: Iterable[Document]) -> Iterator[Document]:
        """The documents of the file, each counted as it passes."""
        for document in documents:
            self.documents += 1
            self.characters += len(document.text)
            yield document

    def give_reason(self) -> None:
        """Say why it gave no document, where it gave none and nobody has said so yet."""
        if not self.documents and not self.reason:
            self.reason = "; ".join(self.notes) or "no text in it"

    def why(self) -> str:
        """Its name, and why it gave no document, with the first place where the reason was met."""
        where = self.notes.get(self.reason, (0, ""))[1]
        return f"{self.file}: {self.reason}{f' ({where})' if where else ''}"

    def note(self, problem: str, where: str = "") -> None:
        """Count one more ``problem`` in the file; the first ``where`` is kept."""
        problem, where = without_surrogates(problem), without_surrogates(where)
        count, first = self.notes.get(problem, (0, where))
        self.notes[problem] = (count + 1, first)

    def row(self) -> dict[str, object]:
        """As written to ``files.jsonl``."""
        notes = [{"problem": problem, "count": count, "first": first} for problem, (count, first) in self.notes.items()]
        return {
            "file": self.file,
            "size_bytes": self.size_bytes,
            "format": self.format,
            "encoding": self.encoding,
            "documents": self.documents,
            "characters": self.characters,
            "reason": self.reason,
            "notes": notes,
        }


class ReadingAccount:
    """Sums over files. It holds counts, and of the files without documents at most twenty names a reason."""

    def __init__(self, out: IO[str] | None = None) -> None:
        self.num_files = self.num_bytes = 0
        self.documents = self.characters = 0
        self.formats: Counter[str] = Counter()
        self.encodings: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.files_by_reason: defaultdict[str, list[str]] = defaultdict(list)
        self.notes: Counter[str] = Counter()
        self.files_by_note: defaultdict[str, list[str]] = defaultdict(list)
        self.last_closed: FileAccount | None = None
        self._out = out

    def close_file(self, file: FileAccount) -> None:
        """Add a file that has been read, or could not be."""
        file.give_reason()
        self.last_closed = file
        self.num_bytes += file.size_bytes
        self.documents += file.documents
        self.characters += file.characters
        self._add_row(file)

    def _add_row(self, file: FileAccount) -> None:
        """Count a file, then those inside it, whose documents and bytes are counted with it."""
        self.num_files += 1
        if file.documents:
            self.formats[file.format] += 1
            if file.encoding:
                self.encodings[file.encoding] += 1
        if file.reason:
            self.reasons[file.reason] += 1
            _keep_name(self.files_by_reason[file.reason], file.file)
        for problem, (count, where) in file.notes.items():
            self.notes[problem] += count
            _keep_name(self.files_by_note[problem], f"{file.file} ({where})" if where else file.file)
        if self._out is not None:
            self._out.write(json_line(file.row()))
        for member in file.members:
            self._add_row(member)

    def why_empty(self) -> str:
        """Which files were seen and why each gave nothing, in a few lines."""
        lines = [
            f"{reason}: {_listed(self.files_by_note.get(reason) or self.files_by_reason[reason], count)}"
            for reason, count in self.reasons.most_common(10)
        ]
        return "\n  ".join(lines)


def _keep_name(names: list[str], name: str) -> None:
    if len(names) < SHOWN_FILES_A_REASON:
        names.append(name)


def _listed(names: list[str], count: int) -> str:
    shown = ", ".join(names[:5])
    return shown if count <= 5 else f"{shown} and {count - 5} more"


@contextmanager
def reading_account(path: Path) -> Iterator[ReadingAccount]:
    """An account that writes its rows to ``path``; the file appears when all is read."""
    temporary = path.with_name(path.name + ".tmp")
    with naming_os_errors(path), temporary.open("w", encoding="utf-8") as out:
        yield ReadingAccount(out)
    temporary.replace(path)

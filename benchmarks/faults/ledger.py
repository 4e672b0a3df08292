"""What was planted where."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from samovar.data.document import Document

EXACT_COPY, NEAR_COPY, PASSAGE = "exact copy", "near copy", "repeated passage"
MOJIBAKE, BOILERPLATE = "mojibake", "boilerplate"
FOREIGN, FOREIGN_PARAGRAPH = "foreign document", "foreign paragraph"
REPETITION, JUNK, TOXIC = "repetition", "junk", "toxic line"
QUESTION, PERSONAL = "benchmark question", "personal data"
KINDS = (
    *(EXACT_COPY, NEAR_COPY, PASSAGE, MOJIBAKE, BOILERPLATE, FOREIGN, FOREIGN_PARAGRAPH),
    *(REPETITION, JUNK, TOXIC, QUESTION, PERSONAL),
)


class Fault(NamedTuple):
    """One thing planted in one document."""

    kind: str
    """One of ``KINDS``."""
    document: str
    """Id of the document that it stands in, or that it is."""
    form: str = ""
    """Its sort within the kind."""
    value: str = ""
    """The planted text, where it is a piece of the document."""
    other: str = ""
    """Id of the document it was taken from."""
    similarity: float = 0.0
    """Of a copy and its original: Jaccard similarity of their runs of five words."""
    truth: str = ""
    """The text before it was damaged."""


class Ledger:
    """All faults of a corpus, by kind and by document."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = list(faults)
        self._by_kind: defaultdict[str, list[Fault]] = defaultdict(list)
        for fault in self.faults:
            self._by_kind[fault.kind].append(fault)

    def of(self, *kinds: str) -> list[Fault]:
        """The faults of these kinds."""
        return [fault for kind in kinds for fault in self._by_kind[kind]]

    def documents(self, *kinds: str) -> set[str]:
        """Documents that have such a fault; originals of copies and of passages are among them."""
        return {name for fault in self.of(*kinds) for name in (fault.document, fault.other) if name}

    @classmethod
    def read(cls, path: Path) -> Ledger:
        """The ledger that ``write`` left."""
        with path.open(encoding="utf-8") as file:
            return cls(Fault(**json.loads(line)) for line in file)

    def write(self, path: Path) -> None:
        """A fault a line, in JSON."""
        with path.open("w", encoding="utf-8") as file:
            for fault in self.faults:
                file.write(json.dumps(fault._asdict(), ensure_ascii=False) + "\n")


class FaultyCorpus(NamedTuple):
    """Documents, what is wrong with them, and the evaluation set of which questions were planted."""

    documents: list[Document]
    ledger: Ledger
    questions: list[dict[str, str]]
    """Rows with ``question`` and ``answer``; planted or not."""

    def write(self, folder: Path) -> None:
        """``documents/<source>``, ``ledger.jsonl`` and ``questions.jsonl`` below ``folder``."""
        rows: defaultdict[str, list[Document]] = defaultdict(list)
        for document in self.documents:
            rows[document.source].append(document)
        for source, documents in rows.items():
            path = folder / "documents" / source
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8") as file:
                for document in documents:
                    file.write(json.dumps({"id": document.id, "text": document.text}, ensure_ascii=False) + "\n")
        self.ledger.write(folder / "ledger.jsonl")
        self.write_questions(folder / "questions.jsonl")

    def write_questions(self, path: Path) -> None:
        """The evaluation set, a row a line."""
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in self.questions)
        path.write_text("".join(lines), encoding="utf-8")

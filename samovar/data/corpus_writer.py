"""Parts documents into training and validation and writes both as Parquet, a row group at a time."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import xxhash

from samovar.core.files import naming_os_errors
from samovar.data.document import Document
from samovar.data.mixture.repeats import EPOCHS, is_repeat, original_id

SPLITS = ("train", "validation")
ROW_GROUP_CHARACTERS = 8 << 20
ROW_GROUP_DOCUMENTS = 4096
FILE_CHARACTERS = 512 << 20
# A single document shorter than this is not cut in two to have something to validate with.
_SPLITTABLE_CHARACTERS = 2000
# Of two documents, one that is so many times as long as the other is not taken for validation in its stead.
_OUTWEIGHS = 10


@dataclass
class SplitCounts:
    """What was written."""

    documents_by_split: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))
    characters_by_split: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SPLITS, 0))

    @property
    def documents(self) -> int:
        """Documents of both splits."""
        return sum(self.documents_by_split.values())

    @property
    def characters(self) -> int:
        """Characters of both splits."""
        return sum(self.characters_by_split.values())


def split_score(document_id: str, seed: int) -> float:
    """A number in [0, 1) from the id: the document is for validation when it lies below the share.

    All copies of a repeated document have the same, lest one is learnt and another asked for.
    """
    return xxhash.xxh3_64_intdigest(original_id(document_id).encode("utf-8", "surrogatepass"), seed=seed) / 2**64


class CorpusWriter:
    """Writes documents in their order; the choice between the splits depends on a document's id alone.

    Neither split stays empty when there are two documents: the one that came nearest to the other side, and is not
    most of the text, is held back until both have one. Of a single document, the end becomes validation.
    """

    def __init__(self, folder: Path, *, validation_share: float, seed: int) -> None:
        self.counts = SplitCounts()
        self._share = validation_share
        self._seed = seed
        self._folder = folder
        self._files = {split: _SplitFiles(folder, split) for split in SPLITS}
        self._held: tuple[float, Document] | None = None

    def add(self, document: Document) -> None:
        """Write ``document`` into its split."""
        score = split_score(document.id, self._seed)
        if EPOCHS in document.meta:
            # It never changes sides, since its copies would stay behind; validation has no use for copies.
            if not (self._split(score) == "validation" and is_repeat(document)):
                self._write(self._split(score), document)
        elif all(self.counts.documents_by_split.values()):
            self._write(self._split(score), document)
        else:
            self._hold(score, document)

    def _split(self, score: float) -> str:
        return "validation" if score < self._share else "train"

    def _hold(self, score: float, document: Document) -> None:
        """Until both splits have a document, keep the one that would change sides with the least harm."""
        if self._held is None:
            self._held = (score, document)
            return
        held_score, held = self._held
        if self._split(score) != self._split(held_score):
            self._held = None
            self._write(self._split(held_score), held)
            self._write(self._split(score), document)
            return
        if self._is_better_held((score, document), self._held):
            self._held = (score, document)
            score, document = held_score, held
        self._write(self._split(score), document)

    def _is_better_held(self, one: tuple[float, Document], other: tuple[float, Document]) -> bool:
        """The nearer one to the other side; but not one that would take most of the training text with it."""
        size, other_size = len(one[1].text), len(other[1].text)
        if self._split(one[0]) == "train" and max(size, other_size) > _OUTWEIGHS * min(size, other_size):
            return size < other_size
        return abs(one[0] - self._share) < abs(other[0] - self._share)

    def finish(self) -> None:
        """Settle what was held back and put the files in place."""
        if self._held is not None:
            score, document = self._held
            self._held = None
            if all(self.counts.documents_by_split.values()):
                self._write(self._split(score), document)
            elif self.counts.documents:
                self._write("train" if self._split(score) == "validation" else "validation", document)
            else:
                self._write_single(document)
        for files in self._files.values():
            files.finish()

    def _write_single(self, document: Document) -> None:
        text = document.text
        place = int(len(text) * (1 - self._share))
        boundary = text.rfind("\n", len(text) // 2, place) + 1 or text.rfind(" ", len(text) // 2, place) + 1
        if len(text) < _SPLITTABLE_CHARACTERS or not boundary:
            self._write("train", document)
            return
        self._write("train", Document(document.id, text[:boundary], document.source, document.meta))
        rest = Document(f"{document.id}#end", text[boundary:], document.source, document.meta)
        self._write("validation", rest)

    def _write(self, split: str, document: Document) -> None:
        self.counts.documents_by_split[split] += 1
        self.counts.characters_by_split[split] += len(document.text)
        self._files[split].add(document)

    def __enter__(self) -> CorpusWriter:
        for split in SPLITS:
            for old in self._folder.glob(f"{split}-*.parquet*"):
                old.unlink()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for files in self._files.values():
            files.give_up()


class _SplitFiles:
    """The numbered files of one split; each has its name only when it is whole."""

    def __init__(self, folder: Path, split: str) -> None:
        self._folder, self._split = folder, split
        self._number = 0
        self._writer: Any = None
        self._rows: list[Document] = []
        self._row_characters = self._file_characters = 0

    def add(self, document: Document) -> None:
        self._rows.append(document)
        self._row_characters += len(document.text)
        if self._row_characters >= ROW_GROUP_CHARACTERS or len(self._rows) >= ROW_GROUP_DOCUMENTS:
            self._flush()
        if self._file_characters >= FILE_CHARACTERS:
            self._close_file()

    def finish(self) -> None:
        """Write what is left; a split without documents has one file without rows."""
        if self._rows or not self._number:
            self._flush()
        self._close_file()

    def give_up(self) -> None:
        """Remove an unfinished file after an error; what failed before says more than that closing fails, too."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            with suppress(OSError):
                writer.close()
            with suppress(OSError):
                self._temporary().unlink()

    def _path(self) -> Path:
        return self._folder / f"{self._split}-{self._number:05d}.parquet"

    def _temporary(self) -> Path:
        return self._path().with_name(self._path().name + ".tmp")

    def _flush(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        schema = pa.schema([(name, pa.large_string()) for name in ("id", "text", "source", "meta")])
        rows = [_row(document) for document in self._rows]
        with naming_os_errors(self._path()):
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._temporary(), schema, compression="zstd")
            self._writer.write_table(pa.Table.from_pylist(rows, schema=schema))
        self._file_characters += self._row_characters
        self._rows, self._row_characters = [], 0

    def _close_file(self) -> None:
        if self._writer is not None:
            with naming_os_errors(self._path()):
                self._writer.close()
                self._writer = None
                self._temporary().replace(self._path())
            self._number += 1
            self._file_characters = 0


def _row(document: Document) -> dict[str, str]:
    meta = json.dumps(document.meta, ensure_ascii=False, sort_keys=True)
    return {"id": document.id, "text": document.text, "source": document.source, "meta": meta}

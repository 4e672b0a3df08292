"""Lines that come again in many documents of a source: headers, footers, signatures, disclaimers, cookie notes."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Literal

from pydantic import Field

from samovar.core.files import naming_os_errors
from samovar.data.document import Document
from samovar.data.samples import shown
from samovar.data.spool import Spool
from samovar.data.steps.step import SHOWN_ROWS, Dropped, Edited, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.quality.boilerplate import Lines
    from samovar.data.quality.line_counts import LineCounts

_SHOWN_CHARACTERS = 160
_MAX_GROUPS = 100_000
_ALL_OTHERS = "all further sources"
_MAX_REMOVED_LINES = 100_000


class BoilerplateSettings(StepSettings):
    """Takes out lines that many documents of the same source have in common."""

    step: Literal["boilerplate"] = "boilerplate"
    """Name of the step."""
    min_documents: int = Field(10, ge=2)
    """A line is common only when at least so many documents of its source have it."""
    min_share: float = Field(0.1, gt=0, le=1)
    """A line is common only when at least this share of the documents of its source has it."""
    min_characters: int = Field(8, ge=1)
    """Shorter lines never count, in characters; numbers of pages always do."""
    keep_first: int = Field(1, ge=0)
    """The first documents with a common line keep it, so many of them, so that it is learnt but not over and over."""
    max_middle_share: float = Field(0.5, ge=0, le=1)
    """Common lines between others stay where they are a larger share of the characters: such a document is a copy."""
    skip: list[str] = [
        *("*.py", "*.js", "*.ts", "*.java", "*.c", "*.h", "*.cpp", "*.go", "*.rs", "*.sql", "*.sh"),
        *("*.csv", "*.tsv", "*.xlsx", "*.ipynb"),
    ]
    """Patterns of sources whose lines are neither counted nor taken out: program code and tables."""
    sketch_megabytes: int = Field(16, ge=1)
    """Memory of the sketch that counts lines, in megabytes; with fewer, more lines are counted exactly in vain."""


class Boilerplate(Step):
    """Two passes over the documents of a source: count in how many each line occurs, then take common lines out.

    A source is a file that holds many documents, else a folder. Memory: the sketch (16 MB by default), 262,144 common
    lines as hashes, 100,000 sources, and the beginnings of 100,000 lines taken out, for the report: about 120 MB at
    most, however large the corpus. Documents and 16 bytes a line wait on disk.
    """

    settings_class = BoilerplateSettings
    is_local = False

    def __init__(self, settings: BoilerplateSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._documents_by_group: Counter[str] = Counter()
        self._removed: dict[int, tuple[str, str, int, int]] = {}
        self._num_kept: Counter[int] = Counter()
        self._counts: LineCounts | None = None
        self._hashes: IO[bytes] | None = None

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents without common lines, in the same order."""
        from samovar.data.quality.line_counts import LineCounts

        settings, folder = self.settings, self.working_folder()
        with ExitStack() as stack:
            spool = stack.enter_context(Spool(folder / "boilerplate.documents"))
            counts = LineCounts(
                folder / "boilerplate.lines",
                least=settings.min_documents,
                sketch_bytes=settings.sketch_megabytes << 20,
            )
            self._counts = stack.enter_context(counts)
            with naming_os_errors(folder):
                self._hashes = stack.enter_context(tempfile.TemporaryFile(dir=folder))
            for document in documents:
                spool.add(document)
                self._count(document)
            self._counts.count_exactly()
            self._hashes.seek(0)
            for document in spool:
                settled = self.settle(document, self.judge(document))
                if settled is not None:
                    yield settled

    def judge(self, document: Document) -> Verdict:
        """The document without its common lines."""
        if self._counts is None or self._is_skipped(document):
            return None
        from samovar.data.quality.boilerplate import furniture, without_lines

        group = self._group(document)
        lines = self._counted_lines(document)
        counts_L = self._counts.look_up(lines.hashes_L)
        are_common_L = counts_L >= max(
            self.settings.min_documents, self.settings.min_share * self._documents_by_group[group]
        )
        if not are_common_L.any():
            return None
        places = furniture(lines, are_common_L, max_middle_share=self.settings.max_middle_share)
        places = self._beyond_first(places, lines.hashes_L.tolist())
        if not places:
            return None
        for place in places:
            self._note(int(lines.hashes_L[place]), group, lines.texts[place], int(counts_L[place]))
        text = without_lines(lines.texts, places)
        if not text.strip():
            return Dropped("nothing but lines that come again in its source")
        return Edited(text, {"common lines": len(places)})

    def tables(self) -> list[Table]:
        """The lines that were taken out most often; personal data in them are masked."""
        rows: list[tuple[str, ...]] = [
            (shown(text, limit=_SHOWN_CHARACTERS), group, f"{documents:,}", f"{removed:,}")
            for text, group, documents, removed in sorted(
                self._removed.values(), key=lambda entry: (-entry[3], entry[1], entry[0])
            )[:SHOWN_ROWS]
        ]
        if not rows:
            return []
        note = "A line counts once a document. The first documents that have it keep it."
        if self._counts is not None and self._counts.least_counted > self.settings.min_documents:
            note += f" Lines in fewer than {self._counts.least_counted:,} documents may have been missed: too many."
        return [Table("lines taken out", ("line", "source", "documents", "taken out"), rows, note)]

    def _count(self, document: Document) -> None:
        if self._is_skipped(document):
            return
        from samovar.data.quality.boilerplate import line_hashes

        group = self._group(document)
        self._documents_by_group[group] += 1
        hashes_L = line_hashes(document.text, group, min_characters=self.settings.min_characters).hashes_L
        if self._hashes is not None:
            with naming_os_errors(self.scratch):
                self._hashes.write(hashes_L.astype("<u8").tobytes())
        if self._counts is not None:
            self._counts.add(hashes_L[hashes_L != 0])

    def _counted_lines(self, document: Document) -> Lines:
        """The lines with the hashes of the first pass: documents come in the same order."""
        import numpy as np

        from samovar.data.quality.boilerplate import Lines

        assert self._hashes is not None
        texts = document.text.split("\n")
        return Lines(texts, np.frombuffer(self._hashes.read(8 * len(texts)), dtype="<u8").astype(np.uint64))

    def _group(self, document: Document) -> str:
        from samovar.data.quality.boilerplate import group_of

        group = group_of(document)
        if group in self._documents_by_group or len(self._documents_by_group) < _MAX_GROUPS:
            return group
        return _ALL_OTHERS

    def _is_skipped(self, document: Document) -> bool:
        from fnmatch import fnmatch

        return any(fnmatch(document.source, pattern) for pattern in self.settings.skip)

    def _beyond_first(self, places: list[int], hashes: list[int]) -> list[int]:
        """``places`` without those whose line is still kept, being among the first of its kind."""
        if not self.settings.keep_first:
            return places
        beyond = []
        for place in places:
            if self._num_kept[hashes[place]] >= self.settings.keep_first:
                beyond.append(place)
        self._num_kept.update({hashes[place] for place in places} - {hashes[place] for place in beyond})
        return beyond

    def _note(self, line_hash: int, group: str, text: str, documents: int) -> None:
        known = self._removed.get(line_hash)
        if known is not None:
            self._removed[line_hash] = (*known[:3], known[3] + 1)
        elif len(self._removed) < _MAX_REMOVED_LINES:
            self._removed[line_hash] = (text.strip()[: 2 * _SHOWN_CHARACTERS], group, documents, 1)

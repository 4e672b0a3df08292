"""The index of a corpus, by which any passage is found in milliseconds.

It lies in ``<corpus>/index`` and is made when first asked for: ``exact`` finds the very characters, ``loose`` minds
neither case nor white space. Both are made in blocks of 64 MiB of text, one sorted array a block, so that making them
takes about 400 MB of memory (or 6 times the longest document, where that is more), however large the corpus is. On
disk each takes a byte for a byte of text, and 4 for a character.
"""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from samovar.core.artifact import partial_folder
from samovar.core.errors import DataError, MissingError
from samovar.core.files import exclusive_lock, fingerprint, naming_os_errors, read_json, write_json
from samovar.core.progress import Progress
from samovar.data.corpus_writer import SPLITS
from samovar.data.rows import Rows, RowWriter
from samovar.data.suffix_array.blocks import Blocks, BlockWriter, Places
from samovar.data.suffix_array.loose import loosen, places_in_original

INDEX = "index"
CONTEXT_CHARACTERS = 60
SHOWN_OFFSETS = 100
_EXACT, _LOOSE, _DOCUMENTS, _DESCRIPTION = "exact", "loose", "documents", "index.json"
_VERSION = 1


class Hit(NamedTuple):
    """The places of a passage in one document."""

    split: str
    source: str
    """The file that the document came from."""
    id: str
    meta: dict[str, str]
    """What else is known of it: page, part, row."""
    num_places: int
    offsets: list[int]
    """Where it stands, in characters from the start of the document's text: the first hundred places."""
    before: str
    found: str
    after: str
    """The first place with the text around it."""


class Found(NamedTuple):
    """What a search gave."""

    num_places: int
    """Places in all documents; they may overlap, as 'aa' stands twice in 'aaa'."""
    num_documents: int
    hits: list[Hit]
    """The documents with most places first."""


class CorpusIndex:
    """The index of one corpus, open for search."""

    def __init__(self, folder: Path, *, is_quiet: bool = False) -> None:
        self._folder, self._is_quiet = folder, is_quiet
        self._first_documents: dict[str, int] = read_json(folder / _DESCRIPTION)["first_documents"]
        self._exact = Blocks(folder / _EXACT)
        self._rows = Rows(folder / _DOCUMENTS)

    def search(
        self, passage: str, *, is_loose: bool = False, limit: int = 10, context: int = CONTEXT_CHARACTERS
    ) -> Found:
        """Where ``passage`` stands: counts for the whole corpus, and the ``limit`` documents that have it most often.

        ``is_loose`` minds neither case nor white space nor the dots of ё; ``context`` is in characters a side.

        Raises:
            DataError: there is nothing to look for.
        """
        pattern = loosen(passage).strip() if is_loose else passage
        if not pattern:
            raise DataError("there is no text to look for", hint="give a few words: samovar trace 'some words'")
        blocks = self._loose if is_loose else self._exact
        count, num_documents, best = blocks.search(pattern, limit=limit, max_offsets=SHOWN_OFFSETS)
        return Found(count, num_documents, [self._hit(places, len(pattern), is_loose, context) for places in best])

    def _hit(self, places: Places, length: int, is_loose: bool, context: int) -> Hit:
        text = self._exact.text(places.document)
        offsets, ends = places.offsets, places.offsets + length
        if is_loose:
            offsets, ends = places_in_original(text, offsets), places_in_original(text, ends - 1) + 1
        first, end = int(offsets[0]), int(ends[0])
        row = self._rows[places.document]
        return Hit(
            next(split for split in reversed(SPLITS) if places.document >= self._first_documents[split]),
            row["source"],
            row["id"],
            row["meta"],
            places.num_places,
            offsets.tolist(),
            text[max(0, first - context) : first],
            text[first:end],
            text[end : end + context],
        )

    @cached_property
    def _loose(self) -> Blocks:
        folder = self._folder / _LOOSE
        if not folder.is_dir():
            with exclusive_lock(self._folder / "lock", what=f"the index in {self._folder}"):
                if not folder.is_dir():
                    self._write_loose(folder)
        return Blocks(folder)

    def _write_loose(self, folder: Path) -> None:
        partial = partial_folder(folder)
        shutil.rmtree(partial, ignore_errors=True)
        with (
            Progress("loose index", unit="bytes", is_quiet=self._is_quiet) as progress,
            BlockWriter(partial, progress) as writer,
        ):
            for text in self._exact.texts():
                writer.add(loosen(text))
            writer.close_block()
        with naming_os_errors(folder):
            partial.replace(folder)


def open_corpus_index(corpus: Path, *, is_quiet: bool = False) -> CorpusIndex:
    """The index of ``corpus``, made first where there is none or the corpus has changed since.

    Raises:
        MissingError: ``corpus`` is no corpus.
        CorruptError: the corpus is damaged.
        BusyError: another process is making the index.
        ResourceError: the index cannot be written.
    """
    state = _corpus_state(corpus)
    folder = corpus / INDEX
    if _indexed_state(folder) != state:
        with exclusive_lock(corpus / f"{INDEX}.lock", what=f"the index of {corpus}"):
            if _indexed_state(folder) != state:
                _build(corpus, folder, state, is_quiet=is_quiet)
    return CorpusIndex(folder, is_quiet=is_quiet)


def _corpus_state(corpus: Path) -> str:
    """A hash of the names, sizes and times of the corpus's files."""
    paths = [path for split in SPLITS for path in sorted(corpus.glob(f"{split}-*.parquet"))]
    if not paths:
        raise MissingError(
            f"{corpus} holds no corpus: there is no train-*.parquet in it",
            hint="make one with `samovar data FOLDER --out CORPUS` and name it with --corpus CORPUS",
        )
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return fingerprint([_VERSION, facts])


def _indexed_state(folder: Path) -> str:
    """The state of the corpus that the index in ``folder`` was made of; empty when there is none."""
    path = folder / _DESCRIPTION
    return str(read_json(path)["corpus"]) if path.is_file() else ""


def _build(corpus: Path, folder: Path, state: str, *, is_quiet: bool) -> None:
    from samovar.data.corpus_reader import read_corpus

    partial = partial_folder(folder)
    shutil.rmtree(partial, ignore_errors=True)
    first_documents: dict[str, int] = {}
    with (
        Progress("index", unit="bytes", is_quiet=is_quiet) as progress,
        BlockWriter(partial / _EXACT, progress) as writer,
        RowWriter(partial / _DOCUMENTS) as rows,
    ):
        for split in SPLITS:
            first_documents[split] = writer.num_documents
            if any(corpus.glob(f"{split}-*.parquet")):
                for document in read_corpus(corpus, split):
                    rows.add({"id": document.id, "source": document.source, "meta": document.meta})
                    writer.add(document.text)
        writer.close_block()
    description = {
        "corpus": state,
        "first_documents": first_documents,
        "num_documents": writer.num_documents,
        "num_blocks": writer.num_blocks,
        "num_bytes": writer.num_bytes,
        "num_suffixes": writer.num_suffixes,
    }
    write_json(partial / _DESCRIPTION, description)
    with naming_os_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)

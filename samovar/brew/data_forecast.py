"""How long reading and cleaning will take: a short probe, stretched to the size of the sources."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from samovar.core.own_time import OwnTime

if TYPE_CHECKING:
    from samovar.data.document import Document
    from samovar.data.settings import DataSettings

PROBE_SECONDS = 1.0
PYTHON_DOCS_CHARACTERS = 3_000_000
USUAL_CHARACTERS_A_BYTE = 1.0
"""Of files, where none was read to its end: less in Russian."""
PACKED_CHARACTERS_A_BYTE = 3.0
"""The same of packed files: zip, gzip and zstd usually leave a third of prose."""
WHOLE_CORPUS_CHARACTERS_PER_SECOND = 12e6
"""Of a step that sees all documents, such as a deduplication, measured on one core; and of writing."""


def probe_data(settings: DataSettings, root: Path) -> dict[str, float]:
    """Characters that come out of reading in all, and a second, and the number of processes.

    Files are read for one second a source at most and pass the local steps; for the others there is a usual speed.
    """
    from samovar.data.account import ReadingAccount
    from samovar.data.pipeline.workers import num_workers
    from samovar.data.sources import make_sources
    from samovar.data.steps import make_step, step_classes

    workers = num_workers(settings.workers)
    is_local = {step.step: step_classes()[step.step].is_local for step in settings.steps}
    local = [make_step(step.below(root), seed=settings.seed) for step in settings.steps if is_local[step.step]]
    total = read = seconds = 0.0
    for source, named in zip(make_sources(settings, root), settings.sources, strict=True):
        account = ReadingAccount()
        documents: Iterator[Document] = source.documents(account)
        characters, is_whole = 0, True
        # The first document brings models into memory, which the others need not do again.
        if (first := next(documents, None)) is not None:
            for step in local:
                step.judge(first)
            documents = chain([first], documents)
        begun, watch = time.monotonic(), OwnTime()
        for step in local:
            documents = step(documents)
        closed_bytes, of_closed = 0, 0.0
        for document in documents:
            if account.num_bytes != closed_bytes:  # the document before was the last of its file
                closed_bytes, of_closed = account.num_bytes, characters
            characters += len(document.text)
            if time.monotonic() - begun > PROBE_SECONDS:
                is_whole = False
                break
        seconds += watch.seconds()
        read += characters
        if is_whole:
            total += characters
            continue
        # A file that is not read to its end yet stands in no account, so that a few lines closed tell nothing.
        per_byte = of_closed / closed_bytes if of_closed > characters / 10 else None
        total += max(characters, _expected(named.path, root, per_byte))
    per_character = max(1e-3, seconds) / max(1.0, read) / workers
    num_whole = sum(not local for local in is_local.values()) + 1
    per_character += num_whole / WHOLE_CORPUS_CHARACTERS_PER_SECOND
    return {"characters": total, "characters_per_second": 1 / per_character, "workers": workers}


def _expected(path: str | None, root: Path, per_byte: float | None) -> float:
    """Characters of a source of which a part was read, with so many a byte; None: as files usually have."""
    if path is None:
        return PYTHON_DOCS_CHARACTERS
    top = root / path
    files = [top] if top.is_file() else [file for file in top.rglob("*") if file.is_file()]
    return sum(file.stat().st_size * (per_byte or _usual_characters_a_byte(file)) for file in files)


def _usual_characters_a_byte(file: Path) -> float:
    from samovar.data.readers.compression import PACKED_SUFFIXES

    is_packed = file.suffix.lower() in {".zip", ".parquet", *PACKED_SUFFIXES}
    return PACKED_CHARACTERS_A_BYTE if is_packed else USUAL_CHARACTERS_A_BYTE

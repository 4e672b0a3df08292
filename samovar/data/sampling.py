"""Some documents out of all sources, to try something on without reading everything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import xxhash

from samovar.data.account import ReadingAccount
from samovar.data.document import Document
from samovar.data.settings import DataSettings
from samovar.data.sources import make_sources
from samovar.data.sources.source import Unit, units_of

_FIRST_SHARE = 20


def sample_documents(settings: DataSettings, root: Path, count: int) -> Iterator[Document]:
    """At most ``count`` documents: the first ones of files that are chosen by a hash of their names.

    A file gives at most a twentieth of them, but where all files together have fewer than are wanted.
    """
    units = sorted(
        (unit for source in make_sources(settings, root) for unit in units_of(source) if not unit.reason),
        key=lambda unit: _rank(unit, settings.seed),
    )
    most = max(1, count // _FIRST_SHARE)
    given = 0
    for unit in units:
        for document in islice(unit.documents(ReadingAccount()), min(most, count - given)):
            given += 1
            yield document
        if given >= count:
            return
    # Few files with many documents: their other ones.
    for unit in units:
        for document in islice(unit.documents(ReadingAccount()), most, most + count - given):
            given += 1
            yield document
        if given >= count:
            return


def _rank(unit: Unit, seed: int) -> int:
    return xxhash.xxh3_64_intdigest(unit.name.encode("utf-8", "surrogatepass"), seed=seed)

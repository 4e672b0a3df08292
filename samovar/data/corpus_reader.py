"""Reads a corpus that the data stage wrote; imports nothing of what makes one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samovar.core.errors import CorruptError, MissingError
from samovar.data.document import Document

_BATCH_DOCUMENTS = 256


def read_corpus(folder: Path, split: str = "train") -> Iterator[Document]:
    """The documents of a corpus in their order, a row group at a time.

    Raises:
        MissingError: there is no such split in ``folder``.
        CorruptError: one of its files is damaged.
    """
    import pyarrow.parquet as pq

    paths = sorted(folder.glob(f"{split}-*.parquet"))
    if not paths:
        raise MissingError(f"{folder} holds no {split} corpus", hint="make it with `samovar data`")
    for path in paths:
        with naming_damage(path), pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH_DOCUMENTS):
                for row in batch.to_pylist():
                    yield Document(row["id"], row["text"], row["source"], json.loads(row["meta"]))


@contextmanager
def naming_damage(path: Path) -> Iterator[None]:
    """Within it, what shows that a file of a corpus is damaged becomes a CorruptError with its name."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise CorruptError(f"{path} is damaged: {error}", hint="make the corpus again") from error

"""Token shards: flat files of uint16 or uint32 that training maps into memory.

Documents follow one another, each closed by the document-end token. ``shards.json`` tells the type, the counts and
the bytes of text behind them. ``<split>-starts.bin`` (int64, the first token of each document) and
``<split>-documents.jsonl`` lead from any token back to its document and file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

import numpy as np

from samovar.core.errors import ConfigError, CorruptError, DataError
from samovar.core.files import naming_os_errors, read_json, write_json
from samovar.data.document import Document
from samovar.data.encoding_pool import EncodeBatch, encode_in_order
from samovar.data.pipeline.ordered import batches
from samovar.data.rows import Rows, RowWriter, map_numbers

INDEX = "shards.json"
SHARD_TOKENS = 100_000_000
_TEXTS_AT_ONCE = 256


class DocumentTable(NamedTuple):
    """Where each document begins, and what it is."""

    starts: np.ndarray
    """The first token of each document, counted over all shards of the split; int64."""
    rows: Rows
    """Its id, source and meta."""


class Split(NamedTuple):
    """The shards of one split, open."""

    shards: list[np.ndarray]
    num_tokens: int
    num_documents: int
    size_bytes: int
    documents: DocumentTable
    vocab_size: int | None = None
    """Ids there are; None: not known."""

    def tokens(self, shard: int, start: int, count: int) -> np.ndarray:
        """``count`` tokens of a shard from ``start`` on.

        Raises:
            CorruptError: one of them is no token of the vocabulary.
        """
        found = self.shards[shard][start : start + count]
        if self.vocab_size is not None and (largest := int(found.max(initial=0))) >= self.vocab_size:
            raise CorruptError(
                f"{getattr(found, 'filename', f'shard {shard}')} is damaged: it holds the token {largest}, and the "
                f"vocabulary has {self.vocab_size}",
                hint="delete its folder and run the same command again: it is made anew",
            )
        return found

    @property
    def bytes_per_token(self) -> float:
        """Bytes of text a token stands for, on average."""
        return self.size_bytes / max(1, self.num_tokens)


class Origin(NamedTuple):
    """The document of a token."""

    id: str
    source: str
    meta: dict[str, str]
    offset: int
    """The token's place in the document, in tokens."""


def document_at(split: Split, token: int) -> Origin:
    """The document that the token of this number in ``split`` comes from; its end token belongs to it.

    Raises:
        DataError: the split has no such token.
    """
    if not 0 <= token < split.num_tokens:
        raise DataError(f"there is no token {token}: the split has {split.num_tokens}", hint="count from 0")
    number = int(np.searchsorted(split.documents.starts, token, side="right")) - 1
    row = split.documents.rows[number]
    return Origin(row["id"], row["source"], row["meta"], token - int(split.documents.starts[number]))


def write_documents(
    documents: Iterable[Document],
    load_encoder: Callable[[], EncodeBatch],
    *,
    document_end_id: int,
    vocab_size: int,
    folder: Path,
    split: str,
    workers: int = 1,
    on_progress: Callable[[int], None] = lambda num_bytes: None,
) -> dict[str, int]:
    """Encode ``documents`` in their order into ``<split>-00000.bin…`` with their index, and give the counts.

    The files are the same whatever the number of ``workers``. Each holds three batches of a megabyte at a time.
    """
    dtype = token_type(vocab_size)
    parts = (([document.text for document in batch], batch) for batch in batches(documents, _TEXTS_AT_ONCE))
    with (
        _ShardWriter(folder, split, dtype, document_end_id) as writer,
        RowWriter(folder / f"{split}-documents") as rows,
        (folder / f"{split}-starts.bin").open("wb") as starts,
    ):
        for encoded, batch in encode_in_order(parts, load_encoder, dtype=dtype, workers=workers):
            place = 0
            for document, size in zip(batch, encoded.sizes.tolist(), strict=True):
                with naming_os_errors(folder):
                    starts.write(writer.counts["num_tokens"].to_bytes(8, "little"))
                rows.add({"id": document.id, "source": document.source, "meta": document.meta})
                writer.add(encoded.ids[place : place + size], document.text)
                place += size
            on_progress(writer.counts["size_bytes"])
    return writer.counts


class _ShardWriter:
    """Puts documents into shards of about ``SHARD_TOKENS``, each ended by the document-end token."""

    def __init__(self, folder: Path, split: str, dtype: np.dtype, document_end_id: int) -> None:
        self.counts = {"num_tokens": 0, "num_documents": 0, "size_bytes": 0, "num_shards": 0}
        self._folder, self._split = folder, split
        self._end = np.array([document_end_id], dtype=dtype).tobytes()
        self._shard: IO[bytes] | None = None
        self._shard_tokens = 0
        with naming_os_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def add(self, ids: np.ndarray, text: str) -> None:
        with naming_os_errors(self._folder):
            if self._shard is None or self._shard_tokens >= SHARD_TOKENS:
                self._close()
                self._shard = (self._folder / f"{self._split}-{self.counts['num_shards']:05d}.bin").open("wb")
                self.counts["num_shards"] += 1
                self._shard_tokens = 0
            self._shard.write(ids.tobytes())
            self._shard.write(self._end)
        self._shard_tokens += len(ids) + 1
        self.counts["num_tokens"] += len(ids) + 1
        self.counts["num_documents"] += 1
        self.counts["size_bytes"] += len(text.encode("utf-8", "surrogatepass"))

    def _close(self) -> None:
        if self._shard is not None:
            self._shard.close()
            self._shard = None

    def __enter__(self) -> _ShardWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with naming_os_errors(self._folder):
            self._close()


def write_index(folder: Path, *, vocab_size: int, document_end_id: int, splits: dict[str, dict[str, int]]) -> None:
    """Write ``shards.json`` once every split is there.

    Raises:
        DataError: the training split has no token.
    """
    if not splits.get("train", {}).get("num_tokens"):
        raise DataError("the corpus gave no token to train on", hint="add documents and run `samovar brew` again")
    write_json(folder / INDEX, {"vocab_size": vocab_size, "document_end_id": document_end_id, "splits": splits})


def read_index(folder: Path, *, vocab_size: int | None = None) -> dict[str, Any]:
    """The index of the shards in ``folder``; ``vocab_size`` is of the tokenizer that is to read them.

    Raises:
        MissingError: there is none.
        ConfigError: they were made with another tokenizer.
    """
    index: dict[str, Any] = read_json(folder / INDEX)
    if vocab_size is not None and vocab_size != index["vocab_size"]:
        raise ConfigError(
            f"{folder} was made for a vocabulary of {index['vocab_size']}, the tokenizer has {vocab_size}",
            hint="make the shards again with this tokenizer",
        )
    return index


def open_split(folder: Path, split: str) -> Split:
    """Map the shards of ``split`` into memory.

    Raises:
        MissingError: there is no index.
        CorruptError: the files are not as long as the index says.
    """
    index = read_index(folder)
    dtype = token_type(index["vocab_size"])
    counts = index["splits"][split]
    paths = [folder / f"{split}-{number:05d}.bin" for number in range(counts["num_shards"])]
    found = sum(path.stat().st_size for path in paths if path.is_file()) // dtype.itemsize
    if found != counts["num_tokens"]:
        raise CorruptError(
            f"{folder}: the {split} shards hold {found} tokens, the index says {counts['num_tokens']}",
            hint=f"a file was cut short or is missing: delete {folder} and run the same command again",
        )
    shards = [np.memmap(path, dtype=dtype, mode="r") for path in paths]
    documents = _document_table(folder, split, counts["num_documents"])
    sizes = counts["num_tokens"], counts["num_documents"], counts["size_bytes"]
    return Split(list(shards), *sizes, documents, index["vocab_size"])


def _document_table(folder: Path, split: str, num_documents: int) -> DocumentTable:
    table = DocumentTable(map_numbers(folder / f"{split}-starts.bin", np.int64), Rows(folder / f"{split}-documents"))
    if not len(table.starts) == len(table.rows) == num_documents:
        raise CorruptError(
            f"{folder}: the index of the {split} shards has {len(table.starts)} documents, they have {num_documents}",
            hint=f"a file was cut short: delete {folder} and run the same command again",
        )
    return table


def token_type(vocab_size: int) -> np.dtype:
    """The smallest type on disk that holds every id of a vocabulary."""
    return np.dtype(np.uint16 if vocab_size <= 1 << 16 else np.uint32)

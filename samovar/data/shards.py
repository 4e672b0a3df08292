"""Token shards: flat files of uint16 or uint32 that training maps into memory.

Documents follow one another, each closed by the document-end token. ``shards.json`` tells the type, the counts and
the bytes of text behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from samovar.core.errors import CorruptError, DataError
from samovar.core.files import naming_os_errors, read_json, write_json

INDEX = "shards.json"
SHARD_TOKENS = 100_000_000
_TEXTS_AT_ONCE = 256


class Split(NamedTuple):
    """The shards of one split, open."""

    shards: list[np.ndarray]
    num_tokens: int
    num_documents: int
    size_bytes: int

    @property
    def bytes_per_token(self) -> float:
        """Bytes of text a token stands for, on average."""
        return self.size_bytes / max(1, self.num_tokens)


def write_split(
    texts: Iterable[str],
    encode_batch: Callable[[list[str]], list[list[int]]],
    *,
    document_end_id: int,
    vocab_size: int,
    folder: Path,
    split: str,
    on_progress: Callable[[int], None] = lambda num_bytes: None,
) -> dict[str, int]:
    """Encode ``texts`` into ``<split>-00000.bin…`` and give the counts for the index."""
    dtype = np.dtype(np.uint16 if vocab_size <= 1 << 16 else np.uint32)
    counts = {"num_tokens": 0, "num_documents": 0, "size_bytes": 0}
    shard: IO[bytes] | None = None
    shard_tokens = num_shards = 0
    with naming_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for batch in _batches(texts):
                for text, ids in zip(batch, encode_batch(batch), strict=True):
                    if shard is None or shard_tokens >= SHARD_TOKENS:
                        if shard is not None:
                            shard.close()
                        shard = (folder / f"{split}-{num_shards:05d}.bin").open("wb")
                        num_shards, shard_tokens = num_shards + 1, 0
                    shard.write(np.asarray([*ids, document_end_id], dtype=dtype).tobytes())
                    shard_tokens += len(ids) + 1
                    counts["num_tokens"] += len(ids) + 1
                    counts["num_documents"] += 1
                    counts["size_bytes"] += len(text.encode())
                on_progress(counts["size_bytes"])
        finally:
            if shard is not None:
                shard.close()
    return counts | {"num_shards": num_shards}


def write_index(folder: Path, *, vocab_size: int, document_end_id: int, splits: dict[str, dict[str, int]]) -> None:
    """Write ``shards.json`` once every split is there.

    Raises:
        DataError: the training split has no token.
    """
    if not splits.get("train", {}).get("num_tokens"):
        raise DataError("the corpus gave no token to train on", hint="add documents and run `samovar brew` again")
    write_json(folder / INDEX, {"vocab_size": vocab_size, "document_end_id": document_end_id, "splits": splits})


def read_index(folder: Path) -> dict[str, Any]:
    """The index of the shards in ``folder``."""
    return read_json(folder / INDEX)


def open_split(folder: Path, split: str) -> Split:
    """Map the shards of ``split`` into memory.

    Raises:
        MissingError: there is no index.
        CorruptError: the files are not as long as the index says.
    """
    index = read_index(folder)
    dtype = np.dtype(np.uint16 if index["vocab_size"] <= 1 << 16 else np.uint32)
    counts = index["splits"][split]
    paths = [folder / f"{split}-{number:05d}.bin" for number in range(counts["num_shards"])]
    found = sum(path.stat().st_size for path in paths if path.is_file()) // dtype.itemsize
    if found != counts["num_tokens"]:
        raise CorruptError(
            f"{folder}: the {split} shards hold {found} tokens, the index says {counts['num_tokens']}",
            hint=f"a file was cut short or is missing: delete {folder} and run the same command again",
        )
    shards = [np.memmap(path, dtype=dtype, mode="r") for path in paths]
    return Split(list(shards), counts["num_tokens"], counts["num_documents"], counts["size_bytes"])


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(texts)
    while batch := list(islice(iterator, _TEXTS_AT_ONCE)):
        yield batch

"""What a teacher expects at the targets of rows, on disk: it goes through them once, for any number of students.

A folder, named by the teacher and the rows, holds it in pieces of some rows each, a record a target: the likeliest
tokens, the logarithms of their probabilities in float16, and that of what all others have together. Each piece is
written whole, and the index last: a folder without one is unfinished, is read by nobody, and is gone on with.

Axes: N targets, K likeliest tokens, D model width, R rows.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import torch
import xxhash
from torch import Tensor

from samovar.core.devices import pick_device, training_dtype
from samovar.core.errors import CorruptError, ResourceError
from samovar.core.files import naming_os_errors, write_atomic, write_json
from samovar.core.progress import Progress, short_bytes
from samovar.data.shards import token_type
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.shards import weight_files
from samovar.train.batches import IGNORED, Batch, KnownRows, Rows, hidden_of
from samovar.train.expected import Expected, likeliest
from samovar.train.objectives.chunks import targets_at_once

_FORM = 1
"""Of the files; part of a folder's name."""
_PIECE_BYTES = 32 * 2**20
"""Of a piece, at most: what is in memory while it is made, and what an interrupted pass makes again."""
_COUNTED_AT_ONCE = 512
_INDEX = "index.json"


def record_type(top_k: int, vocab_size: int) -> np.dtype:
    """What is kept of a target."""
    token = token_type(vocab_size)
    return np.dtype([("token", token, (top_k,)), ("log_share", np.float16, (top_k,)), ("log_rest", np.float16)])


def cached_rows(
    teacher: Path, rows: KnownRows, cache: Path, *, top_k: int, temperature: float, rows_per_batch: int
) -> ExpectedRows:
    """``rows`` with what the model in ``teacher`` expects; it goes through them unless ``cache`` has that already.

    Args:
        teacher: a model's folder.
        rows: of conversations, or of documents.
        cache: folder of folders, each named by what it was computed from.
        top_k: tokens kept of a target; cut to one less than there are.
        temperature: that logits are divided by: other ones would need all of them.
        rows_per_batch: rows of a forward pass.
    Raises:
        ResourceError: the disk has no room for it.
        CorruptError: a piece is cut short.
    """
    top_k = min(top_k, rows.vocab_size - 1)
    folder = cache / f"expected-{_name(teacher, rows, top_k, temperature)}"
    found = ExpectedRows(rows, folder, record_type(top_k, rows.vocab_size))
    if not (folder / _INDEX).is_file():
        _fill(found, teacher, temperature, rows_per_batch)
    found.open()
    return found


class ExpectedRows(Rows):
    """Rows whose batches say what the teacher expects at each target."""

    def __init__(self, rows: KnownRows, folder: Path, record: np.dtype) -> None:
        self.rows, self.folder, self.record = rows, folder, record
        self.top_k = int(record["log_share"].shape[0])
        self.rows_per_piece = max(1, _PIECE_BYTES // (rows.context * record.itemsize))
        some = np.array_split(np.arange(len(rows)), -(-len(rows) // _COUNTED_AT_ONCE))
        targets_R = np.concatenate([(rows.batch(numbers).target_BT != IGNORED).sum(1).numpy() for numbers in some])
        self.start_R = np.concatenate([[0], np.cumsum(targets_R)])
        """Where the targets of each row begin among all."""
        self._pieces: list[np.ndarray] = []

    @property
    def size_bytes(self) -> int:
        """Of all pieces."""
        return int(self.start_R[-1]) * self.record.itemsize

    def pieces(self) -> list[tuple[Path, range]]:
        """The file of each piece, and its rows."""
        firsts = range(0, len(self.rows), self.rows_per_piece)
        return [
            (self.folder / f"piece-{number:05}.bin", range(first, min(first + self.rows_per_piece, len(self.rows))))
            for number, first in enumerate(firsts)
        ]

    def num_targets(self, rows: range) -> int:
        """Of rows that follow each other."""
        return int(self.start_R[rows.stop] - self.start_R[rows.start])

    def open(self) -> None:
        """Map the pieces into memory.

        Raises:
            CorruptError: one is not there, or not of its size.
        """
        for path, rows in self.pieces():
            count = self.num_targets(rows)
            if not path.is_file() or path.stat().st_size != count * self.record.itemsize:
                raise CorruptError(f"{path} is not whole", hint=f"delete {self.folder}: it is made anew")
            mapped = np.memmap(path, self.record, mode="r", shape=(count,)) if count else np.empty(0, self.record)
            self._pieces.append(mapped)

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers, with what is expected in them."""
        record_N = np.concatenate([self._records(int(number)) for number in numbers])
        log_share_N1 = np.concatenate([record_N["log_share"], record_N["log_rest"][:, None]], axis=1)
        # Rounded one by one, they no longer sum to one.
        log_share = torch.from_numpy(log_share_N1.astype(np.float32)).log_softmax(dim=1)
        token_NK = torch.from_numpy(record_N["token"].astype(np.int64))
        return self.rows.batch(numbers)._replace(expected=Expected(token_NK, log_share[:, :-1], log_share[:, -1]))

    def heaviest(self, count: int) -> np.ndarray | None:
        """As of the rows themselves."""
        return self.rows.heaviest(count)

    def sources(self, numbers: np.ndarray) -> list[str]:
        """As of the rows themselves."""
        return self.rows.sources(numbers)

    def _records(self, number: int) -> np.ndarray:
        piece = number // self.rows_per_piece
        begin = self.start_R[piece * self.rows_per_piece]
        return self._pieces[piece][self.start_R[number] - begin : self.start_R[number + 1] - begin]


def _fill(found: ExpectedRows, teacher: Path, temperature: float, rows_per_batch: int) -> None:
    """Have the teacher go through the rows, a piece after the other; those of an interrupted pass stay."""
    with naming_os_errors(found.folder):
        found.folder.mkdir(parents=True, exist_ok=True)
        left = [(path, rows) for path, rows in found.pieces() if not path.is_file()]
        needed = sum(found.num_targets(rows) for _, rows in left) * found.record.itemsize
        free = shutil.disk_usage(found.folder).free
        if needed > free:
            raise ResourceError(
                f"{found.folder} has {short_bytes(free)} free, and what the teacher expects needs "
                f"{short_bytes(needed)}",
                hint="lower distill.top_k, or leave it out: the teacher then goes through every batch",
            )
        model = load_model(teacher, dtype=training_dtype(pick_device())).to(pick_device())
        with Progress("teacher", len(found), "rows") as progress:
            progress.start_at(len(found) - sum(len(rows) for _, rows in left))
            for path, rows in left:
                parts = [
                    _records_of(model, found, np.arange(first, min(first + rows_per_batch, rows.stop)), temperature)
                    for first in range(rows.start, rows.stop, rows_per_batch)
                ]
                write_atomic(path, np.concatenate(parts).tobytes())
                progress.advance(len(rows))
        facts = {"top_k": found.top_k, "temperature": temperature, "targets": int(found.start_R[-1])}
        write_json(found.folder / _INDEX, facts)


@torch.inference_mode()
def _records_of(model: Decoder, found: ExpectedRows, numbers: np.ndarray, temperature: float) -> np.ndarray:
    """What ``model`` expects at the targets of some rows."""
    batch = found.rows.batch(numbers).to(model.norm.weight.device)
    hidden_BTD = hidden_of(model, batch)
    hidden_ND = hidden_BTD.flatten(0, 1)[(batch.target_BT != IGNORED).flatten()]
    record_N = np.empty(len(hidden_ND), found.record)
    at_once = targets_at_once(model.settings.vocab_size, hidden_ND.device.type)
    for first in range(0, len(hidden_ND), at_once):
        part = slice(first, first + at_once)
        _put(record_N[part], _expected(model, hidden_ND[part], found, temperature))
    return record_N


def _expected(model: Decoder, hidden_ND: Tensor, found: ExpectedRows, temperature: float) -> Expected:
    # What pads the table beyond the vocabulary is no token.
    logits_NV = model.head(hidden_ND).float()[:, : found.rows.vocab_size]
    return likeliest((logits_NV / temperature).log_softmax(-1), found.top_k)


def _put(record_N: np.ndarray, expected: Expected) -> None:
    record_N["token"] = expected.token_NK.cpu().numpy()
    record_N["log_share"] = expected.log_share_NK.cpu().numpy()
    record_N["log_rest"] = expected.log_rest_N.cpu().numpy()


def _name(teacher: Path, rows: KnownRows, top_k: int, temperature: float) -> str:
    how = (_FORM, top_k, temperature, str(training_dtype(pick_device())), rows.digest())
    digest = xxhash.xxh3_128(repr(how).encode())
    for path in (teacher / "config.json", *weight_files(teacher)):
        digest.update(np.memmap(path, np.uint8, mode="r").data)
    return digest.hexdigest()[:24]

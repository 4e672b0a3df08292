"""Conversations packed into rows of equal length, on disk, with what counts and what belongs together.

Best fit over a bounded number of open rows: a row is written when nothing fits or too many are open, so memory does
not grow with the number of conversations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import torch
import xxhash

from samovar.chat.rows import Row
from samovar.core.errors import CorruptError, DataError
from samovar.core.files import naming_os_errors, read_json, write_json
from samovar.data.shards import token_type
from samovar.train.batches import IGNORED, Batch, Rows

_OPEN_ROWS = 128
_ROWS_AT_ONCE = 4096
"""Whose targets are looked at together."""
_HOPELESS = 20_000
"""So many rows one after another that cannot be trained on are the end of them: tasks go on without end."""
_INDEX, _TOKENS, _TARGETS, _DOCUMENTS = "rows.json", "tokens.bin", "targets.bin", "documents.bin"


def pack_rows(
    rows: Iterable[Row],
    folder: Path,
    *,
    context: int,
    vocab_size: int,
    pad_id: int,
    max_rows: int,
    on_progress: Callable[[int], None] = lambda num_rows: None,
) -> dict[str, int]:
    """Pack ``rows`` into at most ``max_rows`` rows of ``context`` + 1 tokens, and write them to ``folder``.

    A row longer than that is left out and counted: cut, it would lose its end, which is where the targets are.
    What targets count is kept in hundredths.

    Raises:
        DataError: nothing was left to train on.
    """
    width = context + 1
    counts = {"rows": 0, "conversations": 0, "too_long": 0, "without_target": 0, "tokens": 0, "targets": 0}
    is_weighted = False
    with naming_os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with (
            (folder / _TOKENS).open("wb") as tokens,
            (folder / _TARGETS).open("wb") as targets,
            (folder / _DOCUMENTS).open("wb") as documents,
        ):
            for parts in islice(_filled(_counted(rows, width, counts), width), max_rows):
                ids = [token for part in parts for token in part.ids]
                marks = [mark for part in parts for mark in _hundredths(part)]
                owners = [number for number, part in enumerate(parts) for _ in part.ids]
                pad = width - len(ids)
                tokens.write(np.array(ids + [pad_id] * pad, dtype=token_type(vocab_size)).tobytes())
                targets.write(np.array(marks + [0] * pad, dtype=np.uint8).tobytes())
                documents.write(np.array(owners + [len(parts)] * pad, dtype=np.uint16).tobytes())
                is_weighted = is_weighted or any(part.weights is not None for part in parts)
                counts["rows"] += 1
                counts["conversations"] += len(parts)
                counts["tokens"] += len(ids)
                counts["targets"] += sum(sum(part.is_target[1:]) for part in parts)
                on_progress(1)
    if not counts["rows"]:
        raise DataError(
            f"no conversation can be trained on ({counts['too_long']} are longer than {context} tokens, "
            f"{counts['without_target']} have no assistant's turn)",
            hint="raise model.context, or add conversations with assistant turns",
        )
    write_json(folder / _INDEX, counts | {"context": context, "vocab_size": vocab_size, "is_weighted": is_weighted})
    return counts


def _counted(rows: Iterable[Row], width: int, counts: dict[str, int]) -> Iterator[Row]:
    """Those that can be trained on; ``counts`` is told of the others."""
    left_out = 0
    for row in rows:
        left_out += 1
        if len(row.ids) > width:
            counts["too_long"] += 1
        elif not any(row.is_target[1:]):
            counts["without_target"] += 1
        else:
            left_out = 0
            yield row
        if left_out == _HOPELESS:
            return


def _filled(rows: Iterable[Row], width: int) -> Iterator[list[Row]]:
    """What stands together in each packed row: every conversation goes where it leaves the least room."""
    open_rows: list[list[Row]] = []
    room: list[int] = []

    def fullest() -> list[Row]:
        number = room.index(min(room))
        room.pop(number)
        return open_rows.pop(number)

    for row in rows:
        fits = [(space, number) for number, space in enumerate(room) if space >= len(row.ids)]
        if fits:
            _, number = min(fits)
            open_rows[number].append(row)
            room[number] -= len(row.ids)
            continue
        if len(room) == _OPEN_ROWS:
            yield fullest()
        open_rows.append([row])
        room.append(width - len(row.ids))
    while room:
        yield fullest()


def _hundredths(row: Row) -> list[int]:
    """What each token counts as a target: of one that counts at all, at least one hundredth."""
    if row.weights is None:
        return [100 * mark for mark in row.is_target]
    return [max(1, round(100 * weight)) * mark for weight, mark in zip(row.weights, row.is_target, strict=True)]


def is_packed(folder: Path) -> bool:
    """Whether ``folder`` holds rows that were written to the end."""
    return (folder / _INDEX).is_file()


class PackedRows(Rows):
    """Rows that ``pack_rows`` wrote, mapped into memory. Axes: B rows, T tokens."""

    def __init__(self, folder: Path) -> None:
        self.counts = read_json(folder / _INDEX)
        width = self.counts["context"] + 1
        dtype = token_type(self.counts["vocab_size"])
        shape = (self.counts["rows"], width)
        try:
            self._tokens = np.memmap(folder / _TOKENS, dtype=dtype, mode="r", shape=shape)
            self._targets = np.memmap(folder / _TARGETS, dtype=np.uint8, mode="r", shape=shape)
            self._documents = np.memmap(folder / _DOCUMENTS, dtype=np.uint16, mode="r", shape=shape)
        except (ValueError, OSError) as error:
            raise CorruptError(f"{folder}: the packed rows are cut short: {error}", hint=f"delete {folder}") from error

    def __len__(self) -> int:
        return int(self.counts["rows"])

    @property
    def context(self) -> int:
        """Tokens of a row."""
        return int(self.counts["context"])

    @property
    def vocab_size(self) -> int:
        """Tokens there are."""
        return int(self.counts["vocab_size"])

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers; only marked tokens are targets, and each conversation sees itself alone."""
        tokens = torch.from_numpy(self._tokens[numbers].astype(np.int64))
        marks = self._targets[numbers]
        is_target = torch.from_numpy(marks.astype(bool))
        documents = torch.from_numpy(self._documents[numbers].astype(np.int32))
        # The first token of a conversation is not to be guessed from the one packed before it.
        counts_BT = is_target[:, 1:] & (documents[:, 1:] == documents[:, :-1])
        target_BT = tokens[:, 1:].masked_fill(~counts_BT, IGNORED)
        weight_BT = None
        if self.counts.get("is_weighted"):
            weight_BT = torch.from_numpy(marks[:, 1:].astype(np.float32) / 100)
        return Batch(tokens[:, :-1].contiguous(), target_BT, documents[:, :-1].contiguous(), weight_BT)

    def digest(self) -> str:
        """Changes when anything in the rows does."""
        digest = xxhash.xxh3_128(repr(sorted(self.counts.items())).encode())
        for part in (self._tokens, self._targets, self._documents):
            digest.update(part.data)
        return digest.hexdigest()

    def heaviest(self, count: int) -> np.ndarray:
        """The rows with the most targets: each of them goes through the head."""
        parts = (self._targets[first : first + _ROWS_AT_ONCE] for first in range(0, len(self), _ROWS_AT_ONCE))
        return np.argsort(-np.concatenate([np.count_nonzero(part, axis=1) for part in parts]), kind="stable")[:count]

"""Rows of prompts with their answers, packed so that little of them is padding.

Axes: B rows, T tokens of a row, N foretold tokens, A answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from samovar.core.errors import DataError
from samovar.model.sight import Branches
from samovar.train.answers import Answers
from samovar.train.batches import IGNORED, Batch, Rows
from samovar.train.forks import Fork


class Packing(NamedTuple):
    """What became of the forks."""

    too_long: int
    """Left out: longer than a row."""
    tokens: int
    """That stand in rows."""
    alone: int
    """That they would be, did answers share nothing."""


class AnswerRows(Rows):
    """Rows of ``context`` tokens, each with several whole forks; where answers stand does not change what they are."""

    def __init__(self, forks: Iterable[Fork], context: int, *, pad_id: int, shares: bool = True) -> None:
        """Pack, the longest first, each where it leaves the least room.

        Args:
            forks: prompts with answers.
            context: tokens of a row.
            pad_id: stands behind the last fork of a row.
            shares: whether answers of one prompt see one beginning; else (encoders) each is a document of its own.
        Raises:
            DataError: none of them fits into a row.
        """
        self.context, self.pad_id, self.shares = context, pad_id, shares
        every = list(forks)
        kept = [one for one in every if one.num_tokens <= context]
        if not kept:
            raise DataError(
                f"none of {len(every)} prompts with their answers fits into a row of {context} tokens",
                hint="raise the context in the recipe, or shorten the answers",
            )
        self._rows = self._pack(kept)
        self.forks = [one for row in self._rows for one in row]
        """In the order of the rows."""
        self._first_answer = np.concatenate([[0], np.cumsum([sum(len(f.judged) for f in row) for row in self._rows])])
        self.num_answers = int(self._first_answer[-1])
        self.reference = np.zeros(self.num_answers, dtype=np.float32)
        """Log-probabilities under the reference, of all answers in the order of the rows."""
        self.packing = Packing(
            len(every) - len(kept),
            sum(one.num_tokens for one in kept),
            sum(len(one.whole(number)) for one in kept for number in range(len(one.ends))),
        )

    def __len__(self) -> int:
        return len(self._rows)

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers; the answers in them are in their order."""
        rows = self._beside([self._rows[number] for number in numbers.tolist()])
        shape = (len(rows), columns := self._columns(rows))
        tokens_BT = np.full(shape, self.pad_id, dtype=np.int64)
        document_BT = np.full(shape, -1, dtype=np.int32)
        branch_BT, position_BT = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int64)
        answers = _Collected()
        for row, forks in enumerate(rows):
            start = 0
            for document, one in enumerate(forks):
                ids = one.trunk + [token for end in one.ends for token in end]
                place = slice(start, start + len(ids))
                tokens_BT[row, place] = ids
                # Without sharing, every end is a document; numbers just have to differ from their neighbours'.
                apart = np.repeat(np.arange(len(one.ends)), [len(end) for end in one.ends])
                document_BT[row, place] = document if self.shares else 1000 * document + apart
                branch_BT[row, start + len(one.trunk) : start + len(ids)] = apart + 1
                position_BT[row, place] = _positions(one)
                answers.add(one, row * columns + start)
                start += len(ids)
            position_BT[row, start:] = np.arange(columns - start)
        reference = [self.reference[self._first_answer[n] : self._first_answer[n + 1]] for n in numbers.tolist()]
        return Batch(
            torch.from_numpy(tokens_BT),
            torch.full(shape, IGNORED),
            torch.from_numpy(document_BT),
            branches=Branches(torch.from_numpy(branch_BT), torch.from_numpy(position_BT)) if self.shares else None,
            answers=answers.tensors(np.concatenate(reference)),
        )

    def tokens_of(self, numbers: np.ndarray) -> np.ndarray:
        """How many tokens of each of these rows are no padding."""
        return np.array([sum(one.num_tokens for one in self._rows[number]) for number in numbers.tolist()])

    def answers_in(self, numbers: np.ndarray) -> int:
        """How many answers the rows of these numbers have."""
        return int((self._first_answer[numbers + 1] - self._first_answer[numbers]).sum())

    def heaviest(self, count: int) -> np.ndarray:
        """The rows whose answers have the most tokens: each of them goes through the head."""
        targets = [sum(len(targets) for one in row for targets in one.targets) for row in self._rows]
        return np.argsort(-np.array(targets), kind="stable")[:count]

    def _pack(self, forks: list[Fork]) -> list[list[Fork]]:
        """The forks of each row."""
        return _packed(forks, self.context)

    def _beside(self, rows: list[list[Fork]]) -> list[list[Fork]]:
        """Those of each row of a batch of these: as they are, unless somebody knows better."""
        return rows

    def _columns(self, rows: list[list[Fork]]) -> int:
        """Tokens of a row in a batch of these."""
        return self.context


class _Collected:
    """The answers of a batch while it is put together."""

    def __init__(self) -> None:
        self.place: list[int] = []
        self.target: list[int] = []
        self.owner: list[int] = []
        self.end: list[int] = []
        self.label: list[float] = []
        self.margin: list[float] = []

    def add(self, one: Fork, start: int) -> None:
        """Add a fork whose first token stands at ``start`` of the flattened batch."""
        first = len(self.end)
        starts = np.cumsum([len(one.trunk), *map(len, one.ends)])[:-1].tolist()

        def place(answer: int, position: int) -> int:
            is_shared = position < len(one.trunk)
            return start + (position if is_shared else starts[answer] + position - len(one.trunk))

        for answer, targets in enumerate(one.targets):
            ids = one.whole(answer)
            self.place += [place(answer, position - 1) for position in targets]
            self.target += [ids[position] for position in targets]
            self.owner += [first + answer] * len(targets)
        self.end += [place(answer, position) for answer, position in one.judged]
        self.label += one.labels
        self.margin += [one.margin] * len(one.judged)

    def tensors(self, reference: np.ndarray) -> Answers:
        def whole(values: Sequence[int]) -> Tensor:
            return torch.tensor(values, dtype=torch.int64)

        return Answers(
            whole(self.place),
            whole(self.target),
            whole(self.owner),
            whole(self.end),
            torch.tensor(self.label, dtype=torch.float32),
            torch.from_numpy(reference.astype(np.float32)),
            torch.tensor(self.margin, dtype=torch.float32),
        )


def _packed(forks: list[Fork], context: int) -> list[list[Fork]]:
    """Best fit, the longest first: what is left of a row is then seldom more than the shortest fork."""
    rows: list[list[Fork]] = []
    by_room: dict[int, list[int]] = {}
    for one in sorted(forks, key=lambda one: -one.num_tokens):
        need = one.num_tokens
        room = next((room for room in range(need, context + 1) if by_room.get(room)), None)
        if room is None:
            rows.append([])
            number, room = len(rows) - 1, context
        else:
            number = by_room[room].pop()
        rows[number].append(one)
        by_room.setdefault(room - need, []).append(number)
    return rows


def _positions(one: Fork) -> np.ndarray:
    shared = len(one.trunk)
    return np.concatenate([np.arange(shared), *(shared + np.arange(len(end)) for end in one.ends)])

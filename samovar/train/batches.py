"""Rows of tokens, in an order that is a function of the seed and the step alone.

Nothing here has state: a resumed run asks for step 1,000 and gets what it would have got.

Axes: B rows, T tokens, D model width.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from samovar.core.errors import DataError
from samovar.data.shards import Split, document_at
from samovar.model.decoder import Decoder
from samovar.model.reward_encoder import RewardEncoder
from samovar.model.sight import Branches
from samovar.train.answers import Answers
from samovar.train.expected import Expected
from samovar.train.rl.terms import Terms

IGNORED = -100


class Batch(NamedTuple):
    """What one forward pass trains on."""

    tokens_BT: Tensor
    """int64; the inputs."""
    target_BT: Tensor
    """int64; the token after each input, IGNORED where it does not count."""
    document_BT: Tensor | None
    """int32; the document each token belongs to. None: the row is one document."""
    weight_BT: Tensor | None = None
    """float32; how much each target counts. None: all count as one."""
    branches: Branches | None = None
    """How documents fork into several answers to one prompt. None: none does."""
    answers: Answers | None = None
    """The answers to prompts in it, for objectives that compare or judge whole answers; no token is a target then."""
    terms: Terms | None = None
    """What is known of each token of the answers, where the model drew them itself."""
    expected: Expected | None = None
    """What a teacher expects at each target, in the order of ``target_BT``, where that is known beforehand."""
    is_drawn: bool = False
    """Whether a student drew the targets itself, so that they are what it says, and not what is right."""

    def to(self, device: torch.device) -> Batch:
        """The same batch on ``device``."""

        def moved(tensor: Tensor) -> Tensor:
            # A GPU reads by itself only memory that stays in its place; for other memory the program waits.
            is_sent = device.type == "cuda" and tensor.is_cpu
            return (tensor.contiguous().pin_memory() if is_sent else tensor).to(device, non_blocking=True)

        return Batch(
            moved(self.tokens_BT),
            moved(self.target_BT),
            None if self.document_BT is None else moved(self.document_BT),
            None if self.weight_BT is None else moved(self.weight_BT),
            None if self.branches is None else Branches(*map(moved, self.branches)),
            None if self.answers is None else self.answers.to(device),
            None if self.terms is None else self.terms.to(device),
            None if self.expected is None else self.expected.to(device),
            self.is_drawn,
        )


def hidden_of(model: Decoder | RewardEncoder, batch: Batch) -> Tensor:
    """The hidden states of a batch of any kind, BTD."""
    return model.hidden(batch.tokens_BT, document_BT=batch.document_BT, branches=batch.branches)


class Rows(Protocol):
    """A finite set of rows of equal length."""

    def __len__(self) -> int: ...

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers as one batch."""
        ...

    def heaviest(self, count: int) -> np.ndarray | None:
        """The numbers of the ``count`` rows that take the most memory together; None where all rows are alike."""
        return None

    def prepare(self, step: int) -> None:
        """Called before each step, counted from 0: rows that the model itself has a part in are made then."""
        return

    def sources(self, numbers: np.ndarray) -> list[str]:
        """Where the rows of these numbers come from, for people."""
        return [f"row {number}" for number in numbers.tolist()]


class KnownRows(Rows, Protocol):
    """Rows that stay as they are, so that what was found out about them holds for other runs."""

    @property
    def context(self) -> int:
        """Tokens of a row."""
        ...

    @property
    def vocab_size(self) -> int:
        """Tokens there are."""
        ...

    def digest(self) -> str:
        """Changes when anything in the rows does."""
        ...


class ShardRows(Rows):
    """Consecutive pieces of the token stream; a row's targets are its tokens moved by one."""

    def __init__(self, split: Split, context: int, document_end_id: int, *, document_mask: bool) -> None:
        self.split, self.context = split, context
        self.document_end_id, self.document_mask = document_end_id, document_mask
        self._first_row = np.cumsum([0] + [(len(shard) - 1) // context for shard in split.shards])
        self._first_token = np.cumsum([0] + [len(shard) for shard in split.shards])

    def __len__(self) -> int:
        return int(self._first_row[-1])

    def batch(self, numbers: np.ndarray) -> Batch:
        """Cut the rows out of the shards."""
        pieces = []
        for shard, start in self._places(numbers):
            pieces.append(self.split.tokens(shard, start, self.context + 1))
        rows = torch.from_numpy(np.stack(pieces).astype(np.int64))
        tokens_BT, target_BT = rows[:, :-1].contiguous(), rows[:, 1:].contiguous()
        if not self.document_mask:
            return Batch(tokens_BT, target_BT, None)
        is_end = tokens_BT == self.document_end_id
        # The end token closes its document: what follows it is a new one, which it must not predict.
        document_BT = (is_end.cumsum(1) - is_end.long()).int()
        return Batch(tokens_BT, target_BT.masked_fill(is_end, IGNORED), document_BT)

    def sources(self, numbers: np.ndarray) -> list[str]:
        """The ids of the documents in the rows."""
        found = []
        starts = self.split.documents.starts
        for shard, start in self._places(numbers):
            token = int(self._first_token[shard]) + start
            end = token + self.context
            while token < end:
                found.append(document_at(self.split, token).id)
                after = int(np.searchsorted(starts, token, side="right"))
                token = int(starts[after]) if after < len(starts) else end
        return list(dict.fromkeys(found))

    def _places(self, numbers: np.ndarray) -> list[tuple[int, int]]:
        """Of each row, its shard and the token there that it begins with."""
        shard_of = np.searchsorted(self._first_row, numbers, side="right") - 1
        rows_before = self._first_row[shard_of]
        return list(zip(shard_of.tolist(), ((numbers - rows_before) * self.context).tolist(), strict=True))


class Order:
    """Which rows make up the micro-batches of a step: every epoch is a fresh permutation."""

    def __init__(self, num_rows: int, *, rows_per_step: int, rows_per_micro: int, seed: int) -> None:
        if num_rows == 0:
            raise DataError(
                "the corpus is shorter than one training row",
                hint="add documents, or lower model.context in the recipe",
            )
        self.num_rows, self.rows_per_step, self.rows_per_micro = num_rows, rows_per_step, rows_per_micro
        self.seed = seed
        self._epoch = -1
        self._permutation = np.empty(0, dtype=np.int64)

    def micro_batches(self, step: int) -> list[np.ndarray]:
        """Row numbers of every micro-batch of ``step``; all of one size, so that compiled shapes stay fixed."""
        positions = np.arange(step * self.rows_per_step, (step + 1) * self.rows_per_step)
        numbers = np.array([self._at(*divmod(int(position), self.num_rows)) for position in positions])
        return [numbers[i : i + self.rows_per_micro] for i in range(0, len(numbers), self.rows_per_micro)]

    def _at(self, epoch: int, place: int) -> int:
        if epoch != self._epoch:
            self._epoch = epoch
            self._permutation = np.random.default_rng((self.seed, epoch)).permutation(self.num_rows)
        return int(self._permutation[place])

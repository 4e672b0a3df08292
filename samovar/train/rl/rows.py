"""Rollouts as rows to train on: prompts with the very tokens that were drawn, and what is known of each of them.

An answer that calls tools was drawn in rounds, each behind a prompt of its own, and each stands in a row as an answer.

Where attention takes each answer with what it looks at (``model/forked_attention.py``), rows are nothing to it: then a
row is a question with its answers, however long, and those of a batch stand one behind the other with no padding
between.
Axes: N drawn tokens in the order of the rows, A answers in the order of the rollouts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from samovar.chat.rows import Row
from samovar.model.decoder import Decoder
from samovar.train.answer_rows import AnswerRows
from samovar.train.batches import Batch, hidden_of
from samovar.train.forks import Fork, fork
from samovar.train.objectives.log_probs import token_log_probs
from samovar.train.rl.plan import filled
from samovar.train.rl.rollouts import Rollout
from samovar.train.rl.terms import Played, Terms
from samovar.train.rl.value import values_or_zero

SHORTEST_ROW = 512
"""Tokens; shorter rows would say the prompt once more in each of several. Of 64 answers of 60 tokens (10M parameters)
rows of 512, 256 and 128 took 2.9, 2.9 and 3.7 s of one core to learn from."""
_COLUMNS = 64
"""The only row of a batch is of a multiple of so many tokens."""


class _Part(NamedTuple):
    """Rounds of the answers to one question that stand in one row."""

    fork: Fork
    places: list[tuple[int, int]]
    """Of each, the number of its rollout and its own within that."""


class RolloutRows(AnswerRows):
    """Rows whose batches say what is known of each token, once ``terms`` is set."""

    def __init__(
        self, groups: Sequence[Sequence[Rollout]], context: int, *, pad_id: int, are_joined: bool = False
    ) -> None:
        """Pack.

        Args:
            groups: answers to each question, rewarded.
            context: tokens of a row.
            pad_id: stands behind the last answer of a row.
            are_joined: whether a row is one question, and the rows of a batch stand behind each other.
        Raises:
            DataError: none fits into a row.
        """
        self._are_joined = are_joined
        parts = list(_parts(groups, context))
        super().__init__((part.fork for part in parts), context, pad_id=pad_id)
        self.reward_A = torch.tensor([one.reward for group in groups for one in group])
        self.group_A = torch.tensor([number for number, group in enumerate(groups) for _ in group])
        places_of = {id(part.fork): part.places for part in parts}
        lengths, places = [], []
        for one in self.forks:
            lengths += [len(targets) for targets in one.targets]
            places += places_of[id(one)]
        per_fork = [sum(map(len, one.targets)) for one in self.forks]
        forks_of_row = np.cumsum([0, *(len(row) for row in self._rows)])
        self._first_token = np.concatenate([[0], np.cumsum(per_fork)])[forks_of_row]
        rollout_N = torch.repeat_interleave(torch.tensor([place[0] for place in places]), torch.tensor(lengths))
        round_N = torch.repeat_interleave(torch.tensor([place[1] for place in places]), torch.tensor(lengths))
        # Advantages are told from the order in which tokens were drawn, and rows are packed in another.
        self._as_drawn_N = torch.argsort(rollout_N * (int(round_N.max()) + 1) + round_N, stable=True)
        self._rollout_N = rollout_N
        every = [one for group in groups for one in group]
        self.drawn_N = torch.tensor([value for number, turn in places for value in every[number].rounds[turn].logprobs])
        """float32; what the engine held of each token that it drew: its log-probability."""
        self.terms: Terms | None = None

    @property
    def num_targets(self) -> int:
        """Drawn tokens of all answers."""
        return int(self._first_token[-1])

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows of these numbers."""
        batch = super().batch(numbers)
        if self.terms is None:
            return batch
        return batch._replace(terms=self.terms.at(self.places(numbers)))

    @property
    def room(self) -> np.ndarray:
        """Tokens that each row takes in a batch."""
        every = np.arange(len(self))
        return self.tokens_of(every) if self._are_joined else np.full_like(every, self.context)

    def places(self, numbers: np.ndarray) -> Tensor:
        """Where the tokens of the rows of these numbers stand among all, int64."""
        first, last = self._first_token[numbers], self._first_token[numbers + 1]
        return torch.from_numpy(np.concatenate([np.arange(*ends) for ends in zip(first, last, strict=True)]))

    @torch.no_grad()
    def look(self, model: Decoder, *, most: int, numbers: np.ndarray | None = None) -> tuple[Tensor, Tensor]:
        """Of every token its log-probability under ``model``, and the value expected there, or 0; float32, N and N.

        Args:
            model: who looks.
            most: tokens of a forward pass.
            numbers: of the rows whose tokens are wanted, all by default.
        """
        was_training = model.training
        model.eval()
        device = next(model.parameters()).device
        log_probs, expected = [], []
        numbers = np.arange(len(self)) if numbers is None else numbers
        for together in filled(numbers, self.room, most):
            batch = super().batch(together).to(device)
            hidden_BTD = hidden_of(model, batch)
            log_probs.append(token_log_probs(model, batch, hidden_BTD).cpu())
            assert batch.answers is not None
            expected.append(values_or_zero(model, batch.answers, hidden_BTD).cpu())
        model.train(was_training)
        return torch.cat(log_probs), torch.cat(expected)

    def played(
        self, old_N: Tensor | None = None, reference_N: Tensor | None = None, value_N: Tensor | None = None
    ) -> Played:
        """All that advantages are estimated from, in the order in which it was drawn; zeros for what is not known."""
        order = self._as_drawn_N
        nothing_N = torch.zeros(len(order))
        old_N, reference_N, value_N = (nothing_N if one is None else one for one in (old_N, reference_N, value_N))
        return Played(
            self._rollout_N[order], self.group_A, self.reward_A, old_N[order], reference_N[order], value_N[order]
        )

    def in_rows(self, drawn_N: Tensor) -> Tensor:
        """Numbers in the order in which tokens were drawn, in the order of the rows."""
        found_N = torch.empty_like(drawn_N)
        found_N[self._as_drawn_N] = drawn_N
        return found_N

    def _pack(self, forks: list[Fork]) -> list[list[Fork]]:
        return [[one] for one in forks] if self._are_joined else super()._pack(forks)

    def _beside(self, rows: list[list[Fork]]) -> list[list[Fork]]:
        return [[one for row in rows for one in row]] if self._are_joined else rows

    def _columns(self, rows: list[list[Fork]]) -> int:
        """As many as a row needs that is by itself: the last one of a step is often short.

        Several are of the whole length, so that two graphs do where they are compiled: of full batches, and of one row.
        """
        if len(rows) > 1:
            return self.context
        needed = -(-sum(one.num_tokens for one in rows[0]) // _COLUMNS) * _COLUMNS
        return needed if self._are_joined else min(self.context, needed)


def row_context(groups: Sequence[Sequence[Rollout]], most: int) -> int:
    """Tokens of a row that holds the longest answer with its prompt, a power of two, and ``most`` at most.

    Attention computes all of a row, of which an answer sees its prompt and itself: longer rows are more of nothing.
    """
    return min(most, max(SHORTEST_ROW, 1 << (_longest(groups) - 1).bit_length()))


def joined_context(groups: Sequence[Sequence[Rollout]], most: int, *, together: int) -> int:
    """Tokens of a row that is a question: those that are computed together, and more where one answer alone has more.

    Args:
        groups: answers to each question.
        most: tokens of one answer with its prompt: what is longer is not learnt from.
        together: tokens of a micro-batch.
    """
    return max(together, min(most, _longest(groups)))


def _longest(groups: Sequence[Sequence[Rollout]]) -> int:
    return max(len(one.prompt_ids) + len(one.ids) for group in groups for each in group for one in each.rounds)


def _parts(groups: Sequence[Sequence[Rollout]], context: int) -> Iterator[_Part]:
    number = 0
    for group in groups:
        rows: list[Row] = []
        places: list[tuple[int, int]] = []
        for rollout in group:
            for turn, (prompt_ids, ids, _) in enumerate(rollout.rounds):
                if ids:
                    rows.append(Row(prompt_ids + ids, [False] * len(prompt_ids) + [True] * len(ids)))
                    places.append((number, turn))
            number += 1
        if rows:
            whole = fork(rows, [0] * len(rows), labels=(0.0,) * len(rows))
            yield from _divided(whole, places, context)


def _divided(whole: Fork, places: list[tuple[int, int]], context: int) -> Iterator[_Part]:
    """The ends of a fork in as many forks as rows need; one that fits into no row alone is left as it is."""
    first = 0
    while first < len(whole.ends):
        room = context - len(whole.trunk)
        last = first
        while last < len(whole.ends) and (last == first or len(whole.ends[last]) <= room):
            room -= len(whole.ends[last])
            last += 1
        part = whole._replace(
            ends=whole.ends[first:last],
            targets=whole.targets[first:last],
            judged=[(number - first, place) for number, place in whole.judged[first:last]],
            labels=whole.labels[first:last],
        )
        yield _Part(part, places[first:last])
        first = last

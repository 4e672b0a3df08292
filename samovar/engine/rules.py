"""What changes logits before a token is chosen: penalties, bias, and tokens that may not come.

Axes: B rows, V vocabulary, U different tokens that the penalized rows have seen, E entries of bias or bans.

A row that asks for none of it costs nothing: the engine keeps a ``TokenRules`` only for sequences that do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from samovar.engine.request import Sampling


class TokenRules:
    """The rules of one sequence, and what it has said so far."""

    def __init__(
        self, sampling: Sampling, prompt_ids: Iterable[int], *, vocab_size: int, end_ids: Iterable[int]
    ) -> None:
        """``end_ids``: what may not come before ``min_tokens``; ``vocab_size``: columns of the logits."""
        self.sampling = sampling
        self.num_said = 0
        self._vocab_size = vocab_size
        self._end_ids = np.array([token for token in sorted(set(end_ids)) if token < vocab_size], dtype=np.int64)
        self._place: dict[int, int] = {}
        """Token to its place in the next two."""
        self._token_U = np.empty(64, dtype=np.int64)
        self._said_U = np.zeros(64, dtype=np.float32)
        if sampling.repetition_penalty != 1:
            for token in prompt_ids:
                if token < vocab_size:  # the table may be padded: such ids have no logit
                    self._place_of(token)

    @classmethod
    def of(
        cls, sampling: Sampling, prompt_ids: Iterable[int], *, vocab_size: int, end_ids: Iterable[int]
    ) -> TokenRules | None:
        """The rules that ``sampling`` asks for; None where it asks for none."""
        if not (_penalizes(sampling) or sampling.logit_bias or sampling.min_tokens > 0):
            return None
        return cls(sampling, prompt_ids, vocab_size=vocab_size, end_ids=end_ids)

    def push(self, token: int) -> None:
        """Take a token of the answer."""
        self.num_said += 1
        if self.penalizes and token < self._vocab_size:
            place = self._place_of(token)
            self._said_U[place] += 1

    @cached_property
    def penalizes(self) -> bool:
        """Whether what was seen makes a difference."""
        return _penalizes(self.sampling)

    @property
    def seen(self) -> tuple[Tensor, Tensor]:
        """The tokens that penalties are for, and how often the answer has each; views, U."""
        count = len(self._place)
        return torch.from_numpy(self._token_U[:count]), torch.from_numpy(self._said_U[:count])

    @cached_property
    def bias(self) -> tuple[Tensor, Tensor]:
        """Tokens and what is added to their logits, E."""
        entries = [(token, bias) for token, bias in self.sampling.logit_bias.items() if token < self._vocab_size]
        return (
            torch.tensor([token for token, _ in entries], dtype=torch.int64),
            torch.tensor([bias for _, bias in entries], dtype=torch.float32),
        )

    @property
    def banned(self) -> Tensor:
        """Tokens that may not come now, E."""
        return torch.from_numpy(self._end_ids if self.num_said < self.sampling.min_tokens else self._end_ids[:0])

    def _place_of(self, token: int) -> int:
        place = self._place.get(token)
        if place is None:
            place = self._place[token] = len(self._place)
            if place == len(self._token_U):
                self._token_U = np.resize(self._token_U, 2 * place)
                self._said_U = np.concatenate((self._said_U, np.zeros_like(self._said_U)))
            self._token_U[place] = token
        return place


def apply(logits_BV: Tensor, rules: Sequence[TokenRules | None]) -> None:
    """Change ``logits_BV``, float32, in place by each row's rules; None has none.

    Source: Keskar et al. 2019, arXiv:1909.05858, section 4.1 (repetition, over prompt and answer); OpenAI's API
        reference (frequency and presence, over the answer).
    """
    ruled = [(row, one) for row, one in enumerate(rules) if one is not None]
    if not ruled:
        return
    _penalize(logits_BV, [(row, one) for row, one in ruled if one.penalizes])
    biases = [(row, *one.bias) for row, one in ruled if one.sampling.logit_bias]
    if biases:
        where = _where([(row, tokens) for row, tokens, _ in biases], logits_BV)
        added_E = torch.cat([bias for _, _, bias in biases]).to(logits_BV.device)
        logits_BV.index_put_(where, added_E, accumulate=True)
    bans = [(row, one.banned) for row, one in ruled if one.sampling.min_tokens > 0]
    if bans:
        logits_BV[_where(bans, logits_BV)] = -torch.inf


def _penalize(logits_BV: Tensor, ruled: Sequence[tuple[int, TokenRules]]) -> None:
    if not ruled:
        return
    seen = [(row, *one.seen) for row, one in ruled]
    where = _where([(row, tokens) for row, tokens, _ in seen], logits_BV)
    said_U = torch.cat([said for _, _, said in seen]).to(logits_BV.device)
    length_B = torch.tensor([len(tokens) for _, tokens, _ in seen])

    def spread(name: str) -> Tensor:
        value_B = torch.tensor([float(getattr(one.sampling, name)) for _, one in ruled])
        return value_B.repeat_interleave(length_B).to(logits_BV.device)

    value_U, factor_U = logits_BV[where], spread("repetition_penalty")
    value_U = torch.where(value_U > 0, value_U / factor_U, value_U * factor_U)
    value_U -= said_U * spread("frequency_penalty") + (said_U > 0) * spread("presence_penalty")
    logits_BV[where] = value_U


def _where(parts: Sequence[tuple[int, Tensor]], like: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns of the tokens of each row."""
    length_B = torch.tensor([len(tokens) for _, tokens in parts])
    row_E = torch.tensor([row for row, _ in parts]).repeat_interleave(length_B)
    return row_E.to(like.device), torch.cat([tokens for _, tokens in parts]).to(like.device)


def _penalizes(sampling: Sampling) -> bool:
    return sampling.repetition_penalty != 1 or sampling.frequency_penalty != 0 or sampling.presence_penalty != 0

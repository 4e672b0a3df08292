"""How far a model has moved from another: the divergence of what it says, estimated on answers that it draws itself.

KL(model || other) = E[log model(y|x) - log other(y|x)], y drawn from the model; the mean over draws is unbiased.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.answer_rows import AnswerRows
from samovar.train.answers import GOOD
from samovar.train.forks import Fork
from samovar.train.reference import log_probs_of

_MOST_TOKENS = 64


class Drift(NamedTuple):
    """A divergence in nats."""

    per_answer: float
    per_token: float
    error: float
    """Standard error of the first."""
    mean_tokens: float
    """Of an answer."""


def measure_drift(model: Decoder, other: Decoder, tokenizer: Tokenizer, prompts: Sequence[list[int]]) -> Drift:
    """KL of ``model`` from ``other`` on answers to ``prompts`` (ids), drawn at temperature 1."""
    longest = max(map(len, prompts)) + _MOST_TOKENS
    engine = Engine(model, tokenizer, max_batch=8, max_context=min(longest, model.settings.max_positions))
    drawn = engine.generate(list(prompts), Sampling(temperature=1.0, seed=0, max_tokens=_MOST_TOKENS))
    forks = [
        Fork(
            prompt,
            [one.ids],
            [list(range(len(prompt), len(prompt) + len(one.ids)))],
            [(0, len(prompt) + len(one.ids) - 1)],
            (GOOD,),
        )
        for prompt, one in zip(prompts, drawn, strict=True)
    ]
    rows = AnswerRows(forks, max(fork.num_tokens for fork in forks), pad_id=tokenizer.document_end_id)
    gain_A = log_probs_of(model, rows, rows_per_batch=4) - log_probs_of(other, rows, rows_per_batch=4)
    num_tokens = sum(len(fork.ends[0]) for fork in forks)
    return Drift(
        float(gain_A.mean()),
        float(gain_A.sum() / num_tokens),
        float(np.std(gain_A) / math.sqrt(len(gain_A))),
        num_tokens / len(forks),
    )

"""The embedding table that is the head as well: rows of tokens that the text lacks keep what they were drawn as."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.train.batches import Batch
from samovar.train.optimizers import Optimizers
from samovar.train.settings import LoopSettings
from tests.train.test_loop import SHAPE, RandomRows, fresh_model, run

_HELD = 16
"""Tokens that the text holds, of those that the table has."""


class FewTokens(RandomRows):
    """Rows of a small part of the vocabulary."""

    def batch(self, numbers: np.ndarray) -> Batch:
        tokens, targets, documents = super().batch(numbers)[:3]
        return Batch(tokens % _HELD, targets % _HELD, documents)


def likeness(rows_ND: Tensor) -> float:
    """Mean cosine between rows and their mean: 1 where all are one."""
    return float(torch.cosine_similarity(rows_ND, rows_ND.mean(dim=0, keepdim=True), dim=1).mean())


def test_rows_of_absent_tokens_do_not_become_one(tmp_path: Path) -> None:
    """AdamW alone makes the head's weak push away from every target as strong as what words teach."""
    found = {}
    for floor in (0.0, 1.0):
        model = Decoder(SHAPE.model_copy(update={"vocab_size": 2048}))
        initialize(model, 1)
        out = tmp_path / str(floor)
        out.mkdir()
        run(out, model=model, rows=FewTokens(), tokens=80 * 128, adamw_floor=floor)
        found[floor] = likeness(model.embed_tokens.weight.detach()[_HELD:])
    assert found[0.0] > 0.98
    assert found[1.0] < 0.7


def test_the_table_s_step_by_hand() -> None:
    """m / (sqrt(v) + a tenth of the root of v's mean over the table), both averages without the bias of their start."""
    model = fresh_model()
    optimizers = Optimizers(model, LoopSettings(adamw_learning_rate=0.01, adamw_beta2=0.9, adamw_floor=0.1))
    table = model.embed_tokens.weight
    gradients = (
        torch.randn(3, *table.shape, generator=torch.Generator().manual_seed(0))
        * torch.logspace(-6, 0, len(table))[:, None]
    )
    expected = table.detach().clone().double()
    mean, square = torch.zeros_like(expected), torch.zeros_like(expected)
    for step, gradient in enumerate(gradients.double(), 1):
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.9 * square + 0.1 * gradient**2
        unbiased = square / (1 - 0.9**step)
        expected -= 0.01 * mean / (1 - 0.9**step) / (unbiased.sqrt() + 0.1 * unbiased.mean().sqrt())
        table.grad = gradient.float()
        optimizers.step(1.0)
    torch.testing.assert_close(table.detach().double(), expected, rtol=1e-5, atol=1e-6)


def test_a_table_that_is_no_head_is_moved_by_adamw() -> None:
    """Rows of absent tokens have no gradient there."""
    model = Decoder(SHAPE.model_copy(update={"tie_embeddings": False}))
    initialize(model, 1)
    optimizers = Optimizers(model, LoopSettings(adamw_learning_rate=0.01, adamw_floor=0.1))
    before = model.embed_tokens.weight.detach().clone()
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizers.step(1.0)
    moved = (before - model.embed_tokens.weight.detach()).abs()
    assert float(moved.min()) == pytest.approx(0.01, rel=1e-3)

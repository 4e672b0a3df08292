"""The penalty that keeps a mixture's tokens from all going to the same experts."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from samovar.model.checkpoint import read_settings, save_model
from samovar.model.decoder import Decoder
from samovar.model.experts import Router, imbalance
from samovar.train.journal import read_metrics
from samovar.train.objectives import next_token
from samovar.train.objectives.balance import balanced
from samovar.train.objectives.contract import measured
from samovar.train.rl.rollouts import Rollout
from tests.train.rl_runs import grpo_settings
from tests.train.rl_runs import run as rl_run
from tests.train.test_loop import SHAPE, RandomRows, run
from tests.train.tiny_preferences import tiny_model

MIXTURE = SHAPE.model_copy(
    update={"num_experts": 4, "experts_per_token": 2, "expert_size": 32, "expert_layers": (0, 1)}
)


def routers_of(model: Decoder) -> list[Router]:
    return [module for module in model.modules() if isinstance(module, Router)]


def test_by_hand() -> None:
    """Two tokens, two experts, one chosen each; both choose the first: 2 (1 x 0.75 + 0 x 0.25)."""
    share_NE = torch.tensor([[0.9, 0.1], [0.6, 0.4]])
    assert float(imbalance(share_NE, torch.tensor([[0], [0]]))) == pytest.approx(1.5)
    assert float(imbalance(share_NE, torch.tensor([[0], [1]]))) == pytest.approx(1.0)


def test_it_is_that_of_transformers() -> None:
    from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func

    torch.manual_seed(0)
    logits_NE = torch.randn(50, 8, requires_grad=True)
    share_NE = logits_NE.softmax(-1)
    found = imbalance(share_NE, share_NE.topk(3).indices)
    (gradient,) = torch.autograd.grad(found, logits_NE)
    expected = load_balancing_loss_func((logits_NE,), num_experts=8, top_k=3) / 3
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(gradient, torch.autograd.grad(expected, logits_NE)[0])


@pytest.mark.parametrize("is_recomputed", [False, True])
def test_the_gradient_is_that_of_both_terms(is_recomputed: bool) -> None:
    torch.manual_seed(3)
    model = Decoder(MIXTURE).train()
    batch = RandomRows().batch(np.arange(4))
    routers = routers_of(model)

    def routers_gradients(share: float) -> tuple[list[torch.Tensor], float]:
        model.zero_grad(set_to_none=True)
        model.recomputes_layers = is_recomputed
        with balanced(next_token, model, share) as objective:
            loss, metrics = measured(objective.loss_sum(model, batch, model.hidden(batch.tokens_BT)))
            loss.backward()
        gradients = [torch.zeros(1) if one.weight.grad is None else one.weight.grad.clone() for one in routers]
        return gradients, float(metrics.get("expert_imbalance", 0.0)) / next_token.weight(batch)

    plain, unmeasured = routers_gradients(0.0)
    little, uneven = routers_gradients(0.1)
    more, _ = routers_gradients(0.2)
    assert unmeasured == 0.0
    assert 1.0 < uneven < 4.0
    for none, one, two in zip(plain, little, more, strict=True):
        torch.testing.assert_close(two - none, 2 * (one - none), rtol=1e-3, atol=1e-5)
        assert not torch.equal(one, none)
    copy.deepcopy(model)  # nothing of a graph hangs on it


def test_training_evens_out_the_experts(tmp_path: Path) -> None:
    """All tokens have a direction in common, and the first expert's router begins with it."""
    found = []
    for share in (1e-9, 1.0):
        torch.manual_seed(0)
        model = Decoder(MIXTURE.model_copy(update={"expert_layers": (0,)}))
        with torch.no_grad():
            model.embed_tokens.weight += 1.0
            routers_of(model)[0].weight[0] = 0.05
        out = tmp_path / str(share)
        out.mkdir()
        run(out, model=model, tokens=20 * 128, expert_balance=share)
        found.append([row["expert_imbalance"] for row in read_metrics(out / "metrics.jsonl")])
    assert found[0][0] == pytest.approx(found[1][0])
    assert found[0][0] > 1.3
    assert found[1][-1] < found[0][-1] - 0.3


def test_learning_by_reward_evens_them_out_as_well(tmp_path: Path) -> None:
    """Answers are worth what chance says, so that something is learnt from every question."""
    base = tiny_model(tmp_path / "base")
    shape = read_settings(base).model_copy(
        update={
            "family": "qwen3_moe", "num_experts": 4, "experts_per_token": 2, "expert_size": 32, "expert_layers": (0, 1),
        }
    )  # fmt: skip
    torch.manual_seed(0)
    save_model(Decoder(shape), base, tokenizer_folder=base)

    def by_chance(rollouts: Sequence[Rollout]) -> list[float]:
        return [number % 3 / 2 for number, _ in enumerate(rollouts)]

    found = []
    for share in (0.0, 1e-9, 1.0):
        settings = grpo_settings(iterations=3, prompts=4, answers=4, held_out=1, expert_balance=share, compile="off")
        rl_run(base, tmp_path / str(share), settings, rewarding=by_chance)
        found.append([row.get("expert_imbalance") for row in read_metrics(tmp_path / str(share) / "metrics.jsonl")])
    assert found[0] == [None] * 4
    assert found[1][1] == pytest.approx(found[2][1])
    assert found[1][1] >= 1.0
    assert found[2][-1] < found[1][-1]


def test_the_penalty_of_logits_is_refused_where_there_are_none() -> None:
    with pytest.raises(ValueError, match="z_loss is for pretraining and fine-tuning"):
        grpo_settings(z_loss=1e-4)

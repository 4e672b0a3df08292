"""Losses of preferences: values worked by hand, gradients against differences, TRL's numbers on the same inputs."""

from __future__ import annotations

import importlib
import math
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
import torch
from torch import Tensor

from samovar.train.objectives.cpo import Cpo
from samovar.train.objectives.dpo import Dpo
from samovar.train.objectives.ipo import Ipo
from samovar.train.objectives.kto import Kto
from samovar.train.objectives.length_normalised import LengthNormalised
from samovar.train.objectives.orpo import Orpo
from samovar.train.objectives.pairs import PairObjective, Pairs
from samovar.train.objectives.reward import BradleyTerry
from samovar.train.objectives.robust import Robust
from samovar.train.objectives.simpo import Simpo
from samovar.train.preference_settings import DpoSettings

OBJECTIVES: dict[str, PairObjective] = {
    "dpo": Dpo(0.3),
    "ipo": Ipo(0.3),
    "robust": Robust(0.3, 0.2),
    "length_normalised": LengthNormalised(0.3),
    "simpo": Simpo(2.0, 0.6),
    "cpo": Cpo(0.3),
    "orpo": Orpo(0.3),
}


def softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def pairs(*rows: list[float]) -> Pairs:
    return Pairs(*(torch.tensor(row, dtype=torch.float64) for row in rows))


ONE = pairs([-2.0], [-3.0], [-2.5], [-2.0], [2.0], [4.0])
"""Gains: the chosen 0.5 (0.25 a token), the rejected -1 (-0.25 a token); means: -1 and -0.75 a token."""
ODDS = (-1.0 - math.log(1 - math.exp(-1.0))) - (-0.75 - math.log(1 - math.exp(-0.75)))
BY_HAND = {
    "dpo": softplus(-0.3 * 1.5),
    "ipo": (0.5 - 1 / 0.6) ** 2,
    "robust": (0.8 * softplus(-0.45) - 0.2 * softplus(0.45)) / 0.6,
    "length_normalised": softplus(-0.3 * 0.5),
    "simpo": softplus(-(2.0 * (-1.0 + 0.75) - 0.6)),
    "cpo": softplus(-0.3),
    "orpo": 1.0 + 0.3 * softplus(-ODDS),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_value_worked_by_hand(name: str) -> None:
    assert OBJECTIVES[name].losses(ONE).item() == pytest.approx(BY_HAND[name], rel=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_gradient_is_that_of_differences(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    chosen, rejected = (-5.0 - torch.rand(4, dtype=torch.float64, generator=generator) for _ in range(2))
    fixed = [torch.full((4,), value, dtype=torch.float64) for value in (-5.0, -6.0, 3.0, 5.0)]

    def losses(chosen_P: Tensor, rejected_P: Tensor) -> Tensor:
        return OBJECTIVES[name].losses(Pairs(chosen_P, rejected_P, *fixed))

    assert torch.autograd.gradcheck(losses, (chosen.requires_grad_(), rejected.requires_grad_()))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_chosen_answer_is_pushed_up_and_the_rejected_down(name: str) -> None:
    chosen, rejected = (torch.tensor([-4.0], requires_grad=True) for _ in range(2))
    same = [torch.tensor([value]) for value in (-4.0, -4.0, 4.0, 4.0)]
    OBJECTIVES[name].losses(Pairs(chosen, rejected, *same)).sum().backward()
    assert chosen.grad is not None
    assert rejected.grad is not None
    assert chosen.grad.item() < 0 < rejected.grad.item()


def test_orpo_stays_finite_where_an_answer_is_certain() -> None:
    sure = torch.tensor([0.0], requires_grad=True)
    loss = Orpo(0.1).losses(Pairs(sure, torch.tensor([-9.0]), *(torch.tensor([x]) for x in (0.0, 0.0, 3.0, 3.0))))
    loss.sum().backward()
    assert sure.grad is not None
    assert torch.isfinite(loss).all()
    assert torch.isfinite(sure.grad).all()


def test_kto_by_hand_and_its_drift_has_no_gradient() -> None:
    gain = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
    is_good = torch.tensor([True, False])
    losses = Kto(0.4, 1.0, 2.0).losses(gain, is_good, torch.tensor(0.25, dtype=torch.float64))

    def sigmoid(x: float) -> float:
        return 1 / (1 + math.exp(-x))

    assert losses.tolist() == pytest.approx([1 - sigmoid(0.4 * 0.25), 2 * (1 - sigmoid(0.4 * 1.25))])

    def summed(gain_A: Tensor) -> Tensor:
        return Kto(0.4, 1.0, 2.0).losses(gain_A, is_good, torch.tensor(0.25, dtype=torch.float64))

    assert torch.autograd.gradcheck(summed, (gain,))


def test_bradley_terry_by_hand() -> None:
    chosen, rejected, margin = (torch.tensor([value], dtype=torch.float64) for value in (1.0, -0.5, 0.25))
    loss = BradleyTerry(0.1).losses(chosen, rejected, margin)
    assert loss.item() == pytest.approx(softplus(-(1.5 - 0.25)) + 0.1 * 0.25)
    assert torch.autograd.gradcheck(
        lambda c, r: BradleyTerry(0.1).losses(c, r, margin), (chosen.requires_grad_(), rejected.requires_grad_())
    )


def test_every_loss_of_the_settings_has_its_file() -> None:
    for name in DpoSettings.model_fields["loss"].annotation.__args__:  # type: ignore[union-attr]
        made = importlib.import_module(f"samovar.train.objectives.{name}").make(DpoSettings(loss=name, beta=0.7))
        assert made.beta == 0.7
        assert made.needs_reference == (name not in {"simpo", "cpo", "orpo"})


def identity(value: Any) -> Any:
    return value


def some_pairs() -> tuple[Pairs, Tensor, Tensor]:
    """Random log-probabilities of tokens, with a mask, chosen above rejected, and the pairs that they make."""
    generator = torch.Generator().manual_seed(1)
    log_probs = -3.0 * torch.rand(6, 9, generator=generator)
    lengths = torch.tensor([3, 5, 4, 6, 2, 5])
    mask = torch.arange(9) >= 9 - lengths.unsqueeze(1)
    log_probs = log_probs * mask
    total, reference = log_probs.sum(1), -6.0 * torch.rand(6, generator=generator)
    one = Pairs(total[:3], total[3:], reference[:3], reference[3:], lengths[:3].float(), lengths[3:].float())
    return one, log_probs, mask


@pytest.mark.parametrize(
    ("name", "loss_type"),
    [("dpo", "sigmoid"), ("ipo", "ipo"), ("robust", "robust"), ("length_normalised", "sigmoid_norm")],
)
def test_equal_to_trl_with_a_reference(name: str, loss_type: str) -> None:
    trainer = importlib.import_module("trl.trainer.dpo_trainer")
    one, log_probs, mask = some_pairs()
    # TRL sums over its tokens; of the mask, the first place is never foretold.
    completion_mask = torch.cat([torch.zeros(6, 1, dtype=torch.long), mask.long()], dim=1)
    fake = MagicMock(
        ld_alpha=None, aux_loss_enabled=False, precompute_ref_logps=True, f_divergence_type="reverse_kl",
        loss_types=[loss_type], loss_weights=[1.0], use_weighting=False, beta=0.3, label_smoothing=0.2,
    )  # fmt: skip
    fake.accelerator = SimpleNamespace(device=torch.device("cpu"), gather_for_metrics=identity, gather=identity)
    fake._total_train_tokens, fake._tp_size = 0, 1
    zeros = torch.zeros(6, 9)
    said = SimpleNamespace(log_probs=log_probs, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool())
    inputs = {
        "input_ids": torch.zeros(6, 10, dtype=torch.long), "attention_mask": torch.ones(6, 10, dtype=torch.long),
        "completion_mask": completion_mask, "ref_chosen_logps": one.chosen_reference_P,
        "ref_rejected_logps": one.rejected_reference_P,
    }  # fmt: skip
    theirs = trainer.DPOTrainer._compute_loss(fake, lambda **_: said, inputs, False)
    # IPO and the normalised loss divide by the completion's length, which theirs counts with the unshifted mask.
    assert OBJECTIVES[name].losses(one).mean().item() == pytest.approx(theirs.item(), rel=1e-5)


@pytest.mark.parametrize("name", ["simpo", "cpo"])
def test_equal_to_trl_without_a_reference(name: str) -> None:
    trainer = importlib.import_module("trl.experimental.cpo.cpo_trainer")
    one, _, _ = some_pairs()
    fake = SimpleNamespace(
        alpha=0.0, label_smoothing=0.0, loss_type="simpo" if name == "simpo" else "sigmoid", simpo_gamma=0.6,
        beta=2.0 if name == "simpo" else 0.3, accelerator=SimpleNamespace(device=torch.device("cpu")),
    )  # fmt: skip
    sides = (one.chosen_P, one.rejected_P)
    if name == "simpo":
        sides = (one.chosen_P / one.chosen_length_P, one.rejected_P / one.rejected_length_P)
    theirs = trainer.CPOTrainer.cpo_loss(fake, *sides)[0]
    torch.testing.assert_close(OBJECTIVES[name].losses(one), theirs)


def test_equal_to_trl_odds() -> None:
    trainer = importlib.import_module("trl.experimental.orpo.orpo_trainer")
    one, _, _ = some_pairs()
    fake = SimpleNamespace(beta=0.3, accelerator=SimpleNamespace(device=torch.device("cpu")))
    means = one.chosen_P / one.chosen_length_P, one.rejected_P / one.rejected_length_P
    theirs = trainer.ORPOTrainer.odds_ratio_loss(fake, *means)[0]
    torch.testing.assert_close(Orpo(0.3).losses(one), -means[0] - theirs)


def test_equal_to_trl_of_single_answers() -> None:
    trainer = importlib.import_module("trl.trainer.kto_trainer")
    one, log_probs, mask = some_pairs()
    label = torch.tensor([True, False, True, True, False, False])
    reference = torch.cat([one.chosen_reference_P, one.rejected_reference_P])
    elsewhere, elsewhere_reference = torch.tensor([-4.0, -3.0]), torch.tensor([-5.0, -3.5])
    fake = MagicMock(
        aux_loss_enabled=False, precompute_ref_logps=True, calculate_KL=True, loss_type="kto", beta=0.3,
        desirable_weight=1.0, undesirable_weight=1.5,
    )  # fmt: skip
    fake.accelerator = SimpleNamespace(device=torch.device("cpu"), gather_for_metrics=identity)
    fake._total_train_tokens, fake._tp_size = 0, 1
    fake._compute_kl_logps = lambda model, batch: elsewhere
    zeros = torch.zeros(6, 9)
    said = SimpleNamespace(log_probs=log_probs, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool())
    inputs = {
        "input_ids": torch.zeros(6, 10, dtype=torch.long), "attention_mask": torch.ones(6, 10, dtype=torch.long),
        "completion_mask": torch.cat([torch.zeros(6, 1, dtype=torch.long), mask.long()], dim=1), "label": label,
        "ref_logps": reference, "ref_KL_logps": elsewhere_reference,
    }  # fmt: skip
    theirs = trainer.KTOTrainer._compute_loss(fake, lambda **_: said, inputs, False)
    drift = (elsewhere - elsewhere_reference).mean().clamp(min=0)
    ours = Kto(0.3, 1.0, 1.5).losses(log_probs.sum(1) - reference, label, drift)
    assert ours.mean().item() == pytest.approx(theirs.item(), rel=1e-5)


def test_equal_to_trl_of_rewards() -> None:
    trainer = importlib.import_module("trl.trainer.reward_trainer")
    score = torch.tensor([0.3, -1.0, 2.0, 0.1, 0.5, -0.7])
    margin = torch.tensor([0.0, 0.5, 1.0])
    fake = MagicMock(args=SimpleNamespace(center_rewards_coefficient=0.05))
    fake.accelerator = SimpleNamespace(gather_for_metrics=identity, gather=identity)
    fake._total_train_tokens, fake._tp_size = 0, 1
    inputs = {"attention_mask": torch.ones(6, 4), "margin": margin}
    theirs = trainer.RewardTrainer.compute_loss(fake, lambda **_: SimpleNamespace(logits=score.unsqueeze(1)), inputs)
    assert BradleyTerry(0.05).losses(score[:3], score[3:], margin).mean().item() == pytest.approx(theirs.item())

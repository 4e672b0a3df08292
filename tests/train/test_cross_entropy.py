"""The loss in chunks: values and gradients of the plain formula, and never more logits than a chunk's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.train.batches import IGNORED, Batch
from samovar.train.objectives import next_token
from samovar.train.objectives.chunks import LOGITS_AT_ONCE, targets_at_once
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.cross_entropy import cross_entropy_sum, loss_and_gradient
from samovar.train.objectives.next_token import NextToken

HEADS: dict[str, dict[str, Any]] = {
    "tied": {},
    "own": {"tie_embeddings": False},
    "own with bias": {"tie_embeddings": False, "head_bias": True},
    "normed": {"tie_embeddings": False, "normed_head": True},
    "capped": {"logit_softcap": 3.0},
    "divided and capped": {"logit_divisor": 2.0, "logit_softcap": 1.5, "tie_embeddings": False},
}


def make(head: str) -> Decoder:
    settings = DecoderSettings.model_validate(
        {
            "vocab_size": 37, "hidden_size": 16, "intermediate_size": 16, "num_layers": 1, "num_heads": 1,
            "num_kv_heads": 1, "head_dim": 16, "max_positions": 32,
        }
        | HEADS[head]
    )  # fmt: skip
    torch.manual_seed(0)
    return Decoder(settings)


def inputs(count: int = 50) -> tuple[Tensor, Tensor]:
    draw = torch.Generator().manual_seed(1)
    return 2.0 * torch.randn(count, 16, generator=draw), torch.randint(0, 37, (count,), generator=draw)


def plain(model: Decoder, hidden_ND: Tensor, target_N: Tensor, z_loss: float) -> Tensor:
    """By the textbook, through autograd."""
    logits = model.head(hidden_ND)
    return F.cross_entropy(logits, target_N, reduction="sum") + z_loss * logits.logsumexp(-1).square().sum()


def head_gradients(model: Decoder) -> list[Tensor]:
    head = model.embed_tokens if model.lm_head is None else model.lm_head
    found = [parameter.grad for parameter in head.parameters()]
    assert all(gradient is not None for gradient in found)
    return [gradient.clone() for gradient in found if gradient is not None]


@pytest.mark.parametrize("z_loss", [0.0, 0.01])
@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("at_once", [1, 7, 50, 1000])
def test_it_is_the_plain_cross_entropy(head: str, z_loss: float, at_once: int) -> None:
    model = make(head)
    hidden, target = inputs()
    expected_hidden, hidden = hidden.clone().requires_grad_(), hidden.requires_grad_()
    expected = plain(model, expected_hidden, target, z_loss)
    (0.25 * expected).backward()
    expected_weights = head_gradients(model)
    model.zero_grad()
    found, z_part = cross_entropy_sum(model, hidden, target, z_loss=z_loss, at_once=at_once)
    (0.25 * found).backward()
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    assert hidden.grad is not None
    found_gradients, expected_gradients = (
        [hidden.grad, *head_gradients(model)],
        [expected_hidden.grad, *expected_weights],
    )
    for one, two in zip(found_gradients, expected_gradients, strict=True):
        assert two is not None
        assert float((one - two).abs().max() / two.abs().max()) < 1e-6
    with torch.no_grad():
        z_expected = z_loss * model.head(hidden).logsumexp(-1).square().sum()
    torch.testing.assert_close(z_part, z_expected, rtol=1e-6, atol=0)


def test_its_gradient_is_the_difference_quotient() -> None:
    logits = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    target = torch.tensor([4, 0, 2])

    def loss(x: Tensor) -> Tensor:
        z = x.logsumexp(-1)
        return (z - x.gather(1, target[:, None])[:, 0]).sum() + 0.1 * z.square().sum()

    _, _, gradient = loss_and_gradient(logits, target, 0.1)
    for row in range(3):
        for column in range(5):
            step = torch.zeros_like(logits)
            step[row, column] = 1e-5
            assert gradient[row, column] == pytest.approx(
                float(loss(logits + step) - loss(logits - step)) / 2e-5, abs=2e-6
            )


def test_a_loss_by_hand() -> None:
    """Logits 0 and ln 3: probabilities 1/4 and 3/4."""
    logits = torch.tensor([[1.0, 3.0]]).log()
    loss, z_part, gradient = loss_and_gradient(logits, torch.tensor([0]), 0.5)
    z = torch.tensor(4.0).log()
    assert float(z_part) == pytest.approx(float(0.5 * z**2))
    assert float(loss) == pytest.approx(float(z + 0.5 * z**2))
    assert gradient.tolist()[0] == pytest.approx([0.25 * (1 + float(z)) - 1, 0.75 * (1 + float(z))])


def test_never_more_logits_than_a_chunk_s() -> None:
    model = make("tied")
    hidden, target = inputs()
    seen: list[int] = []
    head = model.head
    model.head = lambda x: seen.append(len(x)) or head(x)  # type: ignore[method-assign, func-returns-value]
    kept: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss, _ = cross_entropy_sum(model, hidden.requires_grad_(), target, at_once=16)
        chunks = len(seen)
        del kept[:]
        loss.backward()
    assert seen == [16, 16, 16, 2]
    assert chunks == 4, "nothing is computed again in the backward pass"


def test_bfloat16_is_as_near_the_truth_as_the_plain_way() -> None:
    model = make("tied")
    hidden, target = inputs(400)
    truth, plainly, chunked = (hidden.clone().bfloat16().requires_grad_() for _ in range(3))
    exact = plain(model.double(), truth.double(), target, 0.0)
    exact.backward()
    model.float()
    F.cross_entropy(model.head(plainly).float(), target, reduction="sum").backward()
    loss, _ = cross_entropy_sum(model, chunked, target, at_once=64)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(float(exact.detach()), rel=2e-3)
    assert truth.grad is not None
    assert plainly.grad is not None
    assert chunked.grad is not None
    error = float((chunked.grad - truth.grad).norm() / truth.grad.norm())
    plain_error = float((plainly.grad - truth.grad).norm() / truth.grad.norm())
    assert error < 1.3 * plain_error < 0.02


def test_what_is_not_trained_gets_no_gradient() -> None:
    model = make("own")
    hidden, target = inputs()
    with torch.no_grad():
        loss, _ = cross_entropy_sum(model, hidden, target, at_once=16)
    assert not loss.requires_grad
    model.requires_grad_(False)
    hidden.requires_grad_()
    cross_entropy_sum(model, hidden, target, at_once=16)[0].backward()
    assert hidden.grad is not None
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_batch_without_targets_is_zero() -> None:
    model = make("own with bias")
    hidden_BTD = torch.randn(2, 3, 16, requires_grad=True)
    empty = torch.full((2, 3), IGNORED)
    loss = next_token.loss_sum(model, Batch(torch.zeros_like(empty), empty, None), hidden_BTD)
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert hidden_BTD.grad is not None
    assert not hidden_BTD.grad.any()
    assert not any(gradient.any() for gradient in head_gradients(model))


def test_the_penalty_is_told_beside_the_loss() -> None:
    model = make("tied")
    hidden_BTD = inputs(6)[0].view(2, 3, 16)
    batch = Batch(torch.zeros(2, 3, dtype=torch.long), torch.tensor([[1, IGNORED, 2], [3, 4, IGNORED]]), None)
    assert NextToken().weight(batch) == next_token.weight(batch) == 4
    without = NextToken().loss_sum(model, batch, hidden_BTD)
    with_it = NextToken(z_loss=0.1).loss_sum(model, batch, hidden_BTD)
    assert isinstance(without, Tensor)
    assert isinstance(with_it, Measured)
    torch.testing.assert_close(with_it.loss, without + with_it.metrics["z_loss"])
    torch.testing.assert_close(without, next_token.loss_sum(model, batch, hidden_BTD))


def test_chunks_by_vocabulary() -> None:
    assert targets_at_once(4096, "cpu") * 4096 == LOGITS_AT_ONCE["cpu"]
    assert targets_at_once(10_000_000, "cpu") == 512
    assert targets_at_once(4096, "cuda") > targets_at_once(4096, "cpu")

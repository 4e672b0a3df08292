"""The cross-entropy in C++ against torch's autograd in float64."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from samovar.train.native import LIBRARY
from samovar.train.objectives.cross_entropy_cpu import loss_and_gradient_in_place

pytestmark = pytest.mark.skipif(LIBRARY.library() is None, reason=LIBRARY.reason())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 4e-6), (torch.bfloat16, 0.004)], ids=str)
@pytest.mark.parametrize("vocabulary", [1, 5, 37, 64, 1000])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_loss_and_gradient_are_those_of_autograd(
    vocabulary: int, smoothing: float, is_weighted: bool, dtype: torch.dtype, tolerance: float
) -> None:
    draw = torch.Generator().manual_seed(0)
    given = (10.0 * torch.randn(9, vocabulary, generator=draw)).to(dtype)
    logits = given.double().requires_grad_()
    target = torch.randint(vocabulary, (9,), generator=draw)
    weight = torch.rand(9, generator=draw) if is_weighted else torch.ones(9)
    z_part = 0.01 * logits.logsumexp(-1).square()
    each = F.cross_entropy(logits, target, reduction="none", label_smoothing=smoothing) + z_part
    (wanted,) = torch.autograd.grad((each * weight).sum(), logits)
    loss, z_found, found = loss_and_gradient_in_place(given, target, 0.01, smoothing, weight if is_weighted else None)
    assert found.data_ptr() == given.data_ptr()
    assert loss.item() == pytest.approx((each * weight).sum().item(), rel=1e-5)
    assert z_found.item() == pytest.approx((z_part * weight).sum().item(), rel=1e-5)
    torch.testing.assert_close(found.double(), wanted, rtol=0, atol=tolerance * max(1.0, wanted.abs().max().item()))


@pytest.mark.parametrize("largest", [0.0, 300.0, -300.0])
def test_logits_far_from_zero(largest: float) -> None:
    """Two alike and one 60 below: probabilities 1/2, 1/2 and nothing."""
    logits = torch.tensor([[0.0, 0.0, -60.0]]) + largest
    loss, _, gradient = loss_and_gradient_in_place(logits, torch.tensor([0]), 0.0)
    assert loss.item() == pytest.approx(0.693147, rel=1e-5)
    assert gradient.tolist()[0] == pytest.approx([-0.5, 0.5, 0.0], abs=1e-6)


@pytest.mark.parametrize("place", [0, 20, 36])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_makes_no_finite_loss(place: int, value: float) -> None:
    logits = torch.zeros(2, 37)
    logits[1, place] = value
    loss, _, _ = loss_and_gradient_in_place(logits, torch.tensor([1, 2]), 0.0)
    assert not math.isfinite(loss.item())


def test_rows_without_targets() -> None:
    loss, _, gradient = loss_and_gradient_in_place(torch.empty(0, 8), torch.empty(0, dtype=torch.int64), 0.0)
    assert loss.item() == 0.0
    assert gradient.shape == (0, 8)

"""The kernel of the cross-entropy against torch's autograd, in Triton's interpreter where there is no GPU."""

from __future__ import annotations

import os

import pytest
import torch
import torch.nn.functional as F

pytest.importorskip("triton")
IS_ON_GPU = torch.cuda.is_available()
if not IS_ON_GPU and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("needs a GPU, or TRITON_INTERPRET=1", allow_module_level=True)

from samovar.train.objectives import cross_entropy_gpu  # noqa: E402

DEVICE = torch.device("cuda" if IS_ON_GPU else "cpu")


@pytest.mark.parametrize("vocabulary", [37, 64, 1000])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("is_weighted", [False, True])
def test_loss_and_gradient_are_those_of_autograd(
    vocabulary: int, smoothing: float, is_weighted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cross_entropy_gpu, "COLUMNS", 256)
    draw = torch.Generator().manual_seed(0)
    logits = (10.0 * torch.randn(9, vocabulary, generator=draw)).to(DEVICE).requires_grad_()
    target = torch.randint(vocabulary, (9,), generator=draw).to(DEVICE)
    weight = torch.rand(9, generator=draw).to(DEVICE) if is_weighted else None
    z_part = 0.01 * logits.logsumexp(-1).square()
    each = F.cross_entropy(logits, target, reduction="none", label_smoothing=smoothing) + z_part
    one = torch.ones(9, device=DEVICE) if weight is None else weight
    (wanted,) = torch.autograd.grad((each * one).sum(), logits)
    given = logits.detach().clone()
    loss, z_found, found = cross_entropy_gpu.loss_and_gradient_in_place(given, target, 0.01, smoothing, weight)
    assert found.data_ptr() == given.data_ptr()
    torch.testing.assert_close(loss, (each * one).sum().detach(), rtol=1e-5, atol=0)
    torch.testing.assert_close(z_found, (z_part * one).sum().detach(), rtol=1e-5, atol=0)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("largest", [0.0, 300.0, -300.0])
def test_logits_far_from_zero(largest: float) -> None:
    """Two alike and one 60 below: probabilities 1/2, 1/2 and nothing."""
    logits = torch.tensor([[0.0, 0.0, -60.0]], device=DEVICE) + largest
    loss, _, gradient = cross_entropy_gpu.loss_and_gradient_in_place(logits, torch.tensor([0], device=DEVICE), 0.0)
    assert float(loss) == pytest.approx(0.693147, rel=1e-5)
    assert gradient.tolist()[0] == pytest.approx([-0.5, 0.5, 0.0], abs=1e-6)


def test_rows_without_targets() -> None:
    logits = torch.empty(0, 8, device=DEVICE)
    loss, _, gradient = cross_entropy_gpu.loss_and_gradient_in_place(
        logits, torch.empty(0, dtype=torch.int64, device=DEVICE), 0.0
    )
    assert float(loss) == 0.0
    assert gradient.shape == (0, 8)

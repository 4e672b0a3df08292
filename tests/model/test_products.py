"""Products of bfloat16 in C++ equal torch's in float64, and so do their gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.model.gate import silu_gated
from samovar.model.linear import Linear, NormedHead
from samovar.model.native import LIBRARY
from samovar.model.products import combine, multiply, use_products
from samovar.model.settings import DecoderSettings

pytestmark = pytest.mark.skipif(LIBRARY.library() is None, reason=LIBRARY.reason())
HALF, SINGLE = torch.bfloat16, torch.float32
SIZES = [
    (1, 1, 1),
    (8, 32, 32),
    (7, 33, 5),
    (130, 96, 320),
    (40, 70, 1031),
    (300, 50, 77),
    (40, 4200, 1031),
    (1100, 17, 4200),
]
"""Rows, outputs, inputs: whole tiles, less than one, odd ones, and more than is laid out or added up at once."""


def close(ours: Tensor, expected: Tensor, tolerance: float) -> None:
    largest = max(1.0, expected.abs().max().item()) if expected.numel() else 1.0
    torch.testing.assert_close(ours.double(), expected.double(), rtol=0, atol=tolerance * largest)


@pytest.mark.parametrize("weight_type", [HALF, SINGLE], ids=str)
@pytest.mark.parametrize(("rows", "outputs", "inputs"), SIZES)
def test_it_equals_torch_and_so_do_its_gradients(
    rows: int, outputs: int, inputs: int, weight_type: torch.dtype
) -> None:
    torch.manual_seed(rows)
    x, weight, gradient = torch.randn(rows, inputs), torch.randn(outputs, inputs), torch.randn(rows, outputs)
    ours = [x.to(HALF).requires_grad_(), weight.to(weight_type).requires_grad_()]
    theirs = [one.detach().to(HALF).double().requires_grad_() for one in ours]
    y, expected = multiply(*ours), F.linear(*theirs)
    assert y.dtype == HALF
    close(y, expected, 0.004)
    found = torch.autograd.grad(y, ours, gradient.to(HALF))
    for mine, its, tolerance in zip(
        found,
        torch.autograd.grad(expected, theirs, gradient.to(HALF).double()),
        (0.004, 1e-6 if weight_type == SINGLE else 0.004),
        strict=True,
    ):
        close(mine, its, tolerance)
    assert [one.dtype for one in found] == [HALF, weight_type]


def test_sides_that_do_not_lie_row_by_row() -> None:
    torch.manual_seed(0)
    rows = 48
    x = torch.randn(64, 3, rows).to(HALF).transpose(0, 2).requires_grad_()
    weight = torch.randn(64, 40).T.requires_grad_()
    y = multiply(x, weight)
    close(y, F.linear(x.double(), weight.to(HALF).double()), 0.004)
    gradient = torch.randn(rows, 40, 3).to(HALF).mT
    mine = torch.autograd.grad(y, (x, weight), gradient)
    its = torch.autograd.grad(F.linear(x, weight.to(HALF)), (x, weight), gradient)
    for ours, expected in zip(mine, its, strict=True):
        close(ours, expected, 0.008)


def test_nothing_is_multiplied_by_nothing() -> None:
    x, weight = torch.randn(0, 32).to(HALF).requires_grad_(), torch.randn(16, 32).requires_grad_()
    y = multiply(x, weight)
    assert y.shape == (0, 16)
    for_x, for_weight = torch.autograd.grad(y, (x, weight), torch.empty(0, 16, dtype=HALF))
    assert for_x.shape == (0, 32)
    assert not for_weight.any()


def test_weights_of_float16_are_multiplied_by_torch() -> None:
    x, weight = torch.randn(4, 32).to(HALF), torch.randn(8, 32).half()
    assert torch.equal(multiply(x, weight), F.linear(x, weight.to(HALF)))


def test_threads_make_no_difference() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(1000, 96).to(HALF).requires_grad_(), torch.randn(200, 96).requires_grad_()
    found = []
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            y = multiply(x, weight)
            found.append((y, *torch.autograd.grad(y, (x, weight), torch.ones_like(y))))
    finally:
        torch.set_num_threads(threads)
    for others in found[1:]:
        assert all(torch.equal(one, other) for one, other in zip(found[0], others, strict=True))


@pytest.mark.parametrize("is_added", [False, True])
@pytest.mark.parametrize(("rows", "columns", "depth"), [(7, 9, 5), (64, 64, 64), (100, 130, 66)])
def test_combinations_equal_baddbmm(rows: int, columns: int, depth: int, is_added: bool) -> None:
    torch.manual_seed(rows)
    left, right = torch.randn(3, rows, depth).to(HALF), torch.randn(3, columns, depth).to(HALF).mT
    added = torch.randn(3, rows, columns).to(HALF)
    expected = torch.baddbmm(added.double(), left.double(), right.double(), beta=0.3 * is_added, alpha=1.5)
    for lying in (right, right.contiguous()):
        close(combine(left, lying, times=1.5, add=(0.3, added) if is_added else None), expected, 0.004)


@pytest.mark.parametrize("rows", [5, 32, 33, 100])
def test_a_symmetric_combination_is_mirrored(rows: int) -> None:
    torch.manual_seed(rows)
    x = torch.randn(2, rows, 70).to(HALF)
    added = combine(x, x.mT, is_symmetric=True)
    assert torch.equal(added, added.mT)
    close(added, x.double() @ x.double().mT, 0.004)
    twice = combine(x, x.mT, times=0.5, add=(2.0, added), is_symmetric=True)
    close(twice, 2.5 * added.double(), 0.008)


def test_a_model_multiplies_so_where_it_computes_in_bfloat16() -> None:
    torch.manual_seed(0)
    settings = DecoderSettings(
        vocab_size=64, hidden_size=32, num_layers=1, num_heads=2, num_kv_heads=1, head_dim=32, intermediate_size=48,
        attention_bias=True, tie_embeddings=True,
    )  # fmt: skip
    model, tokens_BT = Decoder(settings, compute_dtype=HALF), torch.arange(24).view(2, 12)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.3)
    before = model(tokens_BT).float()
    use_products(model)
    assert all(module.multiply is multiply for module in model.modules() if isinstance(module, (Linear, Decoder)))
    close(model(tokens_BT), before, 0.03)
    model.compute_dtype = torch.float32
    single = model(tokens_BT)
    assert single.dtype == torch.float32
    close(single, before, 0.03)


def test_a_normed_head_stays_one() -> None:
    head = NormedHead(32, 8)
    x = torch.randn(4, 32)
    before = head(x)
    use_products(head)
    assert torch.equal(head(x), before)


@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 4100), (0, 8)])
def test_the_gate_equals_torch_and_so_do_its_gradients(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    gate, up, gradient = (scale * torch.randn(shape) for scale in (4.0, 1.0, 1.0))
    if gate.numel() > 8:
        gate.view(-1)[:4] = torch.tensor([100.0, -100.0, -3e4, 0.0])
    ours = [x.to(HALF).requires_grad_() for x in (gate, up)]
    theirs = [x.detach().double().requires_grad_() for x in ours]
    y, expected = silu_gated(*ours), F.silu(theirs[0]) * theirs[1]
    close(y, expected, 0.004)
    mine = torch.autograd.grad(y, ours, gradient.to(HALF))
    its = torch.autograd.grad(expected, theirs, gradient.to(HALF).double())
    for one, other in zip(mine, its, strict=True):
        close(one, other, 0.004)

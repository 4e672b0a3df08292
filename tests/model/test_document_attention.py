"""Attention document by document in C++ equals torch's under a mask, and so do its gradients."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model.document_attention import _attend, attend_documents
from samovar.model.native import LIBRARY
from samovar.model.sight import document_mask

pytestmark = pytest.mark.skipif(LIBRARY.library() is None, reason=LIBRARY.reason())


def draw(rows: int, length: int, heads: int, kv_heads: int, width: int, dtype: torch.dtype) -> list[Tensor]:
    torch.manual_seed(length)
    shapes = [(rows, one, length, width) for one in (heads, kv_heads, kv_heads, heads)]
    return [torch.randn(shape).to(dtype) for shape in shapes]


def documents(lengths: Sequence[Sequence[int]]) -> Tensor:
    return torch.tensor([[number for number, length in enumerate(row) for _ in range(length)] for row in lengths]).int()


def both(given: list[Tensor], document_BT: Tensor, scale: float) -> list[tuple[Tensor, Tensor]]:
    """Result and gradients: ours, and torch's in float64."""
    *inputs, gradient = given
    ours, theirs = ([x.to(dtype).requires_grad_() for x in inputs] for dtype in (gradient.dtype, torch.float64))
    mixed = attend_documents(*ours, document_BT, scale=scale)
    expected = F.scaled_dot_product_attention(
        *theirs, attn_mask=document_mask(document_BT), scale=scale, enable_gqa=theirs[0].shape[1] != theirs[1].shape[1]
    )
    mine = [mixed, *torch.autograd.grad(mixed, ours, gradient)]
    its = [expected, *torch.autograd.grad(expected, theirs, gradient.double())]
    return [(one.detach().double(), other.detach()) for one, other in zip(mine, its, strict=True)]


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 2e-6), (torch.bfloat16, 0.008)], ids=str)
@pytest.mark.parametrize(
    ("lengths", "heads", "kv_heads", "width"),
    [
        ([[1], [1]], 1, 1, 32),
        ([[33, 1, 6], [8, 32, 0]], 4, 2, 64),
        ([[70], [35, 35], [64, 6]], 3, 1, 96),
        ([[15, 17, 16, 16, 31, 65, 40]], 2, 2, 128),
    ],
)
def test_it_equals_torch_under_a_mask(
    lengths: list[list[int]], heads: int, kv_heads: int, width: int, dtype: torch.dtype, tolerance: float
) -> None:
    document_BT = documents(lengths)
    given = draw(*document_BT.shape, heads, kv_heads, width, dtype)
    for ours, expected in both(given, document_BT, scale=0.1):
        torch.testing.assert_close(ours, expected, rtol=0, atol=tolerance * max(1.0, expected.abs().max().item()))


def test_scores_of_any_size_are_shared_out() -> None:
    """The largest is taken off, as without that a power of 2 would be infinite, or all of them zero."""
    document_BT = documents([[40]])
    query, key, *others = draw(1, 40, 2, 2, 32, torch.float32)
    for sign in (-1, 1):
        for ours, expected in both([query.abs() * 40, sign * key.abs(), *others], document_BT, scale=1.0)[:1]:
            torch.testing.assert_close(ours, expected, rtol=0, atol=2e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_number_of_threads_changes_nothing(dtype: torch.dtype) -> None:
    document_BT = documents([[50, 30, 20], [100], [10, 90]])
    given = draw(3, 100, 4, 2, 32, dtype)
    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            found.append([ours for ours, _ in both(given, document_BT, scale=0.2)])
    finally:
        torch.set_num_threads(before)
    for others in found[1:]:
        assert all(torch.equal(one, other) for one, other in zip(found[0], others, strict=True))


def test_parts_of_larger_tensors_are_taken_as_they_are() -> None:
    """A batch is a row less its last token, and queries lie beside keys and values."""
    document_BT = documents([[20, 13], [5, 28]])
    given = [x.repeat(1, 1, 1, 2)[..., ::2] for x in draw(2, 32, 2, 2, 32, torch.float32)]
    assert not document_BT[:, :-1].is_contiguous()
    for ours, expected in both(given, document_BT[:, :-1], scale=0.2):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-5)


def test_operations_are_as_torch_wants_them() -> None:
    document_BT = documents([[9, 3]])
    query, key, value, _ = (x.transpose(1, 2).contiguous() for x in draw(1, 12, 2, 1, 32, torch.float32))
    given = [x.requires_grad_() for x in (query, key, value)]
    torch.library.opcheck(_attend._opoverload, (*given, document_BT, 0.2))

"""Attention over documents that fork against torch's own over whole rows with a mask: values and gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.model import forked_attention
from samovar.model.forked_attention import attend_forked
from samovar.model.sight import Branches, Forked, document_mask

LENGTH = 40
WIDTH = 8
ROWS = (
    # Document and end of each stretch: three answers to one prompt, an answer without one, padding.
    [(0, 0, 7), (0, 1, 5), (0, 2, 11), (0, 3, 1), (1, 1, 9), (-1, 0, 7)],
    # A prompt that forks at once, two documents that do not, a prompt with one answer.
    [(0, 1, 4), (0, 2, 6), (1, 0, 12), (2, 0, 1), (3, 0, 8), (3, 1, 9)],
)


def forked() -> Forked:
    stretches = [torch.tensor(row).T for row in ROWS]
    document, branch = (
        torch.stack([torch.repeat_interleave(one[place], one[2]) for one in stretches]).int() for place in (0, 1)
    )
    assert document.shape == (2, LENGTH)
    return Forked(document, branch)


def inputs(kv_heads: int, dtype: torch.dtype = torch.float32, length: int = LENGTH) -> list[Tensor]:
    draw = torch.Generator().manual_seed(0)
    return [
        torch.randn(2, heads, length, WIDTH, generator=draw).to(dtype).requires_grad_()
        for heads in (4, kv_heads, kv_heads)
    ]


def over_rows(query: Tensor, key: Tensor, value: Tensor, where: Forked, scale: float) -> Tensor:
    mask = document_mask(where.document_BT, Branches(where.branch_BT, torch.zeros(0)))
    mixed = F.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, scale=scale, enable_gqa=query.shape[1] != key.shape[1]
    )
    return mixed.masked_fill((where.document_BT < 0)[:, None, :, None], 0.0)


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize(("queries_at_once", "alike"), [(128, 64), (4, 64), (3, 5)])
def test_values_and_gradients_are_those_of_a_mask(
    kv_heads: int, queries_at_once: int, alike: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked_attention, "QUERIES_AT_ONCE", queries_at_once)
    monkeypatch.setattr(forked_attention, "_ALIKE", alike)
    forked_attention._plan.cache_clear()
    ours, theirs = inputs(kv_heads), inputs(kv_heads)
    weight = torch.randn(2, 4, LENGTH, WIDTH, generator=torch.Generator().manual_seed(1))
    one = attend_forked(*ours, forked(), scale=0.3)
    two = over_rows(*theirs, forked(), 0.3)
    torch.testing.assert_close(one, two)
    (one * weight).sum().backward()
    (two * weight).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad)
    forked_attention._plan.cache_clear()


def test_the_gradient_is_the_numerical_one() -> None:
    small = [x.detach()[:1, :2].double().requires_grad_() for x in inputs(4)]
    where = Forked(*(one[:1] for one in forked()))
    assert torch.autograd.gradcheck(lambda q, k, v: attend_forked(q, k, v, where, scale=0.4), small)


def test_in_bfloat16_it_is_as_near_as_its_rounding() -> None:
    ours, exact = inputs(2, torch.bfloat16), inputs(2)
    for one, two in zip(ours, exact, strict=True):
        two.data.copy_(one.data)
    weight = torch.randn(2, 4, LENGTH, WIDTH, generator=torch.Generator().manual_seed(1)).bfloat16()
    one, two = attend_forked(*ours, forked(), scale=0.5), over_rows(*exact, forked(), 0.5)
    torch.testing.assert_close(one.float(), two, atol=0.03, rtol=0.03)
    (one * weight).sum().backward()
    (two * weight).sum().backward()
    for a, b in zip(ours, exact, strict=True):
        assert a.grad is not None
        torch.testing.assert_close(a.grad.float(), b.grad, atol=0.06, rtol=0.06)


def test_a_batch_of_another_layout_has_a_plan_of_its_own() -> None:
    where = forked()
    query, key, value = (x.detach() for x in inputs(4))
    swapped = Forked(*(one.flip(0) for one in where))
    for one in (where, swapped, where):
        torch.testing.assert_close(
            attend_forked(query, key, value, one, scale=0.3), over_rows(query, key, value, one, 0.3)
        )


def test_the_operation_is_what_torch_is_told_of_it() -> None:
    """Its shapes, that it changes nothing it is given, and that its gradient can be compiled."""
    query, key, value = (x.detach().transpose(1, 2).contiguous().requires_grad_() for x in inputs(2))
    torch.library.opcheck(forked_attention._attend, (query, key, value, *forked(), 0.3))

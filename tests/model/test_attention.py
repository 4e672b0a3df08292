"""Written-out attention against torch's own, values and gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from samovar.model import query_blocks
from samovar.model.attention import attend
from samovar.model.query_blocks import LONGEST_WRITTEN_OUT


def inputs(kv_heads: int, dtype: torch.dtype = torch.float32, length: int = 12) -> list[torch.Tensor]:
    torch.manual_seed(0)
    return [torch.randn(2, heads, length, 8, dtype=dtype, requires_grad=True) for heads in (4, kv_heads, kv_heads)]


def two_documents(length: int = 12) -> torch.Tensor:
    document = (torch.arange(length) >= 5).long()
    return ((document[:, None] == document[None, :]) & torch.ones(length, length, dtype=torch.bool).tril())[None, None]


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("mask", [None, two_documents()])
@pytest.mark.parametrize("queries_at_once", [128, 5])
def test_values_and_gradients_equal_torchs(
    kv_heads: int, mask: torch.Tensor | None, queries_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_blocks, "QUERIES_AT_ONCE", queries_at_once)
    ours, theirs = inputs(kv_heads), inputs(kv_heads)
    weight = torch.randn(2, 4, 12, 8)
    one = attend(*ours, mask)
    two = F.scaled_dot_product_attention(*theirs, attn_mask=mask, is_causal=mask is None, enable_gqa=kv_heads != 4)
    torch.testing.assert_close(one, two)
    (one * weight).sum().backward()
    (two * weight).sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a.grad, b.grad)


def test_the_gradient_is_the_numerical_one() -> None:
    small = [x.detach()[:1, :2, :5].double().requires_grad_() for x in inputs(4)]
    mask = two_documents()[:, :, :5, :5]
    # The softmax is computed in float32 whatever comes in, hence the wide step and tolerance.
    assert torch.autograd.gradcheck(lambda q, k, v: attend(q, k, v, mask), small, eps=1e-2, atol=2e-3, rtol=2e-2)


def test_rows_too_long_for_kept_probabilities_take_the_fused_kernel() -> None:
    query, key, value = (torch.randn(1, 1, LONGEST_WRITTEN_OUT + 1, 8, requires_grad=True) for _ in range(3))
    assert "WrittenOut" not in type(attend(query, key, value, None).grad_fn).__name__
    short = [x[:, :, :64] for x in (query, key, value)]
    assert "WrittenOut" in type(attend(*short, None).grad_fn).__name__

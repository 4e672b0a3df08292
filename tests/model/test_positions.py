"""Positions: slopes worked by hand, angles with and without a table, places within documents."""

from __future__ import annotations

import pytest
import torch

from samovar.model import positions
from samovar.model.positions import Alibi, Rotary, places_in_documents, rotate
from samovar.model.settings import RopeScaling
from tests.model.test_decoder import tiny


def slopes(heads: int, **changes: float) -> list[float]:
    """How much less each head thinks of the token before than of its own."""
    alibi = Alibi(tiny(num_heads=heads, num_kv_heads=heads, position="alibi", **changes))
    bias_BHTS = alibi.bias(torch.tensor([[0, 1]]), torch.tensor([[0, 1]]))
    return (bias_BHTS[0, :, -1, 1] - bias_BHTS[0, :, -1, 0]).tolist()


def test_slopes_are_those_of_the_paper() -> None:
    assert slopes(4) == [2**-2, 2**-4, 2**-6, 2**-8]
    # No power of two: those of four heads, then every second of eight.
    assert slopes(6) == [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]
    assert slopes(2, alibi_exponent=16) == [2**-8, 2**-16]
    assert slopes(2, alibi_scale=0.5) == [2**-5, 2**-9]
    assert slopes(2, alibi_scale=0.5, alibi_in_bfloat16=True) == [2**-5, 2**-9]


@pytest.mark.parametrize(
    "scaling",
    [None, RopeScaling(kind="linear", factor=4), RopeScaling(kind="yarn", factor=8, original_positions=16)],
)
def test_angles_are_the_same_without_a_table(scaling: RopeScaling | None, monkeypatch: pytest.MonkeyPatch) -> None:
    with_table = Rotary(tiny(), 10_000.0, scaling)
    monkeypatch.setattr(positions, "LONGEST_TABLE", 8)
    without = Rotary(tiny(), 10_000.0, scaling)
    assert without.cos_SA is None
    x, places = torch.zeros(2, 3, 32), torch.tensor([[0, 1, 2], [40, 41, 63]])
    for where in (None, places):
        for one, two in zip(with_table(where, 3, x), without(where, 3, x), strict=True):
            torch.testing.assert_close(one, two.expand_as(one))


def test_frequencies_stay_exact_when_the_model_is_cast() -> None:
    rotary = Rotary(tiny(max_positions=100_000), 10_000.0, None).to(torch.bfloat16)
    cos, _ = rotary(torch.tensor([[90_000]]), 1, torch.zeros(1, dtype=torch.float32))
    frequency = 10_000.0 ** (-torch.arange(0, 16, 2).double() / 16)
    torch.testing.assert_close(cos[0, 0, :8].double(), (90_000 * frequency).cos(), atol=0.01, rtol=0)


def test_what_is_wider_than_the_angles_stays() -> None:
    x = torch.randn(1, 1, 3, 16)
    angle = torch.randn(1, 3, 2).repeat(1, 1, 2)
    turned = rotate(x, angle.cos(), angle.sin())
    torch.testing.assert_close(turned[..., 4:], x[..., 4:])
    torch.testing.assert_close(turned[..., :4], rotate(x[..., :4], angle.cos(), angle.sin()))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))


def test_places_begin_anew_with_every_document() -> None:
    document = torch.tensor([[3, 3, 3, 4, 4, 5], [7, 7, 7, 7, 7, 7]])
    assert places_in_documents(document).tolist() == [[0, 1, 2, 0, 1, 0], [0, 1, 2, 3, 4, 5]]

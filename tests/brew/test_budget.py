"""Budgets as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.brew.budget import Budget, parse_budget
from samovar.core.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("1 hour", Budget("time", 3600)),
        ("90min", Budget("time", 5400)),
        ("1 h 30 min", Budget("time", 5400)),
        ("2 days", Budget("time", 172_800)),
        ("0,5 h", Budget("time", 1800)),
        ("24 GB", Budget("memory", 24e9)),
        ("24 GiB", Budget("memory", 24 * 2**30)),
        ("2 kWh", Budget("energy", 7.2e6)),
        ("20 USD", Budget("money", 20, "USD")),
        ("$20", Budget("money", 20, "USD")),
        ("15 €", Budget("money", 15, "EUR")),
    ],
)
def test_budgets(text: str, budget: Budget) -> None:
    assert parse_budget(text) == budget


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3 bananas", "'bananas'"),
        ("1 huor", "did you mean 'hour'"),
        ("hour", "no budget"),
        ("", "no budget"),
        ("12", "no budget"),
        ("-1 hour", "not above zero"),
        ("0 GB", "not above zero"),
        ("1 h 24 GB", "mixes memory and time"),
        ("1.2.3 h", "where a number should be"),
        ("20 USD 5 EUR", "no budget"),
    ],
)
def test_what_is_no_budget_is_refused_with_the_units_that_are_known(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        parse_budget(text)
    assert "GB" in (caught.value.hint or "") or "24 GB" in (caught.value.hint or "") or "mixes" in said


@pytest.mark.parametrize("text", ["1,000 USD", "1,500 hours"])
def test_a_thousand_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ConfigError, match="to some people") as caught:
        parse_budget(text)
    assert "without the comma" in (caught.value.hint or "")


@given(st.text(max_size=12))
def test_any_text_is_a_budget_above_zero_or_a_clear_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        assert parse_budget(text).amount > 0

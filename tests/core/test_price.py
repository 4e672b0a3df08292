"""Prices: what is read, what it comes to, and what is refused."""

from __future__ import annotations

import pytest

from samovar.core.errors import ConfigError
from samovar.core.price import Price, parse_money, parse_price, show_money


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("2.50 USD/h", Price(2.5, "USD", "h")),
        ("$2.5/hour", Price(2.5, "USD", "h")),
        ("0,30 €/kWh", Price(0.3, "EUR", "kWh")),
        ("6 rub / kwh", Price(6, "RUB", "kWh")),
    ],
)
def test_prices_as_people_write_them(text: str, price: Price) -> None:
    assert parse_price(text) == price
    assert parse_price(str(price)) == price


@pytest.mark.parametrize(
    "text", ["2.50", "2.50 USD", "USD/h", "two USD/h", "2 bananas/h", "2 USD/mile", "-2 USD/h", ""]
)
def test_what_is_no_price_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_price(text)
    assert "USD" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["1,000 USD", "$20,000", "12,500 EUR"])
def test_a_comma_that_may_part_thousands_is_asked_about(text: str) -> None:
    with pytest.raises(ConfigError, match="to some people"):
        parse_money(text)
    assert parse_money("0,125 EUR") == (0.125, "EUR")
    assert parse_money("2,50 EUR") == (2.5, "EUR")


def test_an_hour_and_a_kilowatt_hour_by_hand() -> None:
    assert parse_price("3 USD/h").cost(seconds=1800, joules=1e9) == 1.5
    assert parse_price("0.30 EUR/kWh").cost(seconds=1e9, joules=7.2e6) == pytest.approx(0.6)


def test_small_sums_are_not_shown_as_nothing() -> None:
    assert show_money(0.00123, "EUR") == "0.0012 EUR"
    assert show_money(1234.5, "USD") == "1,234.50 USD"
    assert parse_money("₽20") == (20, "RUB")

"""What an hour of a machine or a kilowatt-hour costs."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from samovar.core.errors import ConfigError

CURRENCIES = {
    "USD": "$", "EUR": "€", "GBP": "£", "RUB": "₽", "CNY": "¥", "JPY": "", "INR": "₹", "CHF": "", "KZT": "₸", "BRL": "",
    "CAD": "", "AUD": "", "PLN": "", "TRY": "₺", "SEK": "", "NOK": "", "DKK": "", "KRW": "₩", "ILS": "₪", "AED": "",
}  # fmt: skip
"""Code -> sign, where it has one of its own."""
_SIGNS = {sign: code for code, sign in CURRENCIES.items() if sign}
_UNITS: dict[str, Literal["h", "kWh"]] = {
    "h": "h", "hr": "h", "hour": "h", "kwh": "kWh", "kw·h": "kWh", "kw*h": "kWh",
}  # fmt: skip
_JOULES_PER_KWH = 3.6e6


class Price(NamedTuple):
    """Money for time, or for energy."""

    amount: float
    currency: str
    """As ISO 4217 has it."""
    unit: Literal["h", "kWh"]

    def cost(self, *, seconds: float, joules: float) -> float:
        """Of a piece of work that takes this long and this much energy."""
        return self.amount * (seconds / 3600 if self.unit == "h" else joules / _JOULES_PER_KWH)

    def __str__(self) -> str:
        return f"{self.amount:g} {self.currency}/{self.unit}"


def parse_price(text: str) -> Price:
    """``2.50 USD/h`` or ``0.30 EUR/kWh``.

    Raises:
        ConfigError: it is neither.
    """
    hint = "for example '2.50 USD/h' for a rented machine, '0.30 EUR/kWh' for your own"
    money, slash, unit = text.partition("/")
    if not slash:
        raise ConfigError(f"the price '{text}' does not say what it is for: '/h' or '/kWh' is missing", hint=hint)
    known = _UNITS.get(unit.strip().lower())
    if known is None:
        raise ConfigError(f"the price '{text}' is for '{unit.strip()}', which is neither h nor kWh", hint=hint)
    amount, currency = parse_money(money, whole=text)
    return Price(amount, currency, known)


def parse_money(text: str, *, whole: str | None = None) -> tuple[float, str]:
    """``20 USD``, ``$20`` or ``20 €`` as an amount and the currency's code.

    Args:
        whole: what the text is a part of, for the error.
    Raises:
        ConfigError: it is no amount of money.
    """
    match = re.fullmatch(r"\s*(\D*?)\s*(\d+(?:[.,]\d+)?)\s*(\D*?)\s*", text)
    before, after = (match[1], match[3]) if match else ("", "")
    named = (before or after).upper()
    if match is None or bool(before) == bool(after) or not (named in CURRENCIES or named in _SIGNS):
        raise ConfigError(
            f"'{whole or text}' is no amount of money", hint=f"as in '20 USD'; currencies: {', '.join(CURRENCIES)}"
        )
    return read_amount(match[2]), _SIGNS.get(named, named)


def read_amount(text: str) -> float:
    """``0.30`` or ``0,30`` as a number.

    Raises:
        ValueError: it is none.
        ConfigError: it is as ``1,000``, which is a thousand to some and one to others.
    """
    if re.fullmatch(r"[-+]?[1-9]\d*,\d{3}", text):
        raise ConfigError(
            f"'{text}' is {text.replace(',', '')} to some people and {text.replace(',', '.')} to others",
            hint="write it without the comma, or with a point",
        )
    return float(text.replace(",", "."))


def show_money(amount: float, currency: str) -> str:
    """``0.0123`` and ``USD`` -> ``0.012 USD``: two decimals, or two figures of what is less than a hundredth."""
    if amount and abs(amount) < 0.01:
        return f"{amount:.2g} {currency}"
    return f"{amount:,.2f} {currency}"

"""What somebody is ready to spend: time, money, memory or energy, as people write it."""

from __future__ import annotations

import difflib
import math
import re
from typing import Literal, NamedTuple

from samovar.core.errors import ConfigError
from samovar.core.price import CURRENCIES, parse_money, read_amount
from samovar.core.progress import short_bytes, short_duration

Kind = Literal["time", "memory", "energy", "money"]

_SPELLINGS: dict[Kind, dict[float, str]] = {
    "time": {1: "s sec secs second seconds", 60: "m min mins minute minutes", 3600: "h hr hrs hour hours",
             86400: "d day days", 604800: "w week weeks"},
    "memory": {1e6: "mb", 1e9: "gb", 1e12: "tb", 2**20: "mib", 2**30: "gib", 2**40: "tib"},
    "energy": {1: "j", 1e3: "kj", 1e6: "mj", 3.6e3: "wh", 3.6e6: "kwh", 3.6e9: "mwh"},
}  # fmt: skip
_UNITS = {
    spelling: (kind, size)
    for kind, sizes in _SPELLINGS.items()
    for size, spellings in sizes.items()
    for spelling in spellings.split()
}
_KNOWN = "known units: s, min, h, days, weeks; GB, GiB, TB; kWh, MJ; USD, EUR, RUB and other currencies"


class Budget(NamedTuple):
    """An upper limit."""

    kind: Kind
    amount: float
    """Seconds, bytes, joules, or units of the currency."""
    currency: str | None = None

    def __str__(self) -> str:
        if self.kind == "time":
            return short_duration(self.amount)
        if self.kind == "memory":
            return short_bytes(self.amount)
        if self.kind == "energy":
            return f"{self.amount / 3.6e6:.3g} kWh"
        return f"{self.amount:,.2f} {self.currency}"


def parse_budget(text: str) -> Budget:
    """``1 hour``, ``1 h 30 min``, ``20 USD``, ``24 GB`` or ``2 kWh``.

    Raises:
        ConfigError: the unit is not known, there is no number, it is not above zero, or kinds are mixed.
    """
    parts = re.findall(r"([-+]?[\d.,]+(?:e\d+)?)\s*([^\d\s.,+-]+)", text.strip(), flags=re.IGNORECASE)
    if not parts or "".join(map("".join, parts)) != re.sub(r"\s", "", text):
        return _money(text)
    found = [(_number(number, text), _unit(unit, text)) for number, unit in parts]
    if any(kind == "money" for _, (kind, _) in found):
        return _money(text)
    kinds = {kind for _, (kind, _) in found}
    if len(kinds) > 1:
        raise ConfigError(f"the budget '{text}' mixes {' and '.join(sorted(kinds))}", hint="name one of them")
    return Budget(kinds.pop(), _above_zero(sum(number * size for number, (_, size) in found), text))


def _money(text: str) -> Budget:
    try:
        amount, currency = parse_money(text)
    except ConfigError as error:
        raise ConfigError(
            f"'{text}' is no budget", hint=f"for example '1 hour', '20 USD' or '24 GB'; {_KNOWN}"
        ) from error
    return Budget("money", _above_zero(amount, text), currency)


def _unit(unit: str, text: str) -> tuple[Kind, float]:
    if unit.upper() in CURRENCIES or unit in CURRENCIES.values():
        return "money", 1.0
    if unit.lower() in _UNITS:
        return _UNITS[unit.lower()]
    near = difflib.get_close_matches(unit.lower(), _UNITS, n=1, cutoff=0.75)
    guess = f" (did you mean '{near[0]}'?)" if near else ""
    raise ConfigError(f"the budget '{text}' is in '{unit}', which is no unit that is known{guess}", hint=_KNOWN)


def _number(number: str, text: str) -> float:
    try:
        return read_amount(number)
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(f"the budget '{text}' has '{number}' where a number should be", hint=_KNOWN) from error


def _above_zero(amount: float, text: str) -> float:
    if not (0 < amount < math.inf):
        raise ConfigError(f"the budget '{text}' is not above zero", hint="for example '1 hour', '20 USD' or '24 GB'")
    return amount

"""The words and numbers of the pages, in English or Russian."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

ReportLanguage = Literal["en", "ru"]

_COUNT = re.compile(r"\d{1,3}(,\d{3})+")
_NUMERIC_VALUE = r"[-+]?[\d,]+(?:\.\d+)?%?"
_NUMBER = re.compile(_NUMERIC_VALUE)
_BOUNDS = ("low", "high")
"""Names of values that are numbers wherever they stand."""
_THIN = "\u202f"
_SENTENCES = re.compile(r"(?<=\.) (?=[A-Z\d])")
_ONE = re.compile(r"(?<![\d,.])1 (document|file|place|kind|sample)s\b")
_KINDS = {
    "account": "bank account",
    "bik": "BIK, a bank's code",
    "birth_date": "date of birth",
    "card": "payment card",
    "email": "e-mail",
    "iban": "IBAN",
    "inn": "INN, a taxpayer's number",
    "ip": "IP address",
    "kpp": "KPP, a reason for registration",
    "ogrn": "OGRN, a company's registration",
    "own": "own words and patterns",
    "plate": "vehicle plate",
    "secret": "key, token or password",
    "snils": "SNILS, pension insurance",
    "ssn": "SSN, social security in the USA",
}


class Wording:
    """Turns the English of this package and of the steps into the language of the report."""

    def __init__(self, language: str = "en") -> None:
        self.language: ReportLanguage = "ru" if language == "ru" else "en"
        self._known = _russian() if self.language == "ru" else {}

    def __call__(self, english: str, **values: object) -> str:
        """A phrase with ``{names}`` filled in; integers are written with separators."""
        phrase = self._known.get(english, english)
        if not values:
            return phrase
        filled = phrase.format(**{name: self.value(value) for name, value in values.items()})
        return filled if self.language == "ru" else _ONE.sub(r"1 \1", filled)

    def value(self, value: object) -> str:
        """An integer as ``number`` writes it, anything else as text."""
        return self.number(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)

    def number(self, value: int) -> str:
        """1234567 -> '1,234,567', in Russian with thin spaces."""
        return self._localised(f"{value:,}")

    def share(self, value: float) -> str:
        """0.1234 -> '12.3%'; what is there and rounds to nothing is said to be less."""
        if 0 < value < 0.0005:
            return "<" + self._localised("0.1%")
        return self._localised(f"{value:.1%}")

    def decimal(self, value: float) -> str:
        """2.5 -> '2.50', in Russian '2,50'."""
        return self._localised(f"{value:.2f}")

    def short(self, value: float) -> str:
        """1234567 -> '1.2M'."""
        for limit, mark in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
            if value >= limit:
                shown = f"{value / limit:.1f}".removesuffix(".0") if value < 10 * limit else f"{value / limit:.0f}"
                return self._localised(shown) + (f" {self(mark)}" if self.language == "ru" else mark)
        return f"{value:.0f}"

    def brief(self, value: int) -> str:
        """A count in full where it is short, else as ``short`` writes it."""
        return self.number(value) if value < 100_000 else self.short(value)

    def size(self, num_bytes: int) -> str:
        """Bytes in the unit that suits."""
        for limit, mark in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
            if num_bytes >= limit:
                return f"{self._localised(f'{num_bytes / limit:.1f}')} {self(mark)}"
        return f"{num_bytes} {self('bytes')}"

    def cell(self, cell: str) -> str:
        """A cell of a step's table: in the report's language where the phrase is known, whatever numbers are in it."""
        if _NUMBER.fullmatch(cell):
            return self._localised(cell)
        if self.language == "en" or cell in self._known:
            return self._known.get(cell, cell)
        what, _, which = cell.partition(": ")
        if what in self._known and which in self._known:
            return f"{self._known[what]}: {self._known[which]}"
        return self._told(cell, _NUMERIC_VALUE)

    def said(self, text: str) -> str:
        """The same of what is a step's own words, so that other values may stand in it too: a title, a note, a reason.

        Cells hold the words of documents as well, which must stay as they are.
        """
        if self.language == "en":
            return text
        sentences = _SENTENCES.split(text.strip())
        return " ".join(
            told if (told := self.cell(sentence)) != sentence else self._told(sentence, ".+?") for sentence in sentences
        )

    def _told(self, text: str, value: str) -> str:
        for pattern, russian in _patterns(value):
            if found := pattern.fullmatch(text):
                return russian.format(**{name: self.cell(one) for name, one in found.groupdict().items()})
        return text

    def kind(self, kind: str) -> str:
        """A kind of personal data in words."""
        return self._known.get(kind, kind) if self.language == "ru" else _KINDS.get(kind, kind)

    def purpose(self, step: str, english: str) -> str:
        """What the step of this name is for."""
        if self.language == "en":
            return english
        from samovar.data.report.russian import PURPOSES

        return PURPOSES.get(step, english)

    def _localised(self, number: str) -> str:
        if self.language == "en":
            return number
        grouped = _COUNT.sub(lambda match: match.group().replace(",", _THIN), number)
        return grouped.replace(".", ",").replace("%", f"{_THIN}%")


@cache
def _russian() -> dict[str, str]:
    from samovar.data.report.russian import RUSSIAN

    return RUSSIAN


@cache
def _patterns(value: str) -> list[tuple[re.Pattern[str], str]]:
    """What steps say with values in it, each of which is like ``value``, and the same in Russian."""
    from samovar.data.report.russian_steps import TOLD

    def pattern(english: str) -> re.Pattern[str]:
        def group(name: re.Match[str]) -> str:
            return f"(?P<{name[1]}>{_NUMERIC_VALUE if name[1] in _BOUNDS else value})"

        return re.compile(re.sub(r"\\\{(\w+)\\\}", group, re.escape(english)))

    return [(pattern(english), russian) for english, russian in TOLD.items()]

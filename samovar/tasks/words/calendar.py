"""Days, dates, hours and counted amounts, as they are written in each language."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from samovar.tasks.words.listing import listed
from samovar.tasks.words.numerals import russian_plural


@dataclass(frozen=True, slots=True)
class Weekday:
    """A Russian weekday: its name, «on it» and «every»."""

    nom: str
    on: str
    every: str

    def __str__(self) -> str:
        return self.nom

    @property
    def forms(self) -> tuple[str, ...]:
        """What an answer may be."""
        return (self.nom, self.on.split()[1], self.every)


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with what it counts; the bare number will do as an answer."""

    text: str
    number: str

    def __str__(self) -> str:
        return self.text

    @property
    def forms(self) -> tuple[str, ...]:
        """What an answer may be."""
        return (self.text, self.number)


ENGLISH_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ENGLISH_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
RUSSIAN_DAYS = (
    Weekday("понедельник", "в понедельник", "по понедельникам"),
    Weekday("вторник", "во вторник", "по вторникам"),
    Weekday("среда", "в среду", "по средам"),
    Weekday("четверг", "в четверг", "по четвергам"),
    Weekday("пятница", "в пятницу", "по пятницам"),
    Weekday("суббота", "в субботу", "по субботам"),
    Weekday("воскресенье", "в воскресенье", "по воскресеньям"),
)
RUSSIAN_MONTHS = listed("января февраля марта апреля мая июня июля августа сентября октября ноября декабря")


def clock(rng: random.Random, first_hour: int, last_hour: int) -> str:
    """A time of the day between two hours, to a quarter of an hour: 9:30."""
    return f"{rng.randint(first_hour, last_hour)}:{rng.choice(('00', '15', '30', '45'))}"


def english_date(rng: random.Random) -> str:
    """A day of the year: May 12."""
    return f"{rng.choice(ENGLISH_MONTHS)} {rng.randint(1, 28)}"


def russian_date(rng: random.Random) -> str:
    """A day of the year: 12 мая."""
    return f"{rng.randint(1, 28)} {rng.choice(RUSSIAN_MONTHS)}"


def russian_amount(numbers: range, one: str, few: str, many: str) -> Callable[[random.Random], Amount]:
    """A maker of amounts in Russian: 3 часа."""

    def make(rng: random.Random) -> Amount:
        number = rng.choice(numbers)
        return Amount(f"{number} {russian_plural(number, one, few, many)}", str(number))

    return make


def english_amount(numbers: range, one: str, many: str) -> Callable[[random.Random], Amount]:
    """A maker of amounts in English: 3 hours."""

    def make(rng: random.Random) -> Amount:
        number = rng.choice(numbers)
        return Amount(f"{number} {one if number == 1 else many}", str(number))

    return make

"""Pools and domains of English passages."""

from __future__ import annotations

import random

from samovar.tasks.passages.domain import Domain, Pool, closed, made, named, opened
from samovar.tasks.passages.english_leisure import DOMAINS as LEISURE
from samovar.tasks.passages.english_life import DOMAINS as LIFE
from samovar.tasks.passages.english_work import DOMAINS as WORK
from samovar.tasks.words import invented
from samovar.tasks.words.calendar import ENGLISH_DAYS, Amount, clock, english_amount, english_date
from samovar.tasks.words.listing import listed
from samovar.tasks.words.people import ENGLISH_BOYS, ENGLISH_GIRLS, ENGLISH_SURNAMES
from samovar.tasks.words.places import ENGLISH_CITIES, ENGLISH_STREETS
from samovar.tasks.words.things import ENGLISH_THINGS

DOMAINS: tuple[Domain, ...] = (*LIFE, *LEISURE, *WORK)


def _price(rng: random.Random) -> Amount:
    number = rng.randint(2, 99) * rng.choice((1, 1, 1, 5, 10))
    return Amount(f"${number}" if rng.random() < 0.5 else f"{number} dollars", str(number))


def _sum(rng: random.Random) -> Amount:
    number = str(rng.randint(2, 95) * 1000)
    return Amount(f"{number} dollars", number)


def _percent(rng: random.Random) -> Amount:
    number = f"{rng.randint(3, 19)}{rng.choice(('', '.5'))}"
    return Amount(f"{number}%", number)


_WHO = opened((*ENGLISH_GIRLS, *ENGLISH_BOYS), invented.english)
_PERSON = named(_WHO, opened(ENGLISH_SURNAMES, invented.english), lambda first, last: f"{first} {last}")

POOLS: dict[str, Pool] = {
    "who": _WHO,
    "person": _PERSON,
    "boss": _PERSON,
    "doctor": opened(tuple(f"Doctor {name}" for name in ENGLISH_SURNAMES), invented.english_doctor),
    "city": opened(ENGLISH_CITIES, invented.english),
    "street": opened(ENGLISH_STREETS, invented.english_street),
    "day": closed(ENGLISH_DAYS),
    "date": made(english_date),
    "time": made(lambda rng: clock(rng, 11, 17)),
    "morning": made(lambda rng: clock(rng, 6, 11)),
    "evening": made(lambda rng: clock(rng, 15, 21)),
    "price": made(_price),
    "sum": made(_sum),
    "percent": made(_percent),
    "age": made(english_amount(range(2, 19), "year", "years")),
    "months": made(english_amount(range(3, 61), "month", "months")),
    "minutes": made(english_amount(range(5, 91, 5), "minute", "minutes")),
    "km": made(english_amount(range(2, 41), "mile", "miles")),
    "kilos": made(english_amount(range(2, 41), "pound", "pounds")),
    "year": made(lambda rng: str(rng.randint(1820, 2024))),
    "room": made(lambda rng: str(rng.randint(2, 499))),
    "house": made(lambda rng: str(rng.randint(1, 99))),
    "number": made(lambda rng: str(rng.randint(101, 9899))),
    "phone": made(lambda rng: f"555-01{rng.randint(0, 99):02d}"),
    "floor": closed(listed("first second third fourth fifth sixth seventh eighth")),
    "thing": closed(ENGLISH_THINGS),
}

"""Pools and domains of Russian passages."""

from __future__ import annotations

import random

from samovar.tasks.passages.domain import Domain, Pool, closed, made, named, opened
from samovar.tasks.passages.russian_leisure import DOMAINS as LEISURE
from samovar.tasks.passages.russian_life import DOMAINS as LIFE
from samovar.tasks.passages.russian_work import DOMAINS as WORK
from samovar.tasks.words import invented
from samovar.tasks.words.calendar import RUSSIAN_DAYS, Amount, clock, russian_amount, russian_date
from samovar.tasks.words.declension import Word
from samovar.tasks.words.listing import listed
from samovar.tasks.words.numerals import russian_plural
from samovar.tasks.words.people import RUSSIAN_BOYS, RUSSIAN_GIRLS, RUSSIAN_SURNAMES
from samovar.tasks.words.places import RUSSIAN_CITIES, RUSSIAN_STREETS, street_in
from samovar.tasks.words.things import RUSSIAN_THINGS

DOMAINS: tuple[Domain, ...] = (*LIFE, *LEISURE, *WORK)


def _full_name(first: Word, last: tuple[Word, Word]) -> Word:
    return first.joined(last[0 if first.gender == "m" else 1])


def _price(rng: random.Random) -> Amount:
    number = rng.randint(3, 99) * rng.choice((10, 10, 50, 100))
    return Amount(f"{number} рублей", str(number))


def _sum(rng: random.Random) -> Amount:
    number = rng.randint(2, 95)
    return Amount(f"{number} {russian_plural(number, 'тысяча', 'тысячи', 'тысяч')} рублей", str(number))


def _percent(rng: random.Random) -> Amount:
    number = f"{rng.randint(3, 19)}{rng.choice(('', ',5'))}"
    return Amount(f"{number}%", number)


_WHO = opened((*RUSSIAN_GIRLS, *RUSSIAN_BOYS), invented.russian_person)
_PERSON = named(_WHO, opened(RUSSIAN_SURNAMES, invented.russian_surname), _full_name)

POOLS: dict[str, Pool] = {
    "who": _WHO,
    "person": _PERSON,
    "boss": _PERSON,
    "city": opened(RUSSIAN_CITIES, invented.russian_city),
    "street": opened(tuple(map(street_in, RUSSIAN_STREETS)), invented.russian_street),
    "day": closed(RUSSIAN_DAYS),
    "date": made(russian_date),
    "time": made(lambda rng: clock(rng, 11, 17)),
    "morning": made(lambda rng: clock(rng, 6, 11)),
    "evening": made(lambda rng: clock(rng, 15, 21)),
    "price": made(_price),
    "sum": made(_sum),
    "percent": made(_percent),
    "age": made(russian_amount(range(2, 19), "год", "года", "лет")),
    "months": made(russian_amount(range(3, 61), "месяц", "месяца", "месяцев")),
    "minutes": made(russian_amount(range(5, 91, 5), "минута", "минуты", "минут")),
    "km": made(russian_amount(range(2, 41), "километр", "километра", "километров")),
    "kilos": made(russian_amount(range(2, 41), "килограмм", "килограмма", "килограммов")),
    "year": made(lambda rng: str(rng.randint(1820, 2024))),
    "room": made(lambda rng: str(rng.randint(2, 499))),
    "house": made(lambda rng: str(rng.randint(1, 99))),
    "number": made(lambda rng: str(rng.randint(101, 9899))),
    "phone": made(lambda rng: f"555-01{rng.randint(0, 99):02d}"),
    "floor": closed(listed("первом втором третьем четвёртом пятом шестом седьмом восьмом")),
    "thing": closed(RUSSIAN_THINGS),
}

"""Short sums told as stories, with the agreement that Russian and English ask for.

In a template ``{a}`` and ``{b}`` are counted things ("12 яблок"), ``{p}`` and ``{q}`` are people. What stands behind
the colon is the form: for things ``acc`` (accusative), ``n`` (the number alone), ``nacc``; for people a case, or
``masculine|feminine`` words and endings.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from samovar.tasks.words.numerals import Gender, english_words, russian_plural, russian_words


class Thing(NamedTuple):
    """A countable noun: English uses ``one`` and ``many`` alone."""

    one: str
    one_accusative: str
    few: str
    many: str
    gender: Gender


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of things; formatted with "" (nominative), "acc", "n" or "nacc" (the number alone)."""

    number: int
    thing: Thing
    language: str
    is_in_words: bool

    def __format__(self, form: str) -> str:
        is_accusative = form.endswith("acc")
        number = self._number(is_accusative)
        if form.startswith("n"):
            return number
        if self.language == "en":
            return f"{number} {self.thing.one if self.number == 1 else self.thing.many}"
        one = self.thing.one_accusative if is_accusative else self.thing.one
        return f"{number} {russian_plural(self.number, one, self.thing.few, self.thing.many)}"

    def _number(self, is_accusative: bool) -> str:
        if not self.is_in_words:
            return str(self.number)
        if self.language == "en":
            return english_words(self.number)
        return russian_words(self.number, "accusative" if is_accusative else "nominative", self.thing.gender)


class Person(NamedTuple):
    """A first name; formatted with a case, a pronoun, or "masculine|feminine" endings."""

    nominative: str
    genitive: str
    dative: str
    is_female: bool

    def __format__(self, form: str) -> str:
        if "|" in form:
            return form.split("|")[self.is_female]
        return {"": self.nominative, "gen": self.genitive, "dat": self.dative}[form]


class Story(NamedTuple):
    """A problem: what ``a``, ``b`` and the result count ("" stands for a thing chosen by chance)."""

    text: str
    a: str = ""
    b: str = ""
    result: str = ""
    is_by_how_much: bool = False


def _thing(line: str) -> Thing:
    one, accusative, few, many, gender = line.split()
    return Thing(one, accusative, few, many, gender)  # type: ignore[arg-type]


_RU_THINGS = [
    _thing(line)
    for line in (
        "яблоко яблоко яблока яблок n",
        "груша грушу груши груш f",
        "конфета конфету конфеты конфет f",
        "книга книгу книги книг f",
        "карандаш карандаш карандаша карандашей m",
        "шарик шарик шарика шариков m",
        "марка марку марки марок f",
        "монета монету монеты монет f",
        "орех орех ореха орехов m",
        "тетрадь тетрадь тетради тетрадей f",
        "наклейка наклейку наклейки наклеек f",
        "открытка открытку открытки открыток f",
        "кубик кубик кубика кубиков m",
        "ручка ручку ручки ручек f",
        "пирожок пирожок пирожка пирожков m",
        "значок значок значка значков m",
        "лимон лимон лимона лимонов m",
        "игрушка игрушку игрушки игрушек f",
    )
]
_RU_UNITS: Mapping[str, Thing] = {
    "rouble": _thing("рубль рубль рубля рублей m"),
    "year": _thing("год год года лет m"),
    "kilometre": _thing("километр километр километра километров m"),
    "pupil": _thing("ученик ученика ученика учеников m"),
    "girl": _thing("девочка девочку девочки девочек f"),
    "boy": _thing("мальчик мальчика мальчика мальчиков m"),
    "row": _thing("ряд ряд ряда рядов m"),
    "seat": _thing("место место места мест n"),
    "page": _thing("страница страницу страницы страниц f"),
    "day": _thing("день день дня дней m"),
    "hour": _thing("час час часа часов m"),
    "box": _thing("коробка коробку коробки коробок f"),
    "person": _thing("человек человека человека человек m"),
}
_EN_THINGS = [
    Thing(one, one, many, many, "n")
    for one, many in (
        pair.split()
        for pair in (
            "apple apples",
            "pear pears",
            "candy candies",
            "book books",
            "pencil pencils",
            "balloon balloons",
            "stamp stamps",
            "coin coins",
            "nut nuts",
            "notebook notebooks",
            "sticker stickers",
            "postcard postcards",
            "block blocks",
            "pen pens",
            "cookie cookies",
            "lemon lemons",
            "toy toys",
            "cup cups",
        )
    )
]
_EN_UNITS: Mapping[str, Thing] = {
    key: Thing(one, one, many, many, "n")
    for key, one, many in (
        line.split()
        for line in (
            "rouble dollar dollars",
            "year year years",
            "kilometre kilometre kilometres",
            "pupil pupil pupils",
            "girl girl girls",
            "boy boy boys",
            "row row rows",
            "seat seat seats",
            "page page pages",
            "day day days",
            "hour hour hours",
            "box box boxes",
            "person person people",
        )
    )
}
_RU_PEOPLE = [
    Person(nominative, genitive, dative, gender == "f")
    for nominative, genitive, dative, gender in (
        line.split()
        for line in (
            "Маша Маши Маше f",
            "Оля Оли Оле f",
            "Катя Кати Кате f",
            "Лена Лены Лене f",
            "Ира Иры Ире f",
            "Аня Ани Ане f",
            "Света Светы Свете f",
            "Нина Нины Нине f",
            "Таня Тани Тане f",
            "Вера Веры Вере f",
            "Петя Пети Пете m",
            "Коля Коли Коле m",
            "Дима Димы Диме m",
            "Вова Вовы Вове m",
            "Миша Миши Мише m",
            "Юра Юры Юре m",
            "Иван Ивана Ивану m",
            "Олег Олега Олегу m",
            "Борис Бориса Борису m",
            "Андрей Андрея Андрею m",
        )
    )
]
_EN_PEOPLE = [
    Person(name, name, name, is_female)
    for is_female, names in (
        (True, "Mary Anna Kate Lucy Emma Sarah Alice Nina Helen Rose"),
        (False, "Tom Peter Jack Ben Sam Nick Paul Mark Leo Oscar"),
    )
    for name in names.split()
]
_THINGS = {"ru": _RU_THINGS, "en": _EN_THINGS}
_UNITS = {"ru": _RU_UNITS, "en": _EN_UNITS}
_PEOPLE = {"ru": _RU_PEOPLE, "en": _EN_PEOPLE}

STORIES: Mapping[str, Mapping[str, tuple[Story, ...]]] = {
    "ru": {
        "+": (
            Story("У {p:gen} {a}, {p:ему|ей} дали ещё {b:nacc}. Сколько стало?"),
            Story("У {p:gen} {a}, {p:ему|ей} дали ещё {b:acc}. Сколько {things} стало у {p:gen}?"),
            Story("У {p:gen} {a}. {q} подарил{q:|а} {p:ему|ей} ещё {b:nacc}. Сколько теперь {things} у {p:gen}?"),
            Story("В коробке {a}, туда положили ещё {b:nacc}. Сколько {things} в коробке?"),
            Story("На столе {a}, а на полке {b}. Сколько всего {things}?"),
            Story("{p} собрал{p:|а} {a:acc}, а {q} {b:nacc}. Сколько {things} они собрали вместе?"),
            Story("{p} купил{p:|а} {a:acc} и потом ещё {b:nacc}. Сколько всего {things} купил{p:|а} {p}?"),
            Story(
                "Книга стоит {a:acc}, а ручка стоит {b:acc}. Сколько они стоят вместе?", "rouble", "rouble", "rouble"
            ),
            Story("{p:dat} {a}. Сколько лет {p:ему|ей} будет через {b:acc}?", "year", "year", "year"),
            Story(
                "Утром {p} прош{p:ёл|ла} {a:acc}, а вечером ещё {b:nacc}. Сколько километров прош{p:ёл|ла} {p}?",
                "kilometre",
                "kilometre",
                "kilometre",
            ),
        ),
        "-": (
            Story("У {p:gen} {a}. {p:Он|Она} отдал{p:|а} {b:acc}. Сколько осталось?"),
            Story("У {p:gen} {a}, {p:он|она} подарил{p:|а} {b:nacc}. Сколько {things} осталось у {p:gen}?"),
            Story("В коробке {a}, из неё взяли {b:nacc}. Сколько осталось?"),
            Story("На полке {a}. {p} взял{p:|а} {b:acc}. Сколько {things} осталось на полке?"),
            Story("У {p:gen} {a}, а у {q:gen} {b:n}. На сколько {things} больше у {p:gen}?", is_by_how_much=True),
            Story(
                "Игрушка стоит {a:acc}. У {p:gen} есть {b}. Сколько рублей не хватает?", "rouble", "rouble", "rouble"
            ),
            Story(
                "{p:dat} {a}, а {q:dat} {b:n}. На сколько лет {p} старше?", "year", "year", "year", is_by_how_much=True
            ),
            Story("В классе {a}, из них {b}. Сколько мальчиков в классе?", "pupil", "girl", "boy"),
        ),
        "*": (
            Story("В одной коробке {a}. Сколько {things} в таких коробках, если их {b:n}?", b="box"),
            Story("В каждой коробке {a}, всего {b}. Сколько всего {things}?", b="box"),
            Story("Билет стоит {a:acc}. Сколько стоят билеты, если их {b:n}?", "rouble", "box", "rouble"),
            Story("В зале {a}, в каждом {b}. Сколько всего мест в зале?", "row", "seat", "seat"),
            Story("{p} читает в день {a:acc}. Сколько страниц {p:он|она} прочитает за {b:acc}?", "page", "day", "page"),
            Story(
                "Машина проезжает за час {a:acc}. Сколько километров она проедет за {b:acc}?",
                "kilometre",
                "hour",
                "kilometre",
            ),
        ),
        "/": (
            Story("{a} разложили поровну в {b:acc}. Сколько {things} в каждой коробке?", b="box"),
            Story("{a} разделили поровну на {b:acc}. Сколько рублей получит каждый?", "rouble", "person", "rouble"),
            Story(
                "В книге {a}. {p} прочитал{p:|а} её за {b:acc}, каждый день поровну. Сколько страниц в день?",
                "page",
                "day",
                "page",
            ),
        ),
    },
    "en": {
        "+": (
            Story("{p} has {a} and gets {b:n} more. How many {things} does {p:he|she} have now?"),
            Story("{p} had {a}. {q} gave {p:him|her} {b:n} more. How many does {p:he|she} have now?"),
            Story("There are {a} in a box. {p} puts in {b:n} more. How many {things} are in the box?"),
            Story("There are {a} on the table and {b:n} on the shelf. How many {things} are there in all?"),
            Story("{p} found {a}, and {q} found {b:n}. How many {things} did they find together?"),
            Story("{p} bought {a} and then {b:n} more. How many {things} did {p:he|she} buy?"),
            Story(
                "A book costs {a} and a pen costs {b}. How much do they cost together?", "rouble", "rouble", "rouble"
            ),
            Story("{p} is {a} old. How old will {p:he|she} be in {b}?", "year", "year", "year"),
            Story(
                "{p} walked {a} in the morning and {b:n} more in the evening. How many kilometres is that?",
                "kilometre",
                "kilometre",
                "kilometre",
            ),
        ),
        "-": (
            Story("{p} has {a} and gives away {b:n}. How many are left?"),
            Story("{p} had {a}. {p:He|She} gave {b:n} to {q}. How many {things} does {p:he|she} have now?"),
            Story("There are {a} in a box. We take out {b:n}. How many are left?"),
            Story("There are {a} on the shelf. {p} takes {b:n}. How many {things} are left on the shelf?"),
            Story("{p} has {a} and {q} has {b:n}. How many more {things} does {p} have?"),
            Story("A toy costs {a}. {p} has {b}. How many dollars are missing?", "rouble", "rouble", "rouble"),
            Story("{p} is {a} old and {q} is {b:n}. By how many years is {p} older?", "year", "year", "year"),
            Story(
                "There are {a} in a class, {b:n} of them are girls. How many boys are there?", "pupil", "girl", "boy"
            ),
        ),
        "*": (
            Story("There are {a} in one box. How many {things} are in {b} like this?", b="box"),
            Story("Each box holds {a}, and there are {b}. How many {things} are there in all?", b="box"),
            Story("A ticket costs {a}. How much do {b:n} tickets cost?", "rouble", "box", "rouble"),
            Story("A hall has {a} with {b} in each. How many seats are there?", "row", "seat", "seat"),
            Story("{p} reads {a} a day. How many pages will {p:he|she} read in {b}?", "page", "day", "page"),
            Story("A car goes {a} in an hour. How far will it go in {b}?", "kilometre", "hour", "kilometre"),
        ),
        "/": (
            Story("We put {a} into {b}, the same number in each. How many {things} are in one box?", b="box"),
            Story("{b} share {a} equally. How many dollars does each get?", "rouble", "person", "rouble"),
            Story(
                "A book has {a}. {p} reads it in {b}, the same each day. How many pages a day?", "page", "day", "page"
            ),
        ),
    },
}


class Told(NamedTuple):
    """A story told: the question, and how the result is named at the end of the answer."""

    question: str
    conclusion: str


def tell(rng: random.Random, operation: str, a: int, b: int, result: int, language: str, *, in_words: bool) -> Told:
    """Ask for ``a operation b`` as a story."""
    story = rng.choice(STORIES[language][operation])
    thing = rng.choice(_THINGS[language])
    units = _UNITS[language]
    p, q = rng.sample(_PEOPLE[language], 2)
    question = story.text.format(
        a=Counted(a, units.get(story.a, thing), language, in_words),
        b=Counted(b, units.get(story.b, thing), language, in_words),
        p=p,
        q=q,
        things=thing.many,
    )
    counted = Counted(result, units.get(story.result, thing), language, False)
    if language == "en":
        return Told(question[:1].upper() + question[1:], f"Answer: {counted}.")
    answer = f"на {counted:acc}" if story.is_by_how_much else f"{counted}"
    return Told(question[:1].upper() + question[1:], f"Ответ: {answer}.")

"""Names of towns and streets, Russian ones with their cases."""

from __future__ import annotations

from samovar.tasks.words.declension import Word, noun
from samovar.tasks.words.listing import listed

ENGLISH_CITIES = listed(
    "Athens Austin Bergen Berlin Boston Bristol Brussels Cairo Cambridge Cardiff Chicago Cork Dallas Delhi Denver "
    "Dover Dublin Florence Geneva Glasgow Hamburg Houston Kyoto Leeds Lima Lisbon London Lyon Madrid Malta Miami Milan "
    "Munich Naples Oslo Ottawa Oxford Paris Perth Porto Prague Riga Rome Seattle Seoul Sofia Tokyo Toronto Venice "
    "Vienna Warsaw York Zurich"
)
ENGLISH_STREETS = tuple(
    f"{name} Street"
    for name in (
        listed(
            "Apple Bridge Cedar Cherry Church Elm Forest Garden Green Hill King Lake Maple Market Mill Oak Park Pine "
            "Queen River Rose School Spring Station Summer Sunny Water Willow"
        )
    )
)

RUSSIAN_CITIES: tuple[Word, ...] = tuple(
    map(
        noun,
        listed(
            "Анапа Архангельск Астрахань+ Белгород Брянск Владивосток Владимир Вологда Воронеж Выборг Екатеринбург "
            "Иваново Ижевск Иркутск Казань+ Калининград Калуга Кемерово Киров Кострома Краснодар "
            "Красноярск Курск Липецк "
            "Магадан Москва Мурманск Новгород Новосибирск Омск Пенза Пермь+ Петрозаводск Псков Рязань+ Самара Саратов "
            "Смоленск Суздаль Тамбов Тверь+ Томск Тула Тюмень+ Углич Ульяновск Уфа Хабаровск Челябинск Чита Якутск "
            "Ярославль"
        ),
    )
)
RUSSIAN_STREETS = listed(
    "Весенняя Вишнёвая Вокзальная Восточная Дачная Дубовая Заречная Зелёная Звёздная Кленовая Лесная Луговая Майская "
    "Мирная Морская Новая Озёрная Парковая Песчаная Полевая Почтовая Речная Садовая Северная Сиреневая Солнечная "
    "Тихая Цветочная Школьная Южная Яблоневая Ясная"
)


def street_in(name: str) -> str:
    """Where a house stands, of a street's name in the nominative: Садовая gives «на Садовой улице»."""
    soft = name.endswith("няя")
    return f"на {name[:-2]}{'ей' if soft else 'ой'} улице"

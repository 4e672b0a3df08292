"""Russian papers. Names and towns stand in the nominative, so that a value is copied as it is written."""

from __future__ import annotations

import random

from samovar.tasks.papers.paper import Paper, chosen, entry
from samovar.tasks.words.calendar import clock, russian_date
from samovar.tasks.words.listing import listed
from samovar.tasks.words.people import RUSSIAN_BOYS, RUSSIAN_GIRLS, RUSSIAN_SURNAMES
from samovar.tasks.words.places import RUSSIAN_CITIES, RUSSIAN_STREETS
from samovar.tasks.words.things import RUSSIAN_THINGS

CHATTER = (
    *("Спасибо.", "Жду ответа.", "Ответьте, пожалуйста, скорее.", "Надеюсь, у вас всё хорошо.", "Всего доброго."),
    *("Проверьте, пожалуйста.", "Мы работали над этим 3 дня.", "Звоните, если что-то не так.", "До встречи."),
    *("Простите за задержку.", "Это наше второе письмо.", "С уважением."),
)
_MAILBOXES = listed(
    "anna ivan office post sales info mail olga pavel shop team desk hello home city work star lena oleg"
)


def _person(rng: random.Random) -> str:
    first = rng.choice((*RUSSIAN_GIRLS, *RUSSIAN_BOYS))
    last = rng.choice(RUSSIAN_SURNAMES)[0 if first.gender == "m" else 1]
    return f"{first} {last}"


def _phone(rng: random.Random) -> str:
    return f"+7 000 {rng.randint(100, 999)}-{rng.randint(10, 99)}-{rng.randint(10, 99)}"


def _email(rng: random.Random) -> str:
    return f"{rng.choice(_MAILBOXES)}{rng.randint(1, 99)}@example.{rng.choice(('com', 'org', 'net'))}"


def _company(rng: random.Random) -> str:
    first = rng.choice(listed("Белый Быстрый Добрый Золотой Зелёный Новый Северный Синий Тёплый Южный"))
    return f"{first} {rng.choice(listed('берег ветер город дом клён лев луч мост остров парус сад свет'))}"


def _address(rng: random.Random) -> str:
    return f"{rng.choice(RUSSIAN_STREETS)} улица, {rng.randint(1, 99)}"


def _time(rng: random.Random) -> str:
    return clock(rng, 8, 19)


def _amount(rng: random.Random) -> int:
    return rng.randint(3, 99) * rng.choice((10, 50, 100, 1000))


def _number(rng: random.Random) -> str:
    return str(rng.randint(100, 9999))


def _count(rng: random.Random) -> int:
    return rng.choice((*range(5, 21), *range(25, 31), *range(35, 41), *range(45, 51)))


_CITIES = chosen(*(city.nom for city in RUSSIAN_CITIES))
_PHONE = entry("телефон|phone", _phone, "Мой телефон {}.|Телефон: {}.|Звоните по номеру {}.|Номер для связи: {}.")
_EMAIL = entry("почта|email", _email, "Моя почта {}.|Почта: {}.|Пишите на {}.|Документы шлите на {}.")
_CITY = entry("город|city", _CITIES, "Мой город — {}.|Город: {}.|Пишу вам из города {}.|Мы из города {}.")

PAPERS = (
    Paper(
        "order",
        ("Здравствуйте!", "Доброе утро!", "Добрый день!", "Новый заказ.", ""),
        (
            entry("имя|name", _person, "Меня зовут {}.|Вам пишет {}.|Это {}.|Имя: {}."),
            entry(
                "товар|item",
                chosen(*(thing.nom for thing in RUSSIAN_THINGS)),
                "Мне нужен такой товар: {}.|Товар: {}.|Хочу заказать вот что: {}.",
            ),
            entry("количество|count", _count, "Количество: {}.|Нужно {} штук.|Пришлите {} штук."),
            entry("город|city", _CITIES, "Доставка в город {}.|Город: {}.|Мой город — {}."),
            entry("дата|date", russian_date, "Нужно к {}.|Дата: {}.|Привезите {}."),
            entry("сумма|amount", _amount, "Могу заплатить {} рублей.|Цена {} рублей.|Итого: {} рублей."),
            _PHONE,
        ),
    ),
    Paper(
        "invoice",
        ("Счёт.", "Счёт на оплату.", "Уважаемый клиент!", ""),
        (
            entry("номер|number", _number, "Счёт номер {}.|Номер счёта {}.|Счёт № {}."),
            entry("компания|company", _company, "Продавец: «{}».|Счёт выставила компания «{}».|От компании «{}»."),
            entry("плательщик|payer", _person, "Плательщик: {}.|Платит {}.|Счёт оплачивает {}."),
            entry("сумма|amount", _amount, "Итого: {} рублей.|К оплате {} рублей.|Сумма {} рублей."),
            entry("дата|date", russian_date, "Оплатить до {}.|Срок оплаты: {}.|Последний день оплаты: {}."),
            entry("почта|email", _email, "Вопросы: {}.|Почта: {}.|Пишите на {}."),
        ),
    ),
    Paper(
        "appointment",
        ("Клиника.", "Запись к врачу.", "Добрый день!", ""),
        (
            entry("пациент|patient", _person, "Пациент: {}.|На приём записан пациент: {}.|Ждём вас, {}."),
            entry("врач|doctor", _person, "Ваш врач — {}.|Врач: {}.|Приём ведёт {}."),
            entry("дата|date", russian_date, "Приходите {}.|Дата: {}.|Приём {}."),
            entry("время|time", _time, "Приходите в {}.|Время: {}.|Начало в {}."),
            entry("кабинет|room", _count, "Кабинет {}.|Пройдите в кабинет {}.|Номер кабинета {}."),
            entry("телефон|phone", _phone, "Телефон: {}.|Звоните нам по номеру {}.|Телефон клиники {}."),
        ),
    ),
    Paper(
        "contact",
        ("Здравствуйте!", "Новый клиент.", "Моя визитка.", ""),
        (
            entry("имя|name", _person, "Меня зовут {}.|Имя: {}.|Это {}."),
            entry(
                "профессия|job",
                chosen(
                    *listed("инженер бухгалтер повар водитель юрист дизайнер учитель программист садовник переводчик")
                ),
                "Моя профессия — {}.|Профессия: {}.|По профессии я {}.",
            ),
            entry("компания|company", _company, "Моя компания — «{}».|Компания: «{}».|Работаю в компании «{}»."),
            _CITY,
            _PHONE,
            _EMAIL,
        ),
    ),
    Paper(
        "delivery",
        ("Доставка.", "Ваша посылка в пути.", "Здравствуйте!", ""),
        (
            entry("номер|number", _number, "Посылка номер {}.|Номер посылки {}.|Посылка № {}."),
            entry("имя|name", _person, "Получатель: {}.|Посылку получит {}.|Посылку ждёт {}."),
            entry("адрес|address", _address, "Адрес: {}.|Везём по адресу: {}.|Адрес доставки: {}."),
            entry("дата|date", russian_date, "Привезём {}.|Дата: {}.|Ждите посылку {}."),
            entry("вес|weight", _count, "Вес {} кг.|Посылка весит {} кг.|Вес: {} кг."),
            entry("телефон|phone", _phone, "Телефон курьера {}.|Телефон: {}.|Курьеру звоните по номеру {}."),
        ),
    ),
    Paper(
        "booking",
        ("Бронь гостиницы.", "Уважаемая гостиница!", "Добрый вечер!", ""),
        (
            entry("гость|guest", _person, "Гость: {}.|Номер займёт {}.|Меня зовут {}."),
            entry("город|city", _CITIES, "Гостиница в городе {}.|Город: {}.|Едем в город {}."),
            entry("дата|date", russian_date, "Приедем {}.|Дата: {}.|Заезд {}."),
            entry("ночи|nights", _count, "Останемся на {} ночей.|Ночей: {}.|Номер нужен на {} ночей."),
            entry("цена|price", _amount, "Цена {} рублей.|Мы заплатим {} рублей.|Цена: {} рублей."),
            _EMAIL,
        ),
    ),
    Paper(
        "event",
        ("Приглашаем!", "Приглашение.", "Дорогие друзья!", ""),
        (
            entry(
                "событие|event",
                chosen(
                    *listed("концерт выставка лекция спектакль ярмарка экскурсия викторина семинар собрание праздник")
                ),
                "Вас ждёт {}.|Событие: {}.|У нас будет {}.",
            ),
            entry("ведущий|host", _person, "Ведущий: {}.|Гостей встретит {}.|Вечер ведёт {}."),
            entry("город|city", _CITIES, "Город: {}.|Место встречи — город {}.|Это будет в городе {}."),
            entry("дата|date", russian_date, "Приходите {}.|Дата: {}.|Встреча пройдёт {}."),
            entry("время|time", _time, "Начало в {}.|Время: {}.|Двери откроются в {}."),
            entry("цена|price", _amount, "Билет стоит {} рублей.|Билет: {} рублей.|Цена {} рублей."),
        ),
    ),
    Paper(
        "loan",
        ("В банк.", "Заявка на кредит.", "Доброе утро!", ""),
        (
            entry("клиент|client", _person, "Клиент: {}.|Меня зовут {}.|Заявку подаёт {}."),
            entry("сумма|amount", _amount, "Прошу {} рублей.|Сумма: {} рублей.|Мне нужно {} рублей."),
            entry("срок|months", _count, "На {} месяцев.|Срок: {} месяцев.|Верну за {} месяцев."),
            _CITY,
            entry("договор|contract", _number, "Договор номер {}.|Номер договора {}.|Договор: {}."),
            _PHONE,
        ),
    ),
)

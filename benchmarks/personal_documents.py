"""Russian business texts with made-up personal data at known places, and beside them what only looks like such data.

Everything is drawn from a seed. The declension tables are written out here: nothing that finds names helps to make
them. Numbers have right check digits, and the hard negatives are numbers, names and words that are nobody's.
"""

from __future__ import annotations

import random
import string
import uuid
from typing import NamedTuple

CASES = ("nomn", "gent", "datv", "ablt")
_MEN = (
    "Иван Ивана Ивану Иваном|Пётр Петра Петру Петром|Сергей Сергея Сергею Сергеем|Андрей Андрея Андрею Андреем|"
    "Дмитрий Дмитрия Дмитрию Дмитрием|Алексей Алексея Алексею Алексеем|Илья Ильи Илье Ильёй|Никита Никиты Никите "
    "Никитой|"
    "Игорь Игоря Игорю Игорем|Павел Павла Павлу Павлом|Тимур Тимура Тимуру Тимуром|Рустам Рустама Рустаму Рустамом|"
    "Лев Льва Льву Львом|Роман Романа Роману Романом|Фёдор Фёдора Фёдору Фёдором|Арсений Арсения Арсению Арсением|"
    "Ашот Ашота Ашоту Ашотом|Георгий Георгия Георгию Георгием|Святослав Святослава Святославу Святославом"
)
_WOMEN = (
    "Мария Марии Марии Марией|Анна Анны Анне Анной|Ольга Ольги Ольге Ольгой|Екатерина Екатерины Екатерине Екатериной|"
    "Наталья Натальи Наталье Натальей|Вера Веры Вере Верой|Любовь Любови Любови Любовью|Гульнара Гульнары Гульнаре "
    "Гульнарой|"
    "Юлия Юлии Юлии Юлией|Татьяна Татьяны Татьяне Татьяной|Светлана Светланы Светлане Светланой|Аида Аиды Аиде Аидой|"
    "Зинаида Зинаиды Зинаиде Зинаидой|Ксения Ксении Ксении Ксенией"
)
_FATHERS = (
    "Иванов Петров Сергеев Андреев Дмитриев Алексеев Игорев Павлов Тимуров Романов Фёдоров Георгиев Борисов Рашидов"
)
_OV = (
    "Иванов Кузнецов Смирнов Голубев Лебедев Ахметов Хабибуллин Пушкарёв Сорокин Щукин Тютчев Чистозвонов "
    "Кривошеин Вяземцев"
)
_SKY = "Белинский Заболоцкий Вишневский Оболенский Высоцкий Кржижановский"
_CONSONANT = "Шевчук Мельник Гринберг Петросян Абрамович Кравец Марчук Саркисян"
_FIXED = "Бондаренко Ткаченко Гелашвили Дурново Чавчавадзе Седых Шаповаленко Живаго"
_MALE = {
    "ov": ("", "а", "у", "ым"),
    "sky": ("ий", "ого", "ому", "им"),
    "consonant": ("", "а", "у", "ом"),
    "fixed": ("",) * 4,
}
_FEMALE = {"ov": ("а", "ой", "ой", "ой"), "sky": ("ая", "ой", "ой", "ой"), "consonant": ("",) * 4, "fixed": ("",) * 4}
_SURNAMES = {
    "ov": _OV.split(),
    "sky": [name[:-2] for name in _SKY.split()],
    "consonant": _CONSONANT.split(),
    "fixed": _FIXED.split(),
}

_STREETS = (
    "Ленина",
    "Садовая",
    "Гагарина",
    "Большая Полянка",
    "8 Марта",
    "академика Королёва",
    "Кирова",
    "Лесная",
    "Ивана Франко",
)
_TOWNS = ("Москва", "Тула", "Нижний Новгород", "Екатеринбург", "Сочи", "Великий Устюг")
_MONTHS_TEXT = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
_MONTHS = _MONTHS_TEXT.split()


class Document(NamedTuple):
    """A text and the (start, end, kind) of all that is personal in it."""

    text: str
    spans: tuple[tuple[int, int, str], ...]


class _Writer:
    """A text in the making, and where the personal things in it are."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw
        self.text = ""
        self.spans: list[tuple[int, int, str]] = []

    def add(self, *pieces: str | tuple[str, str]) -> None:
        """Plain text, or (kind, value)."""
        for piece in pieces:
            if isinstance(piece, tuple):
                kind, value = piece
                self.spans.append((len(self.text), len(self.text) + len(value), kind))
                self.text += value
            else:
                self.text += piece


def russian_documents(count: int, seed: int = 0) -> list[Document]:
    """So many documents of four to nine sentences; about half of the sentences hold nothing personal."""
    draw = random.Random(seed)
    documents = []
    for _ in range(count):
        writer = _Writer(draw)
        for number in range(draw.randint(4, 9)):
            if number:
                writer.add(draw.choice((" ", " ", "\n")))
            draw.choice((_personal, _harmless))(writer)
        documents.append(Document(writer.text, tuple(writer.spans)))
    return documents


def secret_lines(count: int, seed: int = 0) -> list[tuple[str, bool]]:
    """So many lines of scripts and settings; of each, whether it holds a secret. Half do."""
    draw = random.Random(seed)
    lines = []
    for _ in range(count):
        if draw.random() < 0.5:
            before, secret = _secret(draw)
            lines.append((before + secret + ('"' if before.endswith('"') else "") + _after_secret(before), True))
        else:
            lines.append((draw.choice(_NO_SECRETS)(draw), False))
    return lines


def _after_secret(before: str) -> str:
    return "@db.local/x" if "://" in before else ""


_NO_SECRETS = (
    lambda draw: f"commit {_letters(draw, 40, _HEX)}",
    lambda draw: f"id: {uuid.UUID(int=draw.getrandbits(128), version=4)}",
    lambda draw: f"sha256:{_letters(draw, 64, _HEX)}  wheel-{draw.randint(1, 9)}.tar.gz",
    lambda draw: "password = os.environ['DB_PASSWORD']",
    lambda draw: "token = get_token(user)",
    lambda draw: 'api_key = "<your api key here>"',
    lambda draw: "secret: ${VAULT_SECRET}",
    lambda draw: f"img.src = 'data:image/png;base64,{_letters(draw, 60)}='",
    lambda draw: f"tokenizer = Tokenizer.from_file('model-{draw.randint(1, 9)}.json')",
    lambda draw: "The password must have eight characters and a digit.",
    lambda draw: f"max_tokens: {draw.randint(100, 9000)}",
    lambda draw: f"https://example.org/articles/{_letters(draw, 22)}",
    lambda draw: "from sklearn.feature_extraction.text import TfidfVectorizer",
)
_HEX = "0123456789abcdef"


def _digits(draw: random.Random, count: int) -> str:
    return "".join(draw.choice(string.digits) for _ in range(count))


def _inn(draw: random.Random, length: int, *, is_right: bool = True) -> str:
    digits = f"{draw.randint(1, 89):02}" + _digits(draw, length - 3 if length == 10 else length - 4)
    weights = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
    for size in (9,) if length == 10 else (10, 11):
        digits += str(sum(w * int(d) for w, d in zip(weights[11 - size :], digits, strict=True)) % 11 % 10)
    return digits if is_right else digits[:-1] + str((int(digits[-1]) + draw.randint(1, 9)) % 10)


def _ogrn(draw: random.Random, length: int) -> str:
    head = (
        ("1" if length == 13 else "3") + f"{draw.randint(2, 24):02}{draw.randint(1, 89):02}" + _digits(draw, length - 6)
    )
    return head + str(int(head) % (length - 2) % 10)


def _snils(draw: random.Random) -> str:
    digits = str(draw.randint(2, 9)) + _digits(draw, 8)
    check = sum((9 - at) * int(digit) for at, digit in enumerate(digits)) % 101 % 100
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]} {check:02}"


def _account(draw: random.Random, bik: str) -> str:
    start, rest = draw.choice(("40702810", "40817810", "40802810", "42301840")), _digits(draw, 11)
    for key in string.digits:
        account = start + key + rest
        if sum(w * int(d) for w, d in zip((7, 1, 3) * 8, bik[6:] + account, strict=False)) % 10 == 0:
            return account
    raise AssertionError("one of ten keys fits")


def _card(draw: random.Random) -> str:
    digits = draw.choice(("2200", "4276", "5469", "4377")) + _digits(draw, 11)
    total = sum(sum(divmod(int(d) * (2 - at % 2), 10)) for at, d in enumerate(digits))
    digits += str(-total % 10)
    return draw.choice((digits, " ".join(digits[at : at + 4] for at in range(0, 16, 4))))


def _person(draw: random.Random, case: str) -> str:
    at, is_man = CASES.index(case), draw.random() < 0.5
    kind = draw.choice(tuple(_SURNAMES))
    surname = draw.choice(_SURNAMES[kind]) + (_MALE if is_man else _FEMALE)[kind][at]
    first = draw.choice((_MEN if is_man else _WOMEN).split("|")).split()
    father = draw.choice(_FATHERS.split())[:-2]
    father += "ев" if father[-1] in "еи" else "ов"
    patronymic = father + (("ич", "ича", "ичу", "ичем") if is_man else ("на", "ны", "не", "ной"))[at]
    initials = f"{first[0][0]}.{draw.choice(('', ' '))}{patronymic[0]}."
    return draw.choice(
        (
            f"{surname} {first[at]} {patronymic}",
            f"{first[at]} {patronymic} {surname}",
            f"{surname} {initials}",
            f"{initials} {surname}",
            f"{first[at]} {surname}",
            f"{surname} {first[at]}",
            f"{first[at]} {patronymic}",
        )
    )


def _address(draw: random.Random) -> str:
    street, house = draw.choice(_STREETS), draw.randint(1, 140)
    kind, short = draw.choice((("улица", "ул."), ("проспект", "пр-т"), ("переулок", "пер."), ("бульвар", "б-р")))
    flat = draw.choice(
        ("", f", кв. {draw.randint(1, 300)}", f", корп. {draw.randint(1, 4)}, оф. {draw.randint(1, 99)}")
    )
    index = draw.choice(("", f"{draw.randint(101000, 690999)}, "))
    return (
        f"{index}г. {draw.choice(_TOWNS)}, {draw.choice((kind, short))} {street}, "
        f"{draw.choice(('д. ', 'дом ', ''))}{house}{flat}"
    )


def _date(draw: random.Random) -> str:
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(1950, 2005)
    return draw.choice(
        (f"{day:02}.{month:02}.{year}", f"{day} {_MONTHS[month - 1]} {year}", f"{year}-{month:02}-{day:02}")
    )


def _plate(draw: random.Random) -> str:
    letters = [draw.choice("АВЕКМНОРСТУХ") for _ in range(3)]
    region = draw.choice(("", " ")) + draw.choice(("77", "799", "178", "16", "02"))
    return f"{letters[0]}{draw.randint(1, 999):03}{letters[1]}{letters[2]}{region}"


def _phone(draw: random.Random) -> str:
    code, rest = draw.choice(("495", "812", "916", "926", "903")), _digits(draw, 7)
    number = f"{rest[:3]}-{rest[3:5]}-{rest[5:]}"
    return draw.choice(
        (
            f"+7 ({code}) {number}",
            f"8 ({code}) {number}",
            f"8-{code}-{number}",
            f"+7{code}{rest}",
            f"+7 {code} {number}",
        )
    )


def _letters(draw: random.Random, count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(draw.choice(alphabet) for _ in range(count))


def _secret(draw: random.Random) -> tuple[str, str]:
    """What stands before a secret, and the secret."""
    return draw.choice(
        (
            ("ключ ", "AKIA" + _letters(draw, 16, string.ascii_uppercase + string.digits)),
            ("токен ", "ghp_" + _letters(draw, 36)),
            ("export OPENAI_KEY=", "sk-proj-" + _letters(draw, 40)),
            ('password = "', _letters(draw, 10) + draw.choice("!@#%") + _digits(draw, 2)),
            ("api_key: ", _letters(draw, 32, _HEX)),
            ("бот ", _digits(draw, 9) + ":AA" + _letters(draw, 33)),
            (
                "заголовок Authorization: Bearer ",
                "eyJhbGciOiJIUzI1NiJ9.eyJ" + _letters(draw, 30) + "." + _letters(draw, 43),
            ),
            ("postgres://admin:", _letters(draw, 14)),
        )
    )


def _personal(out: _Writer) -> None:
    """A sentence that holds something personal."""
    draw = out.draw
    bik = draw.choice(("044525225", "044030653", "046577674", "044525974"))
    choice = draw.randrange(17)
    if choice == 0:
        out.add("Договор подписал ", ("person", _person(draw, "nomn")), ".")
    elif choice == 1:
        out.add("Доверенность выдана ", ("person", _person(draw, "datv")), " на один год.")
    elif choice == 2:
        out.add("Согласовано с ", ("person", _person(draw, "ablt")), ", замечаний нет.")
    elif choice == 3:
        out.add("В отсутствие ", ("person", _person(draw, "gent")), " решение принимает комитет.")
    elif choice == 4:
        out.add(
            "Связаться можно по тел. ",
            ("phone", _phone(draw)),
            " или ",
            ("email", f"{_letters(draw, 7).lower()}@{draw.choice(('mail.ru', 'пример.рф', 'example.org'))}"),
            ".",
        )
    elif choice == 5:
        out.add(
            "Паспорт ",
            ("passport", f"{draw.randint(10, 99)} {draw.randint(0, 24):02} {_digits(draw, 6)}"),
            " выдан отделом внутренних дел.",
        )
    elif choice == 6:
        out.add("Загранпаспорт ", ("passport", f"{draw.randint(60, 79)} № {_digits(draw, 7)}"), " действителен.")
    elif choice == 7:
        out.add(
            "ИНН ",
            ("inn", _inn(draw, 10)),
            ", КПП ",
            ("kpp", f"{draw.randint(1000, 9999)}01001"),
            ", ОГРН ",
            ("ogrn", _ogrn(draw, 13)),
            ".",
        )
    elif choice == 8:
        out.add(
            "Индивидуальный предприниматель, ИНН ", ("inn", _inn(draw, 12)), ", ОГРНИП ", ("ogrn", _ogrn(draw, 15)), "."
        )
    elif choice == 9:
        out.add("СНИЛС работника: ", ("snils", _snils(draw)), ".")
    elif choice == 10:
        out.add("Р/с ", ("account", _account(draw, bik)), " в банке, БИК ", ("bik", bik), ".")
    elif choice == 11:
        out.add("Оплата с карты ", ("card", _card(draw)), " прошла.")
    elif choice == 12:
        out.add("Проживает по адресу: ", ("address", _address(draw)), ".")
    elif choice == 13:
        out.add(draw.choice(("Дата рождения: ", "Родился ")), ("birth_date", _date(draw)), " года.")
    elif choice == 14:
        out.add("Автомобиль с госномером ", ("plate", _plate(draw)), " допущен на территорию.")
    elif choice == 15:
        octets = f"{draw.randint(45, 95)}.{draw.randint(0, 255)}.{draw.randint(0, 255)}.{draw.randint(1, 254)}"
        out.add("Вход с адреса ", ("ip", octets), " заблокирован.")
    else:
        before, secret = _secret(draw)
        out.add(
            "В скрипте: ",
            before,
            ("secret", secret),
            '"' if before.endswith('"') else "",
            _after_secret(before),
            "\n",
        )


def _harmless(out: _Writer) -> None:
    """A sentence that holds nothing personal, however it looks."""
    draw = out.draw
    out.add(draw.choice(_HARMLESS)(draw))


_HARMLESS = (
    lambda draw: (
        f"Версия {draw.randint(1, 9)}.{draw.randint(0, 30)}.{draw.randint(0, 30)}.{draw.randint(100, 250)} вышла вчера."
    ),
    lambda draw: f"Артикул {_digits(draw, 10)}, на складе {draw.randint(2, 900)} штук.",
    lambda draw: f"Заказ № {_digits(draw, 9)} от {_date(draw)} оплачен.",
    lambda draw: f"Штрихкод 46{_digits(draw, 11)} не читается.",
    lambda draw: (
        f"ISBN 978-5-{_digits(draw, 3)}-{_digits(draw, 5)}-{draw.randint(0, 9)}, тираж {draw.randint(1, 9)}000 "
        f"экземпляров."
    ),
    lambda draw: (
        f"По ст. {draw.randint(1, 400)} ч. 2 и п. "
        f"{draw.randint(1, 9)}.{draw.randint(1, 9)}.{draw.randint(1, 9)}.{draw.randint(1, 9)} правил спор решает суд."
    ),
    lambda draw: (
        f"Сумма {draw.randint(1, 99)} {_digits(draw, 3)} {_digits(draw, 3)},{_digits(draw, 2)} руб. включает НДС."
    ),
    lambda draw: f"Совещание {_date(draw)} в 10:30:00 перенесено.",
    lambda draw: f"Коммит {_letters(draw, 40, _HEX)} уже в основной ветке.",
    lambda draw: f"Сервер отвечает на 127.0.0.1 и 192.168.{draw.randint(0, 9)}.{draw.randint(2, 250)}.",
    lambda draw: (
        f"Браузер Chrome/{draw.randint(90, 120)}.0.{draw.randint(1000, 6000)}.{draw.randint(40, 200)} поддерживается."
    ),
    lambda draw: f"Контрольное число ИНН {_inn(draw, 10, is_right=False)} не сходится.",
    lambda draw: f"Номер декларации {_digits(draw, 20)} присвоен.",
    lambda draw: f"Код товара 0{_digits(draw, 8)}, партия {_digits(draw, 12)}.",
    lambda draw: f"Завод имени Лихачёва выпустил {draw.randint(2, 900)} машин.",
    lambda draw: f"Общество «{draw.choice(('Ромашка', 'Северный ветер', 'Вектор'))}» обязуется поставить товар.",
    lambda draw: "Вера в успех помогает, а Надежда умирает последней только в пословице.",
    lambda draw: "Роман вышел отдельной книгой, Кузнецы и Бондари упомянуты в Уставе.",
    lambda draw: f"Офис в городе {draw.choice(_TOWNS)} открыт, улица Ленина перекрыта.",
    lambda draw: "Приложение А. Перечень работ и Таблица Б. Сроки прилагаются.",
    lambda draw: "Исполнитель обязан уведомить Заказчика, Генеральный директор утверждает Акт.",
    lambda draw: "password = os.environ['DB_PASSWORD'], token = get_token()",
    lambda draw: f"Трасса М{draw.randint(1, 12)}, модель А{draw.randint(100, 320)}, формат А4.",
    lambda draw: f"Идентификатор {uuid.UUID(int=draw.getrandbits(128), version=4)} записан.",
    lambda draw: f"Отдел в России, Казани и Владимире вырос на {draw.randint(2, 90)} %.",
)

"""Russian passages of the kind that a clinic, a shop, a bank or an office keeps."""

from __future__ import annotations

from samovar.tasks.passages.domain import Domain, closed, fact
from samovar.tasks.words.declension import Word, noun
from samovar.tasks.words.listing import listed
from samovar.tasks.words.things import RUSSIAN_GOODS

CLINIC = Domain(
    "clinic",
    "person",
    (
        fact(
            "{person} принимает в кабинете {room}. | В кабинете {room} принимает {person}.",
            ("в кабинете {room}", "В каком кабинете принимает {person}? | Где принимает {person}?"),
            ("{person}", "Кто принимает в кабинете {room}? | Какой врач принимает в кабинете {room}?"),
        ),
        fact(
            "{person} — {doctor}. | В клинике работает {doctor} {person}.",
            ("{doctor}", "Кто {person} по специальности? | Какой врач {person}? | Кем работает {person}?"),
            ("{person}", "Как зовут врача-{doctor.gen}? | Кто в клинике {doctor}?"),
        ),
        fact(
            "{person} начинает приём в {morning}. | В {morning} начинает приём {person}.",
            ("в {morning}", "Во сколько начинает приём {person}? | Когда начинает приём {person}?"),
            ("{person}", "Кто начинает приём в {morning}?"),
        ),
        fact(
            "{person} не работает {day.every}. | {day.every} {person} не работает.",
            ("{day.every}", "По каким дням не работает {person}? | Когда не работает {person}?"),
            ("{person}", "Кто не работает {day.every}?"),
        ),
        fact(
            "Телефон {person.gen} — {phone}. | {person.dat} звонят по телефону {phone}.",
            ("{phone}", "Какой телефон у {person.gen}? | По какому телефону звонить {person.dat}?"),
        ),
        fact(
            "Приём у {person.gen} стоит {price}. | За приём у {person.gen} платят {price}.",
            ("{price}", "Сколько стоит приём у {person.gen}? | Какая цена приёма у {person.gen}?"),
        ),
        fact(
            "Кровь берут до {morning}. | Сдать кровь можно до {morning}.",
            ("до {morning}", "До какого часа берут кровь? | До какого времени можно сдать кровь?"),
        ),
        fact(
            "Справку выдают на {floor} этаже. | На {floor} этаже выдают справку.",
            ("на {floor} этаже", "На каком этаже выдают справку? | Где выдают справку?"),
        ),
    ),
    {
        "doctor": closed(
            tuple(
                map(
                    noun,
                    listed(
                        "терапевт* хирург* окулист* педиатр* невролог* кардиолог* стоматолог* дерматолог* аллерголог*"
                    ),
                )
            )
        )
    },
)

SHOP = Domain(
    "shop",
    "goods",
    (
        fact(
            "{goods} стоит {price}. | Сегодня {goods} стоит {price}.",
            ("{price}", "Сколько стоит {goods}? | Какая цена у {goods.gen}?"),
            ("{goods}", "Что стоит {price}? | Какой товар стоит {price}?"),
        ),
        fact(
            "{goods} лежит на {shelf} полке. | На {shelf} полке лежит {goods}.",
            ("на {shelf} полке", "На какой полке лежит {goods}? | Где лежит {goods}?"),
            ("{goods}", "Что лежит на {shelf} полке?"),
        ),
        fact(
            "{goods.acc} привозят {day.every}. | {day.every} привозят {goods.acc}.",
            ("{day.every}", "Когда привозят {goods.acc}? | По каким дням привозят {goods.acc}?"),
            ("{goods.acc}", "Что привозят {day.every}?"),
        ),
        fact(
            "На складе {kilos} {goods.gen}. | {goods.gen} на складе {kilos}.",
            ("{kilos}", "Сколько {goods.gen} на складе? | Сколько килограммов {goods.gen} на складе?"),
        ),
        fact(
            "{goods.acc} привозят {city.out}. | {city.out} привозят {goods.acc}.",
            ("{city.out}", "Откуда привозят {goods.acc}? | Из какого города привозят {goods.acc}?"),
            ("{goods.acc}", "Что привозят {city.out}?"),
        ),
        fact(
            "Магазин открывается в {morning}. | В {morning} открывается магазин.",
            ("в {morning}", "Во сколько открывается магазин? | Когда открывается магазин?"),
        ),
        fact(
            "Магазин закрывается в {evening}. | В {evening} магазин закрывается.",
            ("в {evening}", "Во сколько закрывается магазин? | Когда закрывается магазин?"),
        ),
        fact(
            "Магазин находится {street}. | {street} находится магазин.",
            ("{street}", "Где находится магазин? | На какой улице находится магазин?"),
        ),
        fact(
            "Хозяина магазина зовут {person}. | Хозяин магазина — {person}.",
            ("{person}", "Как зовут хозяина магазина? | Кто хозяин магазина?"),
        ),
    ),
    {
        "goods": closed(RUSSIAN_GOODS),
        "shelf": closed(listed("первой второй третьей четвёртой верхней нижней средней")),
    },
)

LOANS = Domain(
    "loans",
    "person",
    (
        fact(
            "{person} подписал{person.a} договор {date}. | {date} договор подписал{person.a} {person}.",
            (
                "{date}",
                "Когда {person} подписал{person.a} договор? | Какого числа подписал{person.a} договор {person}?",
            ),
            ("{person}", "Кто подписал договор {date}?"),
        ),
        fact(
            "Номер договора {person.gen} — {number}. | У {person.gen} договор номер {number}.",
            ("{number}", "Какой номер договора у {person.gen}? | Под каким номером договор {person.gen}?"),
            ("у {person.gen}", "У кого договор номер {number}?"),
        ),
        fact(
            "{person} взял{person.a} в кредит {sum}. | В кредит {person} взял{person.a} {sum}.",
            ("{sum}", "Сколько взял{person.a} в кредит {person}? | Какую сумму взял{person.a} {person}?"),
            ("{person}", "Кто взял в кредит {sum}?"),
        ),
        fact(
            "Срок кредита {person.gen} — {months}. | {person} вернёт кредит за {months}.",
            ("{months}", "Какой срок кредита у {person.gen}? | На какой срок взял{person.a} кредит {person}?"),
        ),
        fact(
            "Ставка для {person.gen} — {percent}. | {person} платит по ставке {percent}.",
            ("{percent}", "Какая ставка у {person.gen}? | Под какой процент взял{person.a} кредит {person}?"),
        ),
        fact(
            "{person.acc} обслуживает {boss}. | Менеджер {boss} обслуживает {person.acc}.",
            ("{boss}", "Кто обслуживает {person.acc}? | Какой менеджер обслуживает {person.acc}?"),
            ("{person.acc}", "Кого обслуживает {boss}?"),
        ),
        fact(
            "{person} платит {payday} числа. | Каждый месяц {person} платит {payday} числа.",
            ("{payday} числа", "Какого числа платит {person}? | Когда платит {person}?"),
            ("{person}", "Кто платит {payday} числа?"),
        ),
        fact(
            "Отделение банка работает до {evening}. | До {evening} работает отделение банка.",
            ("до {evening}", "До какого часа работает отделение банка? | До скольки работает банк?"),
        ),
    ),
    {"payday": closed([str(day) for day in range(1, 29)])},
)

DELIVERY = Domain(
    "delivery",
    "number",
    (
        fact(
            "Заказ {number} привезут {day.on}. | {day.on} привезут заказ {number}.",
            ("{day.on}", "Когда привезут заказ {number}? | В какой день привезут заказ {number}?"),
            ("заказ {number}", "Какой заказ привезут {day.on}?"),
        ),
        fact(
            "В заказе {number} лежит {thing}. | {thing} лежит в заказе {number}.",
            ("{thing}", "Что лежит в заказе {number}? | Что в заказе {number}?"),
            ("в заказе {number}", "В каком заказе лежит {thing}? | В каком заказе {thing}?"),
        ),
        fact(
            "Заказ {number} стоит {price}. | За заказ {number} нужно заплатить {price}.",
            ("{price}", "Сколько стоит заказ {number}? | Сколько нужно заплатить за заказ {number}?"),
            ("заказ {number}", "Какой заказ стоит {price}?"),
        ),
        fact(
            "Заказ {number} везёт {who}. | Курьер {who} везёт заказ {number}.",
            ("{who}", "Кто везёт заказ {number}? | Какой курьер везёт заказ {number}?"),
            ("заказ {number}", "Какой заказ везёт {who}? | Что везёт {who}?"),
        ),
        fact(
            "Заказ {number} едет {city.into}. | {city.into} едет заказ {number}.",
            ("{city.into}", "Куда едет заказ {number}? | В какой город едет заказ {number}?"),
            ("заказ {number}", "Какой заказ едет {city.into}?"),
        ),
        fact(
            "Заказ {number} получит {person}. | {person} получит заказ {number}.",
            ("{person}", "Кто получит заказ {number}? | Кому везут заказ {number}?"),
            ("заказ {number}", "Какой заказ получит {person}? | Что получит {person}?"),
        ),
        fact(
            "Заказ {number} весит {kilos}. | Вес заказа {number} — {kilos}.",
            ("{kilos}", "Сколько весит заказ {number}? | Какой вес у заказа {number}?"),
            ("заказ {number}", "Какой заказ весит {kilos}?"),
        ),
        fact(
            "Телефон склада — {phone}. | На склад звонят по телефону {phone}.",
            ("{phone}", "Какой телефон у склада? | По какому телефону звонить на склад?"),
        ),
    ),
)

EVENTS = Domain(
    "events",
    "event",
    (
        fact(
            "{event} начнётся в {evening}. | В {evening} начнётся {event}.",
            ("в {evening}", "Во сколько начнётся {event}? | Когда начнётся {event}?"),
            ("{event}", "Что начнётся в {evening}?"),
        ),
        fact(
            "{event} будет {hall}. | Гостей ждут {hall}: там будет {event}.",
            ("{hall}", "Где будет {event}? | В каком месте будет {event}?"),
            ("{event}", "Что будет {hall}?"),
        ),
        fact(
            "{event} пройдёт {date}. | {date} пройдёт {event}.",
            ("{date}", "Какого числа пройдёт {event}? | На какое число назначен{event.a} {event}?"),
            ("{event}", "Что пройдёт {date}?"),
        ),
        fact(
            "Билет на {event.acc} стоит {price}. | За билет на {event.acc} просят {price}.",
            ("{price}", "Сколько стоит билет на {event.acc}? | Какая цена билета на {event.acc}?"),
        ),
        fact(
            "{event.acc} ведёт {person}. | {person} ведёт {event.acc}.",
            ("{person}", "Кто ведёт {event.acc}? | Как зовут того, кто ведёт {event.acc}?"),
            ("{event.acc}", "Что ведёт {person}?"),
        ),
        fact(
            "На {event.acc} записались {people}. | {people} записались на {event.acc}.",
            ("{people}", "Сколько человек записались на {event.acc}?"),
        ),
        fact(
            "Телефон кассы — {phone}. | В кассу звонят по телефону {phone}.",
            ("{phone}", "Какой телефон у кассы? | По какому телефону звонить в кассу?"),
        ),
    ),
    {
        "event": closed(
            tuple(
                map(
                    noun,
                    listed(
                        "концерт выставка лекция спектакль ярмарка экскурсия викторина семинар собрание праздник урок"
                    ),
                )
            )
        ),
        "hall": closed(
            (
                *("в большом зале", "в малом зале", "в библиотеке", "в парке", "в школе", "во дворе"),
                *("в музее", "на площади", "в театре", "в саду"),
            )
        ),
        "people": closed(
            [f"{number} человек" for number in (*range(5, 21), *range(25, 31), *range(35, 41), 50, 60, 80)]
        ),
    },
)


def _phrase(nom: str, gen: str, gender: str) -> Word:
    """A department: only the nominative and the genitive are asked for."""
    return Word(nom, gen, gen, nom, gen, gen, gender)


_DEPARTMENTS = (
    *(noun("бухгалтерия"), noun("лаборатория"), noun("архив"), noun("склад"), noun("касса"), noun("канцелярия")),
    *(_phrase("отдел кадров", "отдела кадров", "m"), _phrase("отдел продаж", "отдела продаж", "m")),
    *(_phrase("юридический отдел", "юридического отдела", "m"), _phrase("служба охраны", "службы охраны", "f")),
)
OFFICE = Domain(
    "office",
    "unit",
    (
        fact(
            "{unit} находится на {floor} этаже. | На {floor} этаже находится {unit}.",
            ("на {floor} этаже", "На каком этаже находится {unit}? | Где находится {unit}?"),
            ("{unit}", "Что находится на {floor} этаже?"),
        ),
        fact(
            "{unit} работает до {evening}. | До {evening} работает {unit}.",
            ("до {evening}", "До какого часа работает {unit}? | До скольки работает {unit}?"),
            ("{unit}", "Что работает до {evening}?"),
        ),
        fact(
            "Телефон {unit.gen} — {phone}. | Номер телефона {unit.gen} — {phone}.",
            ("{phone}", "Какой телефон у {unit.gen}? | Назови телефон {unit.gen}."),
        ),
        fact(
            "Начальник {unit.gen} — {person}. | Начальника {unit.gen} зовут {person}.",
            ("{person}", "Кто начальник {unit.gen}? | Как зовут начальника {unit.gen}?"),
        ),
        fact(
            "{unit} не работает {day.every}. | {day.every} {unit} не работает.",
            ("{day.every}", "По каким дням не работает {unit}? | Когда не работает {unit}?"),
            ("{unit}", "Что не работает {day.every}?"),
        ),
        fact(
            "Обед в офисе начинается в {time}. | В {time} в офисе начинается обед.",
            ("в {time}", "Во сколько в офисе обед? | Когда в офисе начинается обед?"),
        ),
        fact(
            "Пропуск действует {months}. | Каждый пропуск действует {months}.",
            ("{months}", "Сколько действует пропуск? | На какой срок дают пропуск?"),
        ),
        fact(
            "Место на парковке стоит {price}. | За место на парковке платят {price}.",
            ("{price}", "Сколько стоит место на парковке? | Сколько платят за парковку?"),
        ),
        fact(
            "Отпуск нужно просить за {notice}. | Об отпуске предупреждают за {notice}.",
            ("за {notice}", "За сколько дней нужно просить отпуск? | За сколько дней предупреждают об отпуске?"),
        ),
    ),
    {
        "unit": closed(_DEPARTMENTS),
        "notice": closed([f"{number} дней" for number in (*range(5, 21), 25, 30, 45)]),
    },
)

STAFF = Domain(
    "staff",
    "person",
    (
        fact(
            "{person} работает {job.ins}. | В этом году {person} работает {job.ins}.",
            ("{job.ins}", "Кем работает {person}? | Кем сейчас работает {person}?"),
            ("{person}", "Кто работает {job.ins}?"),
        ),
        fact(
            "{person} живёт {city.inside}. | {city.inside} живёт {person}.",
            ("{city.inside}", "Где живёт {person}? | В каком городе живёт {person}?"),
            ("{person}", "Кто живёт {city.inside}?"),
        ),
        fact(
            "{person} получает {sum}. | Каждый месяц {person} получает {sum}.",
            ("{sum}", "Сколько получает {person}? | Какая зарплата у {person.gen}?"),
            ("{person}", "Кто получает {sum}?"),
        ),
        fact(
            "{person} уходит в отпуск {date}. | {date} в отпуск уходит {person}.",
            ("{date}", "Когда {person} уходит в отпуск? | Какого числа уходит в отпуск {person}?"),
            ("{person}", "Кто уходит в отпуск {date}?"),
        ),
        fact(
            "{person} родил{person.sya} в {year} году. | В {year} году родил{person.sya} {person}.",
            ("в {year} году", "В каком году родил{person.sya} {person}? | Когда родил{person.sya} {person}?"),
            ("{person}", "Кто родился в {year} году?"),
        ),
        fact(
            "{person.dat} помогает {who}. | {who} помогает {person.dat}.",
            ("{who}", "Кто помогает {person.dat}? | Как зовут помощника {person.gen}?"),
            ("{person.dat}", "Кому помогает {who}?"),
        ),
        fact(
            "Телефон {person.gen} — {phone}. | Номер телефона {person.gen} — {phone}.",
            ("{phone}", "Какой телефон у {person.gen}? | По какому телефону звонить {person.dat}?"),
        ),
    ),
    {
        "job": closed(
            tuple(
                map(
                    noun,
                    listed(
                        "инженер* бухгалтер* повар* водитель* юрист* дизайнер* учитель* программист* сторож* садовник* "
                        "переводчик* фотограф*"
                    ),
                )
            )
        ),
        "year": closed([str(year) for year in range(1955, 2006)]),
    },
)

DOMAINS = (CLINIC, SHOP, LOANS, DELIVERY, EVENTS, OFFICE, STAFF)

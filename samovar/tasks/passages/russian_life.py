"""Russian passages about a child's life: journeys, pets, school."""

from __future__ import annotations

from samovar.tasks.passages.domain import Domain, closed, fact, opened
from samovar.tasks.words import invented
from samovar.tasks.words.declension import male, noun
from samovar.tasks.words.listing import listed

_TRANSPORT = (
    *("на поезде", "на автобусе", "на машине", "на велосипеде", "на электричке", "на такси"),
    *("на самолёте", "на корабле", "на трамвае", "на мотоцикле"),
)
_STAYS = (
    *("у бабушки", "в гостинице", "у друзей", "в палатке", "у тёти", "на даче"),
    *("у моря", "в общежитии", "у брата", "в деревне"),
)
JOURNEYS = Domain(
    "journeys",
    "who",
    (
        fact(
            "{who} приехал{who.a} {city.into} {day.on}. | {day.on} {who} приехал{who.a} {city.into}.",
            (
                "{day.on}",
                "Когда {who} приехал{who.a} {city.into}? | В какой день приехал{who.a} {who}? | Когда "
                "приехал{who.a} {who}?",
            ),
            (
                "{city.into}",
                "Куда приехал{who.a} {who}? | В какой город приехал{who.a} {who}? | Куда {who} "
                "приехал{who.a} {day.on}?",
            ),
            ("{who}", "Кто приехал {city.into}? | Кто приехал {day.on}? | Кто был {city.inside}?"),
        ),
        fact(
            "{who} добирал{who.sya} {transport}. | До места {who} добирал{who.sya} {transport}.",
            ("{transport}", "На чём добирал{who.sya} {who}? | Как добирал{who.sya} {who}? | На чём ехал{who.a} {who}?"),
            ("{who}", "Кто добирался {transport}? | Кто ехал {transport}?"),
        ),
        fact(
            "{who} взял{who.a} с собой {thing.acc}. | С собой {who} взял{who.a} {thing.acc}.",
            ("{thing.acc}", "Что взял{who.a} с собой {who}? | Что {who} взял{who.a} в дорогу?"),
            ("{who}", "Кто взял с собой {thing.acc}? | Кто взял {thing.acc} в дорогу?"),
        ),
        fact(
            "{who} жил{who.a} {stay}. | Все дни {who} жил{who.a} {stay}.",
            ("{stay}", "Где жил{who.a} {who}? | Где останавливал{who.sya} {who}?"),
            ("{who}", "Кто жил {stay}? | Кто останавливался {stay}?"),
        ),
        fact(
            "{who} заплатил{who.a} за билет {price}. | За билет {who} отдал{who.a} {price}.",
            ("{price}", "Сколько {who} заплатил{who.a} за билет? | Сколько стоил билет {who.gen}?"),
            ("{who}", "Кто заплатил за билет {price}? | Кто отдал за билет {price}?"),
        ),
        fact(
            "{who} вернул{who.sya} домой {date}. | {date} {who} вернул{who.sya} домой.",
            ("{date}", "Когда {who} вернул{who.sya} домой? | Какого числа вернул{who.sya} {who}?"),
            ("{who}", "Кто вернулся домой {date}? | Кто вернулся {date}?"),
        ),
    ),
    {"transport": closed(_TRANSPORT), "stay": closed(_STAYS)},
)

_PETS = tuple(
    map(
        male,
        listed(
            "Барсик Бублик Гоша Граф Дымок/Дымк Кеша Кузя Мишка Орешек/Орешк Персик Пушок/Пушк Рыжик "
            "Снежок/Снежк Тишка "
            "Уголёк/Угольк Филя Черныш! Шарик"
        ),
    )
)
_ANIMALS = tuple(map(noun, listed("кот* хомяк* попугай* щенок*/щенк кролик* ёжик* петух* козлик* бобр* гусь*")))
_FOODS = tuple(
    map(
        noun,
        listed("рыба каша морковь+ молоко сыр капуста сметана творог мясо тыква печенье клубника хлеб овёс/овс"),
    )
)
_SPOTS = (
    *("на диване", "под столом", "в корзине", "у печки", "на окне", "в коробке", "под лестницей"),
    *("на коврике", "в сарае", "в кресле"),
)
_FEARS = (
    *("грозы", "пылесоса", "воды", "темноты", "машин", "чужих людей", "громкой музыки", "высоты"),
    *("фейерверка", "большой собаки"),
)
PETS = Domain(
    "pets",
    "pet",
    (
        fact(
            "{pet} живёт у {who.gen}. | У {who.gen} живёт {animal} по имени {pet}.",
            ("у {who.gen}", "У кого живёт {pet}? | У кого дома живёт {pet}?"),
            ("{pet}", "Кто живёт у {who.gen}? | Как зовут питомца, который живёт у {who.gen}?"),
        ),
        fact(
            "{pet} любит {food.acc}. | Больше всего {pet} любит {food.acc}.",
            ("{food.acc}", "Что любит {pet}? | Какую еду любит {pet}? | Что {pet} ест с радостью?"),
            ("{pet}", "Кто любит {food.acc}?"),
        ),
        fact(
            "{pet} спит {spot}. | По ночам {pet} спит {spot}.",
            ("{spot}", "Где спит {pet}? | Где любит спать {pet}?"),
            ("{pet}", "Кто спит {spot}? | Кто по ночам спит {spot}?"),
        ),
        fact(
            "{pet} боится {fear}. | Больше всего {pet} боится {fear}.",
            ("{fear}", "Чего боится {pet}? | Чего {pet} боится больше всего?"),
            ("{pet}", "Кто боится {fear}?"),
        ),
        fact(
            "{pet.dat} {age}. | Сейчас {pet.dat} {age}.",
            ("{age}", "Сколько лет {pet.dat}? | Какой возраст у {pet.gen}?"),
            ("{pet.dat}", "Кому {age}? | Кому из них {age}?"),
        ),
        fact(
            "{pet} {color} цвета. | Наш питомец {pet} {color} цвета.",
            ("{color} цвета", "Какого цвета {pet}? | Какого цвета питомец {pet}?"),
            ("{pet}", "Кто {color} цвета?"),
        ),
        fact(
            "{pet} гуляет в {time}. | В {time} {pet} выходит гулять.",
            ("в {time}", "Во сколько гуляет {pet}? | Когда {pet} выходит гулять?"),
            ("{pet}", "Кто гуляет в {time}?"),
        ),
    ),
    {
        "pet": opened(_PETS, invented.russian_person),
        "animal": closed(_ANIMALS),
        "food": closed(_FOODS),
        "spot": closed(_SPOTS),
        "fear": closed(_FEARS),
        "color": closed(listed("белого чёрного рыжего серого бурого жёлтого золотистого зелёного")),
    },
)

_LESSONS = tuple(
    map(noun, listed("математика физика история биология музыка рисование чтение география химия пение черчение"))
)
SCHOOL = Domain(
    "school",
    "who",
    (
        fact(
            "{who} учится в {grade} классе. | В {grade} классе учится {who}.",
            ("в {grade} классе", "В каком классе учится {who}? | В какой класс ходит {who}?"),
            ("{who}", "Кто учится в {grade} классе? | Кто ходит в школу в {grade} классе?"),
        ),
        fact(
            "{who} любит {lesson.acc}. | Любимый предмет {who.gen} — {lesson}.",
            ("{lesson}", "Какой любимый предмет у {who.gen}? | Какой предмет нравится {who.dat}?"),
            ("{lesson.acc}", "Какой предмет любит {who}?"),
            ("{who}", "Кто любит {lesson.acc}?"),
        ),
        fact(
            "{who} сидит за {desk} партой. | За {desk} партой сидит {who}.",
            ("за {desk} партой", "За какой партой сидит {who}? | Где сидит {who}?"),
            ("{who}", "Кто сидит за {desk} партой?"),
        ),
        fact(
            "После уроков {who} ходит {club}. | {who} ходит {club} после уроков.",
            ("{club}", "Куда {who} ходит после уроков? | Куда ходит {who} после уроков?"),
            ("{who}", "Кто ходит {club}? | Кто после уроков ходит {club}?"),
        ),
        fact(
            "{who} получил{who.a} {mark} по {lesson.dat}. | По {lesson.dat} {who} получил{who.a} {mark}.",
            (
                "{mark}",
                "Какую оценку {who} получил{who.a} по {lesson.dat}? | Что получил{who.a} {who} по {lesson.dat}?",
            ),
            ("{who}", "Кто получил {mark} по {lesson.dat}?"),
        ),
        fact(
            "{who} забыл{who.a} дома {thing.acc}. | Дома {who} забыл{who.a} {thing.acc}.",
            ("{thing.acc}", "Что забыл{who.a} дома {who}? | Какую вещь забыл{who.a} {who}?"),
            ("{who}", "Кто забыл дома {thing.acc}? | Кто забыл {thing.acc}?"),
        ),
        fact(
            "Первый урок начинается в {morning}. | В {morning} начинается первый урок.",
            ("в {morning}", "Во сколько начинается первый урок? | Когда начинается первый урок?"),
        ),
        fact(
            "Учителя зовут {person}. | Их учителя зовут {person}.",
            ("{person}", "Как зовут учителя? | Кто у них учитель?"),
        ),
    ),
    {
        "lesson": closed(_LESSONS),
        "grade": closed(listed("первом втором третьем четвёртом пятом шестом седьмом восьмом девятом")),
        "desk": closed(listed("первой второй третьей четвёртой пятой последней")),
        "mark": closed(("пятёрку", "четвёрку", "тройку", "двойку")),
        "club": closed(
            (
                *("на плавание", "на шахматы", "на танцы", "в хор", "на футбол", "в театральный кружок"),
                *("на гимнастику", "в художественную школу", "на хоккей", "в библиотеку"),
            )
        ),
    },
)

DOMAINS = (JOURNEYS, PETS, SCHOOL)

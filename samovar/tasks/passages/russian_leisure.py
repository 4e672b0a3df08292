"""Russian passages about free time: presents, sport, cooking, a town, a hotel."""

from __future__ import annotations

from samovar.tasks.passages.domain import Domain, closed, fact
from samovar.tasks.words.declension import noun
from samovar.tasks.words.listing import listed

PRESENTS = Domain(
    "presents",
    "who",
    (
        fact(
            "День рождения у {who.gen} {date}. | {date} у {who.gen} день рождения.",
            ("{date}", "Когда день рождения у {who.gen}? | Какого числа день рождения у {who.gen}?"),
            ("у {who.gen}", "У кого день рождения {date}?"),
        ),
        fact(
            "{who.dat} исполнилось {age}. | В этом году {who.dat} исполнилось {age}.",
            ("{age}", "Сколько лет исполнилось {who.dat}? | Сколько лет {who.dat}?"),
            ("{who.dat}", "Кому исполнилось {age}? | Кому {age}?"),
        ),
        fact(
            "{who.dat} подарили {thing.acc}. | Друзья подарили {who.dat} {thing.acc}.",
            ("{thing.acc}", "Что подарили {who.dat}? | Какой подарок получил{who.a} {who}?"),
            ("{who.dat}", "Кому подарили {thing.acc}? | Кому друзья подарили {thing.acc}?"),
        ),
        fact(
            "{who} приготовил{who.a} {dish.acc}. | К столу {who} приготовил{who.a} {dish.acc}.",
            ("{dish.acc}", "Что приготовил{who.a} {who}? | Какое блюдо приготовил{who.a} {who}?"),
            ("{who}", "Кто приготовил {dish.acc}?"),
        ),
        fact(
            "{who} позвал{who.a} в гости {who2.acc}. | В гости {who} позвал{who.a} {who2.acc}.",
            ("{who2.acc}", "Кого позвал{who.a} в гости {who}? | Кого пригласил{who.a} {who}?"),
            ("{who}", "Кто позвал в гости {who2.acc}?"),
        ),
        fact(
            "{who} живёт {street}. | Дом {who.gen} стоит {street}.",
            ("{street}", "Где живёт {who}? | На какой улице живёт {who}?"),
        ),
        fact(
            "Праздник начался в {time}. | В {time} начался праздник.",
            ("в {time}", "Во сколько начался праздник? | Когда начался праздник?"),
        ),
    ),
    {
        "dish": closed(
            tuple(map(noun, listed("торт пирог салат суп плов пицца каша рыба омлет печенье запеканка курица")))
        )
    },
)

SPORT = Domain(
    "sport",
    "who",
    (
        fact(
            "{who} занял{who.a} {rank} место. | {rank} место занял{who.a} {who}.",
            ("{rank} место", "Какое место занял{who.a} {who}? | Какое место у {who.gen}?"),
            ("{who}", "Кто занял {rank} место?"),
        ),
        fact(
            "{who} пробежал{who.a} {km}. | За неделю {who} пробежал{who.a} {km}.",
            ("{km}", "Сколько пробежал{who.a} {who}? | Сколько километров пробежал{who.a} {who}?"),
            ("{who}", "Кто пробежал {km}?"),
        ),
        fact(
            "{who} играет {game}. | По выходным {who} играет {game}.",
            ("{game}", "Во что играет {who}? | В какую игру играет {who}?"),
            ("{who}", "Кто играет {game}?"),
        ),
        fact(
            "{who} выступает под номером {house}. | Под номером {house} выступает {who}.",
            ("под номером {house}", "Под каким номером выступает {who}? | Под каким номером бегает {who}?"),
            ("{who}", "Кто выступает под номером {house}?"),
        ),
        fact(
            "{who} тренируется {day.every}. | {day.every} тренируется {who}.",
            ("{day.every}", "Когда тренируется {who}? | По каким дням тренируется {who}?"),
            ("{who}", "Кто тренируется {day.every}?"),
        ),
        fact(
            "Тренера {who.gen} зовут {person}. | {who} занимается у тренера, которого зовут {person}.",
            ("{person}", "Как зовут тренера {who.gen}? | Кто тренирует {who.acc}?"),
        ),
        fact(
            "{who} приехал{who.a} {city.out}. | {city.out} приехал{who.a} {who}.",
            ("{city.out}", "Откуда приехал{who.a} {who}? | Из какого города {who}?"),
            ("{who}", "Кто приехал {city.out}?"),
        ),
    ),
    {
        "rank": closed(listed("первое второе третье четвёртое пятое шестое последнее")),
        "game": closed(
            (
                *("в футбол", "в хоккей", "в теннис", "в шахматы", "в волейбол", "в баскетбол"),
                *("в бадминтон", "в гольф", "в городки"),
            )
        ),
    },
)

_DISHES = tuple(map(noun, listed("суп каша салат пирог плов борщ! омлет запеканка пицца торт лапша уха")))
COOKING = Domain(
    "cooking",
    "dish",
    (
        fact(
            "{dish} готовится {minutes}. | На кухне {dish} готовится {minutes}.",
            ("{minutes}", "Сколько готовится {dish}? | Сколько времени готовится {dish}?"),
            ("{dish}", "Что готовится {minutes}? | Какое блюдо готовится {minutes}?"),
        ),
        fact(
            "В {dish.acc} повар кладёт {food.acc}. | Повар всегда кладёт в {dish.acc} {food.acc}.",
            ("{food.acc}", "Что повар кладёт в {dish.acc}? | Что кладут в {dish.acc}?"),
        ),
        fact(
            "{dish} стоит {price}. | В меню {dish} стоит {price}.",
            ("{price}", "Сколько стоит {dish}? | Какая цена у {dish.gen}?"),
            ("{dish}", "Что стоит {price}? | Какое блюдо стоит {price}?"),
        ),
        fact(
            "{dish.acc} подают {day.every}. | {day.every} подают {dish.acc}.",
            ("{day.every}", "Когда подают {dish.acc}? | По каким дням подают {dish.acc}?"),
            ("{dish.acc}", "Что подают {day.every}? | Какое блюдо подают {day.every}?"),
        ),
        fact(
            "Рецепт {dish.gen} придумал{who.a} {who}. | {who} придумал{who.a} рецепт {dish.gen}.",
            ("{who}", "Кто придумал рецепт {dish.gen}? | Кто автор рецепта {dish.gen}?"),
            ("{dish.gen}", "Рецепт чего придумал{who.a} {who}?"),
        ),
        fact(
            "Обед начинается в {time}. | В {time} начинается обед.",
            ("в {time}", "Во сколько начинается обед? | Когда начинается обед?"),
        ),
        fact(
            "Повара зовут {person}. | Здесь готовит {person}.",
            ("{person}", "Как зовут повара? | Кто здесь готовит?"),
        ),
    ),
    {
        "dish": closed(_DISHES),
        "food": closed(
            tuple(map(noun, listed("морковь+ капуста сыр творог тыква соль+ перец/перц масло мёд фасоль+ лук зелень+")))
        ),
    },
)

_BUILDINGS = tuple(
    map(noun, listed("музей театр библиотека рынок/рынк больница школа вокзал цирк аптека почта стадион замок/замк"))
)
TOWN = Domain(
    "town",
    "place",
    (
        fact(
            "{place} построен{place.a} в {year} году. | В {year} году построен{place.a} {place}.",
            ("в {year} году", "В каком году построен{place.a} {place}? | Когда построен{place.a} {place}?"),
        ),
        fact(
            "{place} стоит {street}. | {street} стоит {place}.",
            ("{street}", "Где стоит {place}? | На какой улице стоит {place}?"),
            ("{place}", "Что стоит {street}? | Какое здание стоит {street}?"),
        ),
        fact(
            "{place} закрыт{place.a} {day.every}. | {day.every} {place} закрыт{place.a}.",
            ("{day.every}", "Когда закрыт{place.a} {place}? | По каким дням закрыт{place.a} {place}?"),
            ("{place}", "Что закрыто {day.every}?"),
        ),
        fact(
            "До {place.gen} идти {minutes}. | Пешком до {place.gen} идти {minutes}.",
            ("{minutes}", "Сколько идти до {place.gen}? | Сколько минут идти до {place.gen}?"),
            ("до {place.gen}", "Докуда идти {minutes}?"),
        ),
        fact(
            "До {place.gen} едет автобус {house}. | Автобус {house} едет до {place.gen}.",
            ("автобус {house}", "Какой автобус едет до {place.gen}? | Какой автобус идёт до {place.gen}?"),
            ("до {place.gen}", "Докуда едет автобус {house}? | Куда едет автобус {house}?"),
        ),
        fact(
            "{place} открывается в {morning}. | В {morning} открывается {place}.",
            ("в {morning}", "Во сколько открывается {place}? | Когда открывается {place}?"),
            ("{place}", "Что открывается в {morning}?"),
        ),
        fact(
            "Мэра города зовут {person}. | Мэр города — {person}.",
            ("{person}", "Как зовут мэра города? | Кто мэр города?"),
        ),
    ),
    {"place": closed(_BUILDINGS)},
)

HOTEL = Domain(
    "hotel",
    "room",
    (
        fact(
            "Номер {room} стоит {price} за ночь. | За ночь номер {room} стоит {price}.",
            ("{price}", "Сколько стоит номер {room}? | Какая цена у номера {room}?"),
            ("номер {room}", "Какой номер стоит {price}? | Какой номер стоит {price} за ночь?"),
        ),
        fact(
            "Из номера {room} видно {view.acc}. | Окна номера {room} выходят на {view.acc}.",
            ("{view.acc}", "Что видно из номера {room}? | Куда выходят окна номера {room}?"),
        ),
        fact(
            "В номере {room} живёт {person}. | {person} живёт в номере {room}.",
            ("{person}", "Кто живёт в номере {room}? | Кто поселился в номере {room}?"),
            ("в номере {room}", "В каком номере живёт {person}? | Где живёт {person}?"),
        ),
        fact(
            "Номер {room} свободен с {date}. | С {date} номер {room} свободен.",
            ("с {date}", "С какого числа свободен номер {room}? | Когда освободится номер {room}?"),
            ("номер {room}", "Какой номер свободен с {date}?"),
        ),
        fact(
            "Номер {room} находится на {floor} этаже. | На {floor} этаже находится номер {room}.",
            ("на {floor} этаже", "На каком этаже номер {room}? | Где находится номер {room}?"),
            ("номер {room}", "Какой номер на {floor} этаже? | Что находится на {floor} этаже?"),
        ),
        fact(
            "Завтрак подают в {morning}. | В {morning} подают завтрак.",
            ("в {morning}", "Во сколько подают завтрак? | Когда подают завтрак?"),
        ),
        fact(
            "Освободить номер нужно до {morning}. | Гости выезжают до {morning}.",
            ("до {morning}", "До какого часа нужно выехать? | До какого времени нужно освободить номер?"),
        ),
        fact(
            "Телефон гостиницы — {phone}. | В гостиницу звонят по номеру {phone}.",
            ("{phone}", "Какой телефон у гостиницы? | По какому телефону звонить в гостиницу?"),
        ),
        fact(
            "Гостиница стоит {street}. | {street} стоит гостиница.",
            ("{street}", "Где стоит гостиница? | На какой улице гостиница?"),
        ),
    ),
    {
        "view": closed(
            tuple(map(noun, listed("море лес река парк озеро гора сад площадь+ вокзал церковь+/церкв мост двор")))
        )
    },
)

DOMAINS = (PRESENTS, SPORT, COOKING, TOWN, HOTEL)

"""Russian stories: the cast, the words that may be asked for, the pieces."""

from __future__ import annotations

import random
import re

from samovar.tasks.tales.pieces import Asked, Cast, Plot, variants
from samovar.tasks.words.declension import CASES, Word, adjective, female, male, noun
from samovar.tasks.words.listing import listed

_NOUNS = tuple(
    map(
        noun,
        listed(
            "барабан билет блокнот бубен/бубн ваза варежка велосипед горшок!/горшк груша дудка звезда зеркало "
            "зонт игрушка картина кисть+ книга колесо колокольчик конверт корзина корона кувшин кукла лампа лента лист "
            "лодка ложка лопата мешок!/мешк монета мяч! орех открытка перо письмо платок!/платк плед подарок/подарк "
            "подушка пуговица ракушка ремень!/ремн рюкзак самокат свеча свисток!/свистк свитер скрипка сумка тарелка "
            "тыква флажок!/флажк фонарик фонарь! цветок!/цветк чашка шапка шарф шкатулка яблоко"
        ),
    )
)
# infinitive and the stem of the present tense
_VERBS = tuple(
    tuple(pair.split("/"))
    for pair in listed(
        "бегать/бега прыгать/прыга петь/по танцевать/танцу рисовать/рису плавать/плава читать/чита "
        "играть/игра гулять/гуля "
        "мечтать/мечта строить/стро вязать/вяж готовить/готов считать/счита писать/пиш свистеть/свист "
        "спать/сп копать/копа "
        "путешествовать/путешеству рыбачить/рыбач фотографировать/фотографиру лепить/леп шутить/шут думать/дума "
        "болтать/болта отдыхать/отдыха загорать/загора скакать/скач ползать/полза работать/работа вышивать/вышива "
        "мастерить/мастер сочинять/сочиня нырять/ныря помогать/помога шить/шь лазить/лаз трудиться/труд "
        "веселиться/весел"
    )
)
_LOOKS = listed(
    "большой белый голубой деревянный длинный жёлтый зелёный золотой красивый красный круглый лёгкий маленький мягкий "
    "необычный новый огромный пёстрый полосатый розовый серебряный синий старинный старый странный тяжёлый тёплый "
    "чёрный чудесный яркий"
)
_CHARACTERS = listed(
    "весёлый добрый любопытный ласковый ленивый мудрый осторожный послушный скромный смелый смешной тихий умный "
    "храбрый шумный"
)
_HE = tuple(
    map(
        noun,
        listed(
            "барсук!* бобр* волк* дракон* ёжик* заяц*/зайц зайчик* кот!* котёнок*/котёнк кролик* лев!*/льв "
            "лисёнок*/лисёнк медведь* медвежонок*/медвежонк мышонок*/мышонк пёс!*/пс пингвин* слон!* слонёнок*/слонёнк "
            "тигр* утёнок*/утёнк хомяк!* щенок!*/щенк мальчик* мальчик* мальчик*"
        ),
    )
)
_SHE = tuple(
    map(
        noun,
        listed(
            "белка белочка кошечка кошка корова коза лиса лисичка лошадка мышка обезьянка овечка панда птичка собака "
            "собачка сова уточка черепаха девочка девочка девочка"
        ),
    )
)
_BOYS = tuple(
    map(
        male,
        listed(
            "Боря Витя Гена Глеб Гоша Денис Дима Егор Женя Захар Коля Костя Кузя Лёва Максим Миша Никита "
            "Паша Петя Рома Саша "
            "Стёпа Тима Тоша Федя Филя Юра"
        ),
    )
)
_GIRLS = tuple(
    map(
        female,
        listed(
            "Алиса Аня Варя Вера Вика Галя Даша Ева Зоя Ира Катя Кира Лена Лида Лиза Люся Маша Настя "
            "Нина Оля Поля Рита Соня "
            "Таня Уля Юля Яна"
        ),
    )
)
_PLACES = listed(
    "у реки|у леса|у моря|на опушке|у озера|на холме|у старой мельницы|у моста|на лугу|в деревне|в большом саду|"
    "под старым дубом|у подножия горы|возле замка|у тихого пруда|возле парка|на краю города|у железной дороги|"
    "возле рынка|в поле",
    "|",
)
_FRIENDS = tuple(
    (look, noun(who))
    for look, who in (
        line.split()
        for line in listed(
            "старый ворон*|мудрый филин*|добрый бобр*|большой медведь*|сильный лось*|быстрый заяц*/зайц|верный пёс*/пс|"
            "старый конь!*|добрый сосед*|молодой рыбак!*|весёлый мельник*|смелый моряк!*|мудрая черепаха|хитрая лиса|"
            "добрая коза|серая кошка|ловкая белка|умная ворона|добрая соседка|маленькая птичка",
            "|",
        )
    )
)

PLOT = Plot(
    opening=variants(
        "(Давным-давно|Когда-то|В старые времена) {place} жил{hero.a}-был{hero.a} {kind} по имени {hero}.",
        "{place} жил{hero.a} {kind}, и звали {him} {hero}.",
        "В (маленьком|уютном|старом|светлом) домике {place} жил{hero.a} {kind} по имени {hero}.",
        "(Это история|Это сказка|Послушай сказку|Вот рассказ) про {kind.acc} по имени {hero}.",
        "Все {place} знали {kind.acc} по имени {hero}.",
        "(Далеко-далеко|За горами|В одной сказке|В далёком краю), {place}, жил{hero.a} {kind} по имени {hero}.",
        "(Ясным|Тихим|Холодным|Тёплым) (утром|днём|вечером) {kind} по имени {hero} сидел{hero.a} {place}.",
        "(Весной|Летом|Осенью|Зимой) {place} поселил{hero.sya} {kind} по имени {hero}.",
        "(Каждый день|Каждое утро|По утрам|По вечерам) {place} гулял{hero.a} {kind} по имени {hero}.",
        "(Говорят, что|Рассказывают, что|Все знают, что) {place} жил{hero.a} {kind} по имени {hero}.",
    ),
    habit=variants(
        "(Больше всего|Сильнее всего|Особенно) {hero} любил{hero.a} {verb}.",
        "{hero} (любил{hero.a}|обожал{hero.a}) {verb} "
        "(каждый день|с утра до вечера|по утрам|с друзьями|после завтрака|перед сном).",
        "(Каждое утро|Каждый вечер|После обеда|В тёплые дни|По воскресеньям) {hero} принимал{hero.sya} {verb}.",
        "{hero.he} был{hero.a} готов{hero.a} {verb} (целый день|часами|до темноты|где угодно).",
        "(Никто|Никто вокруг) не умел {verb} так (хорошо|долго), как {hero}.",
        "(Мама|Бабушка|Тётя|Соседка) научила {him} {verb}.",
        "(Папа|Дедушка|Дядя|Сосед) научил {him} {verb}.",
        "{hero.he} всегда был{hero.a} рад{hero.a} {verb} (и утром, и вечером|в любую погоду|дома и в "
        "пути|с кем угодно).",
        "Любимым делом {hero.gen} было {verb} (весь день|до заката|возле дома).",
    ),
    gain=variants(
        "(Однажды|Как-то утром|Один раз|В субботу) {hero} "
        "(заметил{hero.a}|увидел{hero.a}|отыскал{hero.a}|подобрал{hero.a}) "
        "(в траве|на дорожке|у двери|под деревом) {found.acc}.",
        "(На день рождения|В подарок|К празднику) "
        "(мама купила|бабушка купила|папа купил|друзья купили) {hero.dat} {found.acc}.",
        "(Однажды|Как-то раз) {hero} (купил{hero.a} на рынке|получил{hero.a} по почте|выиграл{hero.a} в "
        "игре) {found.acc}.",
        "У {hero.gen} (давно|с детства|уже год) был{found.a} {found}.",
    ),
    loss=variants(
        "Но (вдруг|скоро|вечером|на другой день) {thing.acc} "
        "(унёс ветер|унесла река|утащила ворона|схватила большая птица|утащила коза).",
        "Но {thing} упал{thing.a} (в яму|в воду|под мост|за камень|в кусты|в колодец).",
        "Но (по дороге домой|в темноте|под дождём|в тумане|в лесу) {hero} потерял{hero.a} {thing.acc}.",
        "Но {hero} (забыл{hero.a}, где лежит {thing}|оставил{hero.a} {thing.acc} на дороге|"
        "уронил{hero.a} {thing.acc} в траву).",
        "(К сожалению,|Потом|Но, увы,) {thing} застрял{thing.a} "
        "(на высоком дереве|между камнями|в грязи|под бревном|за забором).",
    ),
    feeling=variants(
        "(Очень расстроил{hero.sya}|Чуть не заплакал{hero.a}|Долго вздыхал{hero.a}|Искал{hero.a} до самой ночи|"
        "Всю ночь не спал{hero.a}|Долго и напрасно искал{hero.a}) {hero}.",
        "Не знал{hero.a} {hero}, что делать.",
        "Сел{hero.a} {hero} и загрустил{hero.a}.",
    ),
    help=variants(
        "(Тут|Вскоре|В эту минуту|К счастью,) {friend} "
        "(услышал{friend.a} шум|увидел{friend.a} это|прибежал{friend.a} на помощь) и "
        "(вернул{friend.a} {thing.acc}|показал{friend.a}, где {thing}|достал{friend.a} {thing.acc}).",
        "{hero} попросил{hero.a} {friend.acc} помочь, и вместе они (нашли|достали|вернули) {thing.acc}.",
        "{friend} (поспешил{friend.a} на помощь|придумал{friend.a} хитрый план), и скоро {thing.acc} (нашли|вернули).",
    ),
    ending=variants(
        "(С того дня|С тех пор|После этого) {hero} и {pal} (дружат|ходят друг к другу в гости|любят {verb} вместе).",
        "{hero} (сказал{hero.a} спасибо|улыбнул{hero.sya}|засмеял{hero.sya}) и "
        "(побежал{hero.a}|отправил{hero.sya}|поспешил{hero.a}) домой.",
        "(Вечером|Ночью|Дома) {hero} (рассказал{hero.a} всем об этом|думал{hero.a} о новом друге|"
        "положил{hero.a} {thing.acc} у кровати|вспоминал{hero.a} этот день).",
        "{hero} (обнял{hero.a}|поблагодарил{hero.a}) {pal.acc}, и "
        "(они стали {verb}|они засмеялись|все были рады|день кончился хорошо).",
        "(Так|В тот день) {hero} понял{hero.a}, что "
        "(друзья всегда рядом|можно просить о помощи|нужно быть внимательнее|доброта сильнее беды).",
    ),
    quiet_ending=variants(
        "(Вечером|Ночью|Дома) {hero} "
        "(рассказал{hero.a} всем об этом|положил{hero.a} {thing.acc} у кровати|долго улыбал{hero.sya}).",
        "{hero} показал{hero.a} {thing.acc} (другу|всем|бабушке|соседям), и все (засмеялись|обрадовались).",
        "Это был (лучший|хороший|самый весёлый|чудесный) день в жизни {hero.gen}.",
        "Теперь {hero.dat} стало (веселее|ещё приятнее|интереснее) {verb}.",
        "{hero} (взял{hero.a} {thing.acc} с собой|спрятал{hero.a} {thing.acc} дома) и "
        "(улыбнул{hero.sya}|успокоил{hero.sya}).",
    ),
)


def cast(rng: random.Random) -> Cast:
    """A hero, a thing, a verb and an adjective by chance."""
    is_boy = rng.random() < 0.5
    kind, hero = rng.choice(_HE if is_boy else _SHE), rng.choice(_BOYS if is_boy else _GIRLS)
    thing, (verb, present) = rng.choice(_NOUNS), rng.choice(_VERBS)
    character, look = rng.choice(_CHARACTERS), rng.choice(_LOOKS)
    friend_look, pal = rng.choice([friend for friend in _FRIENDS if friend[1].nom != kind.nom])
    slots = {
        "hero": hero,
        "him": "его" if is_boy else "её",
        "kind": described(character, kind, is_alive=True),
        "place": rng.choice(_PLACES),
        "found": described(look, thing, is_alive=False),
        "thing": thing,
        "verb": verb,
        "friend": described(_masculine(friend_look), pal, is_alive=True),
        "pal": pal,
    }
    trait = rng.choice((character, look))
    asked = _noun(thing)
    words = (
        asked,
        Asked(verb, "verb", (verb.removesuffix("ся").removesuffix("ть"), present)),
        Asked(trait, "adjective", (trait[:-2],)),
    )
    return Cast(slots, words, _noun(kind), asked, (kind.acc, thing.acc))


def _noun(word: Word) -> Asked:
    stem = _stem(word.nom)
    plurals = _with_fleeting_vowel(stem) if stem != word.nom else ()
    return Asked(word.nom, "noun", tuple(dict.fromkeys((stem, _stem(word.gen), *plurals))))


def _with_fleeting_vowel(stem: str) -> tuple[str, ...]:
    """How the genitive of the plural may go: игрушк gives игрушек, кукл кукол, письм писем."""
    if not re.fullmatch(".*[бвгджзйклмнпрстфхцчшщь][клмнр]", stem):
        return ()
    begin = stem[:-2] if stem[-2] in "ьй" else stem[:-1]
    return tuple(begin + vowel + stem[-1] for vowel in "оеё")


def described(look: str, thing: Word, *, is_alive: bool) -> Word:
    """A noun with an adjective, in all cases."""
    nom, gen, dat, acc, ins, pre = (adjective(look, thing.gender, case, is_alive) for case in CASES)
    return Word(nom, gen, dat, acc, ins, pre, thing.gender).joined(thing)


def _masculine(look: str) -> str:
    """An adjective in its dictionary form: старая gives старый."""
    if not look.endswith("ая"):
        return look
    return look[:-2] + ("ий" if look[-3] in "гкх" else "ый")


def _stem(form: str) -> str:
    return form[:-1] if form[-1] in "аеёийоуыьюя" else form

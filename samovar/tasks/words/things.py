"""Things and goods, Russian ones with their cases."""

from __future__ import annotations

from samovar.tasks.words.declension import Word, noun
from samovar.tasks.words.listing import listed

ENGLISH_THINGS = listed(
    "ball basket blanket book box brush camera candle clock coat compass cup doll drum flag flute glove guitar "
    "hammer hat jacket kettle key kite lamp map mug notebook pencil pillow plate puzzle radio ring rope "
    "scarf spoon suitcase sweater teapot tent toy trumpet vase violin wallet whistle"
)
ENGLISH_GOODS = listed(
    "bread butter cheese chocolate coffee cream fish flour ham honey jam juice meat milk oil pasta pepper rice salt "
    "soap soup sugar tea vinegar yogurt"
)

RUSSIAN_THINGS: tuple[Word, ...] = tuple(
    map(
        noun,
        listed(
            "барабан бинокль блокнот будильник ваза велосипед гитара зеркало зонт игра карта картина "
            "кисть+ книга компас "
            "корзина коробка кружка кукла лампа линейка лопата мяч! одеяло пенал перчатка плед подушка "
            "рубашка рюкзак самокат свитер скатерть+ скрипка словарь! сумка тарелка телефон термос тетрадь+ труба "
            "фонарик фотоаппарат чайник чашка чемодан шапка шарф шкатулка"
        ),
    )
)
RUSSIAN_GOODS: tuple[Word, ...] = tuple(
    map(
        noun,
        listed(
            "варенье горох изюм капуста колбаса крупа кефир лук масло мёд молоко морковь+ мука мыло мясо "
            "перец/перц печенье "
            "рис рыба сахар свёкла сметана соль+ сыр творог фасоль+ хлеб чай"
        ),
    )
)

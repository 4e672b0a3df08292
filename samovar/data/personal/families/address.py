"""Postal addresses, Russian and in Latin letters: a street with a house. A town alone is nobody's address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.finding import Detector, Finding, Page

_S = "[ \u00a0]"
_COMMA = f"{_S}?,{_S}?"
_CAP = "[А-ЯЁ][а-яё]+(?:-[А-ЯЁа-яё][а-яё]*){0,3}"

_STREET_BEFORE = (
    r"(?:[Уу]л(?:\.|иц[аеыу](?![а-яё]))|[Пп]р(?:осп)?\.|[Пп]р-?к?т\.?|[Пп]роспект[ауе]?|[Пп]ер(?:\.|еулк[ауе]|"
    r"еулок)|[Нн]аб(?:\.|ережн(?:ая|ой|ую))|"
    r"[Шш](?:\.|оссе)|[Бб]-р|[Бб]ул(?:\.|ьвар[ауе]?)|[Пп]л(?:\.|ощад[ьи])|[Пп]роезд[ауе]?|[Пп]р-д|[Тт]уп(?:\.|"
    r"ик[ауе]?)|[Аа]лле[яие]|[Мм]кр(?:\.|-?н)|"
    r"[Мм]икрорайон[ае]?|[Тт]ракт[ауе]?|[Кк]в-л|[Кк]вартал[ае]?|[Лл]ини[яи]|[Сс]пуск[ауе]?|[Тт]ер\.)"
)
_STREET_AFTER = (
    r"(?:улиц[аеыу]|ул\.|проспект[ауе]?|пр-т|пр\.|переул(?:ок|к[ауе])|пер\.|набережн(?:ая|ой|ую)|наб\.|шоссе|ш\.|"
    r"бульвар[ауе]?|б-р|"
    r"площад[ьи]|пл\.|проезд[ауе]?|пр-д|тупик[ауе]?|аллея|аллее|тракт[ауе]?|линия|линии|вал[ауе]?)(?![а-яё])"
)
_NUMBERED = r"[0-9]{1,3}(?:-?[а-я]{1,2})?"
_RANK = (
    "(?:академика|адмирала|генерала|маршала|космонавта|л[её]тчика|героя|капитана|профессора|доктора|архитектора|"
    "инженера|комиссара|братьев)"
)
_NAME = (
    rf"(?:{_NUMBERED}{_S})?(?:(?:им\.?|имени){_S})?(?:{_RANK}{_S})?(?:[А-ЯЁ]\.{_S}?){{0,2}}{_CAP}(?:{_S}(?:{_CAP}|"
    rf"[а-яё]{{2,12}}|и{_S}{_CAP})){{0,2}}"
    rf"|{_NUMBERED}{_S}[а-яё]{{3,15}}(?:{_S}{_CAP})?|[0-9]{{1,2}}(?:{_S}[А-ЯЁ][а-яё]+){{1,2}}"
)
_NUMBER = r"[0-9]{1,4}(?:[/-][0-9]{1,4})?(?:[а-гА-ГаА](?![а-яёА-ЯЁ])|к[0-9]{1,2})?(?:[сС][0-9]{1,2})?"
_HOUSE = (
    rf"(?:,?{_S}?(?:[Дд](?:\.|ом(?:[ауе]|ом)?)?|[Вв]лад(?:\.|ение)|вл\.|з/у|уч(?:\.|"
    rf"асток)){_S}?(?:№{_S}?)?{_NUMBER}|{_COMMA}{_NUMBER}(?![0-9]|\.[0-9])|{_S}{_NUMBER}(?=,|{_S}?(?:кв|корп|стр|оф)))"
)
_UNIT = (
    rf"(?:,?{_S}?(?:к(?:орп(?:\.|ус[ае]?)|\.)|стр(?:\.|оени[ея])|лит(?:\.|ера?)|кв(?:\.|артир[аыеу])|оф(?:\.|"
    rf"ис[ае]?)|пом(?:\.|ещени[ея])|"
    rf"ком(?:\.|ната)|к-та|эт(?:\.|аж)|под(?:\.|ъезд)|бокс|каб(?:\.|"
    rf"инет)){_S}?(?:№{_S}?)?[0-9А-Яа-я]{{1,5}}(?![а-яё])(?:[/-][0-9А-Я]{{1,4}})?)"
)
_PLACE = (
    rf"(?:(?:{_CAP}{_S}(?:обл(?:\.|аст[ьи])|кра[йяе]|респ(?:\.|ублик[аиу])|р-н[ае]?|район[ае]?|АО|"
    rf"автономн\w{{2}}{_S}округ\w?|с/п|г/п|сельсовет)|"
    rf"(?:[Рр]есп(?:\.|ублик[аи])|[Гг](?:\.|ор\.|ород[ае]?)|[Пп](?:\.|ос\.|ос[её]лок|гт\.?)|[Сс](?:\.|ел[оеа])|"
    rf"[Дд](?:\.|ер\.|еревн[яие])|[Сс]т(?:-ца|аниц[аы])|[Хх]утор|х\.|"
    rf"рп\.?|СНТ|ТСН|АО){_S}?[«\"]?{_CAP}(?:{_S}{_CAP})?[»\"]?|Москв[аеуы]|Санкт-Петербург[ае]?|Севастопол[ьея]|"
    rf"{_CAP}(?=,{_S}?(?:ул|пр|пер|наб|ш|б-р|пл|мкр)))"
    rf",?{_S})"
)
_INDEX = (
    rf"(?:(?:(?:Россия|РФ|Российская Федерация){_COMMA})?[0-9]{{6}},?{_S}|(?:Россия|РФ|Российская Федерация){_COMMA})"
)


_RUSSIAN_MARK = (
    r"[Уу]л\.|[Уу]лиц|[Пп]росп|[Пп]р-к?т|[Пп]р\.|[Пп]ер\.|[Пп]ереул|[Нн]аб\.|[Нн]абереж|[Шш]оссе|[Шш]\.|[Бб]-р|"
    r"[Бб]ул\.|[Бб]ульв|"
    r"[Пп]л\.|[Пп]лощад|[Пп]роезд|[Пп]р-д|[Тт]уп\.|[Тт]упик|[Аа]лле|[Мм]кр|[Мм]икрорай|[Тт]ракт|[Кк]в-л|[Кк]вартал|"
    r"[Лл]ини|[Сс]пуск|[Тт]ер\.| вал"
)


@cache
def _russian_mark() -> re.Pattern[str]:
    return re.compile(_RUSSIAN_MARK)


def _windows(
    marks: re.Pattern[str], text: str, start: int, end: int, reach: tuple[int, int]
) -> Iterator[tuple[int, int]]:
    """The surroundings of ``marks`` within ``[start, end)``, joined where they meet, to search nowhere else."""
    low = high = start
    for mark in marks.finditer(text, start, end):
        left, right = max(start, mark.start() - reach[0]), min(end, mark.end() + reach[1])
        if left > high:
            if high > low:
                yield low, high
            low = left
        high = max(high, right)
    if high > low:
        yield low, high


@cache
def _russian() -> re.Pattern[str]:
    street = (
        rf"(?:{_STREET_BEFORE}{_S}?(?:{_NAME})|(?:(?:{_NUMBERED}{_S})?{_CAP}(?:{_S}{_CAP})?|"
        rf"[0-9]{{1,2}}-[йя]){_S}{_STREET_AFTER})"
    )
    return re.compile(rf"(?<![А-ЯЁа-яё0-9-]){_INDEX}?{_PLACE}{{0,5}}{street}{_HOUSE}{_UNIT}{{0,4}}")


def _find_russian(page: Page, start: int, end: int) -> Iterator[Finding]:
    for low, high in _windows(_russian_mark(), page.text, start, end, (200, 120)):
        for match in _russian().finditer(page.text, low, high):
            yield Finding(*match.span(), "address", 0.9, _canonical(match.group()))


_KIND = (
    r"(?:Street|Str|St|Avenue|Ave|Av|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Squares|Sq|"
    r"Terrace|Ter|"
    r"Way|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Trl|Crescent|Cres|Close|Grove|Gardens|Mews|Row|Walk|Alley|Plaza|"
    r"Loop|Streets|Fort|Heights|Springs|Fields?|Mount|Track|Crossing|Pike|Run|Ridge|Hill)"
)
_WORD = r"(?:[A-ZÀ-ÞŠŽČ][\w'’.-]{0,24}|[0-9]{1,4}(?:st|nd|rd|th))"
_JOIN = r"(?:de|da|do|dos|del|della|delle|di|du|la|le|les|van|von|den|der|und|and|of|the|am|an|im|zum|zur|på|i)"
# Street words grown onto or put after the name, and those put before it, in the languages of western Europe.
_GROWN = (
    r"[\w'’.-]{2,24}(?:stra(?:ss|ß)e|str\.|gasse|weg|platz|allee|straat|laan|plein|gracht|dreef|steenweg|baan|gata|"
    r"gatan|"
    r"vägen|väg|gränd|vej|vænget|gade|vegen|veien|gate|katu|tie|kuja|polku)"
)
_LEADING = (
    r"(?:Via|Viale|Piazza|Corso|Rue|Avenue|Boulevard|Place|Chemin|Allée|Quai|Calle|Avenida|Avda\.|Plaza|Paseo|"
    r"Camino|C/|Rua|"
    r"Travessa|Praça|Largo|Estrada|Rúa|Carrer|Ulica|ul\.|Strada|Str\.|ulice|náměstí|Am|Im|An der)"
)
_TRAILING = r"(?:utca|út|útja|tér|körút|u\.|puiestee|tee|tänav|Street|ulica|cesta|ulice|Straße|caddesi|sokak)"
_UNIT_EN = (
    r"(?:,?[ \n]{1,3}(?:(?i:apt|apartment|suite|ste|unit|flat|room|rm|floor|fl)\.? ?#? ?|# ?)[0-9]{1,5}[A-Za-z]?)"
)
_ENGLISH_MARK = (
    r" (?:Street|Str|St|Avenue|Ave|Av|Road|Rd|Drive|Dr|Lane|Ln|Boulevard|Blvd|Court|Ct|Place|Pl|Squares?|Sq|Terrace|"
    r"Ter|Way|"
    r"Parkway|Pkwy|Highway|Hwy|Circle|Cir|Trail|Trl|Crescent|Cres|Close|Grove|Gardens|Mews|Row|Walk|Alley|Plaza|"
    r"Loop|Streets|"
    r"Fort|Heights|Springs|Fields?|Mount|Track|Crossing|Pike|Run|Ridge|Hill)[^A-Za-z0-9_]|"
    r"(?:stra(?:ss|ß)e|str\.|gasse|weg|platz|allee|straat|laan|plein|gracht|dreef|baan|gata|gatan|vägen|väg|gränd|"
    r"vej|vænget|gade|"
    r"vegen|veien|gate|katu|tie|kuja|polku) [0-9]|(?:Via|Viale|Piazza|Corso|Rue|Avenue|Boulevard|Place|Chemin|Allée|"
    r"Quai|Calle|"
    r"Avenida|Avda\.|Plaza|Paseo|Camino|C/|Rua|Travessa|Praça|Largo|Estrada|Rúa|Carrer|Ulica|ul\.|Strada|Str\.|"
    r"ulice|náměstí|Am|"
    r"Im|An der) |(?:utca|út|útja|tér|körút|u\.|puiestee|tee|tänav|ulica|cesta|ulice|caddesi|sokak) [0-9]|"
    r"[Bb][Oo][Xx] [0-9]|"
    r"[AFD]PO A[AEP]"
)


@cache
def _english_mark() -> re.Pattern[str]:
    return re.compile(_ENGLISH_MARK)


@cache
def _unit() -> re.Pattern[str]:
    return re.compile(
        r"(?<![\w-])(?:[Aa]pt|[Aa]partment|[Ss]uite|APT|SUITE)\.? ?#? ?[0-9]{1,5}[A-Za-z]?(?![\w-]|\.[0-9])"
    )


_TOWN = r"(?:[A-ZÀ-Þ][\w'’.-]{1,24}(?:[ ][A-ZÀ-Þ][\w'’.-]{1,24}){0,3})"
_STATE_ZIP = (
    r"(?:[A-Z]{2}\.?,?[ \n]{1,2}[0-9]{5}(?:-[0-9]{4})?|[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|"
    r"[A-Z]{2}(?![A-Za-z])|[0-9]{4,5}(?![0-9]))"
)


@cache
def _english() -> re.Pattern[str]:
    house = r"(?:[0-9]{1,5}[A-Za-z]?(?:[/-][0-9]{1,4})?)"
    numbered = rf"{house},? (?:{_WORD} ){{1,4}}{_KIND}(?![\w])\.?(?: {house}(?![\w]))?"
    grown = rf"(?:{house} )?(?:[A-ZÀ-Þ][\w'’.-]{{1,24}} ){{0,2}}(?<![\w])(?=[A-ZÀ-Þ]){_GROWN} {house}(?![\w])"
    leading = rf"(?:{house},? )?(?<![\w]){_LEADING} (?:{_JOIN} |{_WORD} ){{0,3}}{_WORD},? {house}(?![\w])"
    trailing = rf"(?:{house} )?(?:[A-ZÀ-Þ][\w'’.-]{{1,24}} ){{1,3}}{_TRAILING} {house}\.?(?![\w])"
    tail = (
        rf"(?:{_UNIT_EN})?(?:,?[ ]?\n?[ ]?{_TOWN}(?:[ ]?\n?[ ]?,? ?{_STATE_ZIP})|"
        rf",? ?\n? ?{_STATE_ZIP})?(?:,?[ ]?\n?[ ]?(?:USA|U\.S\.A\.|UK|United States|United Kingdom|Canada)(?![\w]))?"
    )
    military = (
        r"(?:PSC|CMR|Unit|UNIT) [0-9]{3,5},? (?:Box|BOX) [0-9]{2,5}(?:[ ,]?[ \n](?:APO|FPO|DPO) A[AEP] [0-9]{5})?"
    )
    box = r"(?:P\.? ?O\.? ?Box|PO BOX|Post Office Box|GPO Box) [0-9]{1,6}"
    return re.compile(
        rf"(?=[A-ZÀ-Þ0-9])(?<![\w.,/-])(?:(?:{numbered}|{grown}|{leading}|{trailing}|{box}){tail}|{military}|"
        rf"(?:USNS|USNV|USS|USCGC) [A-Z][a-z]+\n(?:FPO|APO|DPO) A[AEP] [0-9]{{5}})"
    )


def _find_english(page: Page, start: int, end: int) -> Iterator[Finding]:
    for low, high in _windows(_english_mark(), page.text, start, end, (120, 160)):
        for match in _english().finditer(page.text, low, high):
            yield Finding(*match.span(), "address", 0.85, _canonical(match.group()))
    for match in _unit().finditer(page.text, start, end):
        yield Finding(*match.span(), "address", 0.6, _canonical(match.group()))


def _canonical(written: str) -> str:
    return " ".join(re.findall(r"\w+", written.casefold()))


DETECTORS = [
    Detector(("address",), _RUSSIAN_MARK, _find_russian),
    Detector(
        ("address",),
        _ENGLISH_MARK + r"|(?:[Aa]pt|[Aa]partment|[Ss]uite|APT|SUITE)\.? ?#? ?[0-9]",
        _find_english,
        is_within_line=False,
    ),
]

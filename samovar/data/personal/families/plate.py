"""Plates of Russian vehicles (GOST R 50577): the twelve letters that both alphabets share, digits and a region."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.finding import Detector, Finding, Page

_NEAR = 64
_CYRILLIC, _LATIN = "АВЕКМНОРСТУХ", "ABEKMHOPCTYX"
_LETTERS = _CYRILLIC + _CYRILLIC.lower() + _LATIN + _LATIN.lower()
_TO_CYRILLIC = str.maketrans(_LATIN, _CYRILLIC)


@cache
def _plate() -> re.Pattern[str]:
    letters = f"[{_LETTERS}]"
    region = "(?:[1235-9]?[0-9]{2})"
    car = rf"{letters} ?[0-9]{{3}} ?{letters}{{2}} ?(?:/ ?)?{region}"
    trailer_or_motorcycle = rf"(?:{letters}{{2}} ?[0-9]{{4}}|[0-9]{{4}} ?{letters}{{2}}) ?{region}"
    taxi_or_bus = rf"{letters}{{2}} ?[0-9]{{3}} ?{region}"
    return re.compile(rf"(?<![\w.-])(?:{car}|{trailer_or_motorcycle}|{taxi_or_bus})(?: ?(?:RUS|rus))?(?![\w-])")


@cache
def _car() -> re.Pattern[str]:
    return re.compile(rf"[{_CYRILLIC}] ?[0-9]{{3}} ?[{_CYRILLIC}]{{2}} ?[0-9]{{2,3}}")


@cache
def _words() -> re.Pattern[str]:
    return re.compile(
        r"(?i)гос(?:\.|ударственн\w+)? ?(?:рег\w*\.? ?)?(?:номер|знак|№)|госномер|(?<!\w)г/н(?!\w)|(?<!\w)г\.? ?н\.? |"
        r"номер\w* (?:авто|машин|тс)|регистрационн\w+ (?:знак|номер)|автомоб|автомаш|машин|прицеп|мотоцикл|грузовик|"
        r"(?<!\w)(?:авто|а/м|тс|такси|автобус\w*)(?!\w)|\bplates?\b|\bvehicle|\bcar\b|(?<!\w)(?:VIN|ПТС|СТС)(?!\w)"
    )


def _find(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _plate().finditer(page.text, start, end):
        written = match.group()
        if set(re.findall("[0-9]+", written)) & {"000", "0000"}:
            continue
        canonical = re.sub(r"[ /]|RUS", "", written.upper()).translate(_TO_CYRILLIC)
        if page.is_near(_words(), *match.span(), before=_NEAR):
            yield Finding(*match.span(), "plate", 0.95, canonical)
        elif _car().fullmatch(written):
            # In capital Cyrillic letters, a letter, three digits, two letters and a region are nothing else.
            yield Finding(*match.span(), "plate", 0.85, canonical)


DETECTORS = [
    Detector(
        ("plate",),
        f"[{_LETTERS}] ?[0-9]{{3,4}} ?[{_LETTERS}]{{0,2}} ?(?:/ ?)?[0-9]{{2}}|[0-9]{{4}} ?[{_LETTERS}]{{2}} "
        f"?[0-9]{{2}}",
        _find,
    ),
]

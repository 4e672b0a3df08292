"""Dates of birth: a date beside words that say so. Any other date is none of a person's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from samovar.data.personal.finding import Detector, Finding, Page

_BEFORE, _AFTER = 36, 18

_GATE = r"(?i:рожд|урож|родил|д\. ?р|др|г\. ?р|гр|born|birth|d\.?o\.?b|b\.)"
_MONTHS = (
    "январ[ья]|феврал[ья]|марта?|апрел[ья]|ма[йя]|июн[ья]|июл[ья]|августа?|сентябр[ья]|октябр[ья]|ноябр[ья]|декабр[ья]|"
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t|tember)?|oct(?:ober)?|"
    "nov(?:ember)?|dec(?:ember)?"
)


@cache
def _date() -> re.Pattern[str]:
    day, month, year = "[0-3]?[0-9]", "[01]?[0-9]", "(?:19|20)[0-9]{2}"
    shapes = (
        rf"{year}[-./]{month}[-./]{day}",
        rf"{day}[-./]{day}[-./](?:{year}|[0-9]{{2}})",
        rf"[«\"]?{day}(?:st|nd|rd|th)?[»\"]? (?:of )?(?:{_MONTHS})\.?,? {year}",
        rf"(?:{_MONTHS})\.? {day}(?:st|nd|rd|th)?,? {year}",
    )
    return re.compile(rf"(?i)(?<![\w.,/-])(?:{'|'.join(shapes)})(?![\w-]|[./][0-9])")


@cache
def _before() -> re.Pattern[str]:
    return re.compile(
        r"(?i)(?:дат[аыеу] (?:и место )?рожд\w*|день рождения|д\.? ?р\.?|(?<!\w)рожд\.|(?<!\w)(?:уро[жд]\w+|"
        r"родил(?:ся|ась|ось))|"
        r"\bborn\b|\bbirth ?da(?:te|y)\b|\bdate of birth\b|\bd\.?o\.?b\.?\b|\bb\.)[^\n]{0,20}\Z"
    )


@cache
def _after() -> re.Pattern[str]:
    return re.compile(r"(?i)\A\)?,? ?(?:(?:г\.? ?р\.?|года? рожд\w*|г\. ?рожд\w*|рождения)(?!\w)|is my birthday)")


def _find(page: Page, start: int, end: int) -> Iterator[Finding]:
    for match in _date().finditer(page.text, start, end):
        before = page.text[max(0, match.start() - _BEFORE) : match.start()]
        after = page.text[match.end() : match.end() + _AFTER]
        if _before().search(before) or _after().match(after):
            yield Finding(*match.span(), "birth_date", 0.92)


DETECTORS = [Detector(("birth_date",), _GATE, _find)]

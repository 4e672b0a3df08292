"""Names of people, Russian and in Latin letters."""

from __future__ import annotations

from collections.abc import Iterator

from samovar.data.personal.finding import Detector, Finding, Page


def _find_russian(page: Page, start: int, end: int) -> Iterator[Finding]:
    from samovar.data.personal.names.russian import find_russian

    yield from find_russian(page)


def _find_english(page: Page, start: int, end: int) -> Iterator[Finding]:
    from samovar.data.personal.names.english import find_english

    yield from find_english(page)


DETECTORS = [
    Detector(("person",), "[А-ЯЁ][а-яёА-ЯЁ.]", _find_russian, is_within_line=False),
    Detector(("person",), "[A-ZÀ-ÞŠŽČŁŚŐŰ][a-zà-ÿ'’.]", _find_english, is_within_line=False),
]

"""The numbers that Word puts before paragraphs of lists, which its files only describe."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from samovar.data.readers.office_parts import attribute, elements
from samovar.data.readers.zip_container import ZipContainer

_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN_ONES = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# Word leaves out these letters in Russian lists.
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщэюя"


@dataclass
class _Level:
    start: int = 1
    format: str = "decimal"
    text: str = ""


@dataclass
class _List:
    abstract_id: str = ""
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts the paragraphs of every list of a document."""

    def __init__(self, container: ZipContainer, part: str) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, _List] = {}
        self._counters: dict[str, dict[int, int]] = {}
        if part in container.names:
            self._read(container, part)

    def next_mark(self, list_id: str, level: int) -> str:
        """What stands before the next paragraph of this list: a number, a dash for a bullet, '' outside lists."""
        if list_id in {"", "0"} or list_id not in self._lists:
            return ""
        numbered = self._lists[list_id]
        levels = self._levels.get(numbered.abstract_id, {})
        counters = self._counters.setdefault(numbered.abstract_id, {})
        here = levels.get(level, _Level(format="bullet"))
        restart = numbered.starts.pop(level, None)
        counters[level] = counters.get(level, here.start - 1) + 1 if restart is None else restart
        for deeper in [other for other in counters if other > level]:
            del counters[deeper]
        if here.format in {"bullet", "none"}:
            return "-" if here.format == "bullet" else ""
        return re.sub(r"%([1-9])", lambda found: self._number(levels, counters, int(found[1]) - 1), here.text)

    def _number(self, levels: dict[int, _Level], counters: dict[int, int], level: int) -> str:
        described = levels.get(level, _Level())
        return _written(counters.get(level, described.start), described.format)

    def _read(self, container: ZipContainer, part: str) -> None:
        abstract_id = list_id = ""
        level = 0
        for event, tag, element in elements(container, part):
            if event == "end":
                continue
            value = attribute(element, "val")
            if tag == "abstractNum":
                abstract_id, list_id = attribute(element, "abstractNumId"), ""
                self._levels[abstract_id] = {}
            elif tag == "num":
                list_id = attribute(element, "numId")
                self._lists[list_id] = _List()
            elif tag in {"lvl", "lvlOverride"}:
                level = _number_of(attribute(element, "ilvl"))
            elif tag == "abstractNumId" and list_id:
                self._lists[list_id].abstract_id = value
            elif tag == "startOverride" and list_id:
                self._lists[list_id].starts[level] = _number_of(value)
            elif not list_id and abstract_id:
                described = self._levels[abstract_id].setdefault(level, _Level())
                if tag == "start":
                    described.start = _number_of(value)
                elif tag == "numFmt":
                    described.format = value
                elif tag == "lvlText":
                    described.text = value[:40]


def _number_of(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _written(number: int, form: str) -> str:
    """The number in one of Word's forms; decimal where the form is a rare one."""
    if form in {"lowerLetter", "upperLetter", "russianLower", "russianUpper"} and number > 0:
        letters = _RUSSIAN if form.startswith("russian") else _LETTERS
        text = letters[(number - 1) % len(letters)] * (1 + (number - 1) // len(letters))
        return text.upper() if form.startswith("upper") or form.endswith("Upper") else text
    if form in {"lowerRoman", "upperRoman"} and 0 < number < 5000:
        rest, text = number, ""
        for value, letters in _ROMAN:
            text += letters * (rest // value)
            rest %= value
        text += _ROMAN_ONES[rest]
        return text.upper() if form == "upperRoman" else text
    return f"{number:02d}" if form == "decimalZero" else str(number)

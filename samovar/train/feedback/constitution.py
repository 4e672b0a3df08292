"""The rules that answers are revised and judged by, out of a text that a person writes.

Every item of a list is a rule, bulleted or numbered; a heading above it is its topic; all else is for people to read.
Source of the idea: Bai et al. 2022, arXiv:2212.08073, appendix C.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from samovar.core.errors import DataError, MissingError, ResourceError

Language = Literal["en", "ru"]

_MAX_BYTES = 2**20
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^ {0,3}(?P<marks>#{1,6})\s+(?P<text>.*?)\s*#*\s*$")
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*+•]|\d{1,9}[.)])\s+(?P<text>\S.*)$")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Rule:
    """What an answer must or must not do."""

    text: str
    """One line."""
    topic: str = ""
    """The headings above it, the outermost first."""

    @property
    def language(self) -> Language:
        """Told by its letters."""
        return language_of(self.text)


@dataclass(frozen=True, slots=True)
class Constitution:
    """Rules, in their order; there is at least one."""

    rules: tuple[Rule, ...]

    def for_language(self, language: Language) -> tuple[Rule, ...]:
        """The rules in that language; all of them where there are none."""
        return tuple(rule for rule in self.rules if rule.language == language) or self.rules


def read_constitution(path: Path) -> Constitution:
    """The rules of the text in ``path``.

    Raises:
        MissingError: there is no such file.
        ResourceError: it may not be read.
        DataError: it is not UTF-8 text, or has no rule.
    """
    try:
        content = path.read_bytes()
        if len(content) > _MAX_BYTES:
            raise DataError(f"{path} has more than 1 MiB: no constitution is that long", hint="name a text of rules")
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise MissingError(
            f"{path} does not exist: it is to be the constitution", hint="write one rule a line, each after a hyphen"
        ) from error
    except OSError as error:
        raise ResourceError(f"{path} cannot be read: {error.strerror}", hint="name a text file of yours") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error.reason}", hint="save it as UTF-8") from error
    rules = parse_rules(text)
    if not rules:
        raise DataError(
            f"{path} has no rule: it is {_what_it_is(text)}",
            hint="write each rule as an item of a list, as in: - Do not claim to know what you do not know.",
        )
    return Constitution(rules)


def parse_rules(text: str) -> tuple[Rule, ...]:
    """The rules of a text, each once; there may be none.

    An item goes on over the lines below it until the next one, and below an empty line where it is set in, as Markdown
    has it. Items further to the right than the one above them are a part of it.
    """
    reader = _Reader()
    for line in _COMMENT.sub("", text).splitlines():
        reader.read(line)
    rules = (Rule(" ".join(" ".join(lines).split()), topic) for lines, topic in reader.items)
    return tuple({rule.text: rule for rule in rules if any(map(str.isalpha, rule.text))}.values())


class _Reader:
    """Sees a text line by line."""

    def __init__(self) -> None:
        self.items: list[tuple[list[str], str]] = []
        """Lines and topic of each."""
        self._headings: dict[int, str] = {}
        self._indent: int | None = None
        """Of the item that may go on; None where none may."""
        self._is_parted = False
        """Whether an empty line came since."""
        self._is_code = False

    def read(self, line: str) -> None:
        if _FENCE.match(line):
            self._is_code, self._indent = not self._is_code, None
        elif self._is_code:
            return
        elif heading := _HEADING.match(line):
            level = len(heading["marks"])
            above = {one: name for one, name in self._headings.items() if one < level}
            self._headings, self._indent = above | {level: heading["text"]}, None
        elif item := _ITEM.match(line):
            self._read_item(len(item["indent"].expandtabs(4)), item["text"])
        elif not line.strip():
            self._is_parted = True
        elif self._indent is not None and (not self._is_parted or line[0].isspace()):
            self.items[-1][0].append(line)
        else:
            self._indent = None

    def _read_item(self, indent: int, text: str) -> None:
        self._is_parted = False
        if self._indent is not None and indent >= self._indent + 2:
            self.items[-1][0].append(text)
            return
        self._indent = indent
        self.items.append(([text], " / ".join(self._headings[level] for level in sorted(self._headings))))


def language_of(text: str) -> Language:
    """Russian where most letters are Cyrillic, else English."""
    return "ru" if len(_CYRILLIC.findall(text)) > len(_LATIN.findall(text)) else "en"


def _what_it_is(text: str) -> str:
    if not text.strip():
        return "empty"
    lines = [line for line in text.splitlines() if line.strip()]
    return f"{len(lines)} line{'s' * (len(lines) != 1)} of text without a list"

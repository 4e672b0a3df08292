"""Stand-ins for what was found: the same for the same value, over a whole corpus and over runs with one key.

Persons get made-up names in the same case and gender, e-mail addresses and phones ones that nobody can have, and
everything else a mark with its kind. ``reveal`` leads back, with the key.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from samovar.data.personal.finding import Finding
from samovar.data.personal.key import Key, load_key
from samovar.data.personal.kinds import KINDS, OWN
from samovar.data.personal.stand_in_names import stand_in_names, stand_in_word
from samovar.data.personal.vault import OpenMap, map_of

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_MARK_CHARACTERS = 9
_DOMAIN_CHARACTERS = 6
_PHONE_DIGITS = 12


class Pseudonyms:
    """Gives stand-ins, and gathers what leads back from them in ``pairs``, as (stand-in, original), until taken."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self.pairs: dict[tuple[str, str], None] = {}

    def stand_in(self, text: str, finding: Finding) -> str:
        """What to write in place of ``finding`` in ``text``."""
        written = text[finding.start : finding.end]
        if finding.kind == "person" and finding.parts:
            return self._person(text, finding)
        value = finding.canonical or written
        if finding.kind == "email":
            made = self._email(value)
        elif finding.kind == "phone":
            made = self._phone(value)
        else:
            made = f"[{finding.kind} {self._letters(finding.kind, value, _MARK_CHARACTERS)}]"
        self.pairs[made, written] = None
        return made

    def _person(self, text: str, finding: Finding) -> str:
        pieces, at = [], finding.start
        for part in finding.parts:
            written = text[part.start : part.end]
            made = stand_in_word(self._key, part, written)
            if part.role != "initial":
                self.pairs[made, written] = None
            pieces += [text[at : part.start], made]
            at = part.end
        whole = "".join(pieces) + text[at : finding.end]
        if any(part.role == "initial" for part in finding.parts):
            # A single letter leads nowhere by itself.
            self.pairs[whole, text[finding.start : finding.end]] = None
        return whole

    def _email(self, value: str) -> str:
        local, _, domain = value.rpartition("@")
        host = self._letters("email domain", domain, _DOMAIN_CHARACTERS)
        return f"{self._letters('email', f'{local}@{domain}', _MARK_CHARACTERS)}@{host}.example"

    def _phone(self, value: str) -> str:
        digits = str(self._key.number("phone", value) % 10**_PHONE_DIGITS).zfill(_PHONE_DIGITS)
        return f"+999 {digits[:4]} {digits[4:8]} {digits[8:]}"

    def _letters(self, purpose: str, value: str, count: int) -> str:
        number, letters = self._key.number(purpose, value), []
        for _ in range(count):
            number, at = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[at])
        return "".join(letters)


@cache
def stand_ins() -> re.Pattern[str]:
    """A pattern of everything that ``Pseudonyms`` writes: what is one already is not replaced again."""
    letters = f"[{_ALPHABET}]"
    kinds = "|".join((*KINDS, OWN))
    return re.compile(
        rf"(?<![\w.+%-]){letters}{{{_MARK_CHARACTERS}}}@{letters}{{{_DOMAIN_CHARACTERS}}}\.example(?![\w-]|\.\w)"
        rf"|\+999 [0-9]{{4}} [0-9]{{4}} [0-9]{{4}}(?![0-9])|\[(?:{kinds}) {letters}{{{_MARK_CHARACTERS}}}\]"
        rf"|{stand_in_names().pattern}"
    )


_LETTER = r"[A-ZА-ЯЁ](?:\.|(?!\w))"


@cache
def _with_initials() -> re.Pattern[str]:
    name, between = stand_in_names().pattern, r"(?: ?| (?:[a-z]{1,4} ){1,2})"
    return re.compile(
        rf"(?<!\w)(?:{_LETTER}{between}){{1,2}}(?:{name})|(?:{name}) (?:{_LETTER} )(?:{name})|"
        rf"(?:{name})(?: ?{_LETTER}){{1,2}}"
    )


def reveal(text: str, key_file: Path, *, map_file: Path | None = None) -> str:
    """``text`` with what the stand-ins of the key in ``key_file`` stand for; where two fit, both, with '|' between.

    A value comes back as it was written; one written in several ways (a phone with and without spaces) in one of them.

    Raises:
        MissingError: there is no key, or no map beside it.
        ConfigError: the file is no key.
    """
    opened = OpenMap(map_file or map_of(key_file), load_key(key_file))

    def replace(match: re.Match[str]) -> str:
        return _original(opened, match.group()) or match.group()

    def replace_with_initials(match: re.Match[str]) -> str:
        # The next sentence may begin with a letter: then the shorter one is the name.
        for shorter in (r"\Z", rf" ?{_LETTER}\Z", rf"\A{_LETTER} ?"):
            name = re.sub(shorter, "", match.group(), count=1)
            original = _original(opened, name)
            if original:
                return match.group().replace(name, original)
        return match.group()

    return stand_ins().sub(replace, _with_initials().sub(replace_with_initials, text))


def _original(opened: OpenMap, stand_in: str) -> str:
    originals = opened.originals(stand_in)
    if stand_in_names().search(stand_in):
        return "|".join({one.replace("ё", "е"): one for one in originals}.values())
    return originals[0] if originals else ""

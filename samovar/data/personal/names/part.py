"""A word of a person's name, as the taggers give it and the stand-ins need it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Role = Literal["first", "patronymic", "surname", "initial"]


class NamePart(NamedTuple):
    """A word or an initial within a name found."""

    start: int
    end: int
    role: Role
    lemma: str
    """The word in the nominative (of a surname, the masculine), in small letters: all its forms share it."""
    language: Literal["ru", "en"] = "ru"
    gender: str = ""
    """masc, femn, plur, or '' where the word does not tell."""
    case: str = ""
    """nomn, gent, datv, accs, ablt or loct as OpenCorpora calls them; '' where it has none."""
    is_fixed: bool = False
    """Whether the word does not decline."""

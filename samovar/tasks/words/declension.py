"""Russian words with their cases, made by the regular rules of declension.

A word is written as its dictionary form with marks: ``*`` after it for a living thing (кот*), ``+`` for a feminine noun
that ends in ь (дверь+), ``!`` where the stress falls on the ending (мяч!: мячом), and ``/stem`` where the stem changes
in the other cases (замок/замк, Пётр*/Петр).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

CASES = ("nom", "gen", "dat", "acc", "ins", "pre")

_HUSHING = "жчшщ"
_NEEDS_I = "гкх" + _HUSHING
_CONSONANTS = "бвгджзклмнпрстфхцчшщ"


@dataclass(frozen=True)
class Word:
    """A Russian noun or noun phrase in the six cases of the singular; printed, it is the nominative."""

    nom: str
    gen: str
    dat: str
    acc: str
    ins: str
    pre: str
    gender: str
    """``m``, ``f`` or ``n``."""

    def __str__(self) -> str:
        return self.nom

    @property
    def a(self) -> str:
        """The ending of a past tense or a short participle: пришёл, пришл-а, построен-о."""
        return {"m": "", "f": "а", "n": "о"}[self.gender]

    @property
    def sya(self) -> str:
        """The ending of a reflexive past tense: вернул-ся, вернул-ась."""
        return {"m": "ся", "f": "ась", "n": "ось"}[self.gender]

    @property
    def he(self) -> str:
        """The pronoun."""
        return {"m": "он", "f": "она", "n": "оно"}[self.gender]

    @cached_property
    def into(self) -> str:
        """Where to: в Казань, во Владимир."""
        return f"{_in_before(self.acc)} {self.acc}"

    @cached_property
    def inside(self) -> str:
        """Where: в Казани."""
        return f"{_in_before(self.pre)} {self.pre}"

    @cached_property
    def out(self) -> str:
        """Where from: из Казани."""
        return f"из {self.gen}"

    @property
    def forms(self) -> tuple[str, ...]:
        """Every case, without repetition."""
        return tuple(dict.fromkeys((self.nom, self.gen, self.dat, self.acc, self.ins, self.pre)))

    def joined(self, other: Word) -> Word:
        """Two words that decline together, as a name and a surname."""
        return Word(
            f"{self.nom} {other.nom}",
            f"{self.gen} {other.gen}",
            f"{self.dat} {other.dat}",
            f"{self.acc} {other.acc}",
            f"{self.ins} {other.ins}",
            f"{self.pre} {other.pre}",
            self.gender,
        )


def _in_before(word: str) -> str:
    start = word[:2].lower()
    return "во" if start[:1] in "вф" and start[1:] in tuple(_CONSONANTS) else "в"


def noun(marked: str) -> Word:
    """Decline one noun written with its marks."""
    body, _, stem = marked.partition("/")
    is_feminine_soft = "+" in body
    is_alive, is_end_stressed = "*" in body, "!" in body
    word = body.rstrip("*+!")
    base = stem or (word if word[-1] in _CONSONANTS else word[:-1])
    if word[-1] in "ая":
        return _first_declension(word, base)
    if word[-1] == "ь" and is_feminine_soft:
        return Word(word, base + "и", base + "и", word, base + "ью", base + "и", "f")
    if word[-1] in "оеё":
        return _neuter(word, base)
    return _masculine(word, base, is_alive, is_end_stressed)


def male(marked: str) -> Word:
    """Decline a man's name; those in -а and -я decline as a woman's."""
    word = noun(marked if "*" in marked else _alive(marked))
    return Word(word.nom, word.gen, word.dat, word.acc, word.ins, word.pre, "m")


def female(marked: str) -> Word:
    """Decline a woman's name."""
    return noun(marked)


def surnames(man: str) -> tuple[Word, Word]:
    """A surname in -ов, -ев or -ин: for a man and for a woman."""
    his = Word(man, man + "а", man + "у", man + "а", man + "ым", man + "е", "m")
    her = Word(man + "а", man + "ой", man + "ой", man + "у", man + "ой", man + "ой", "f")
    return his, her


def adjective(word: str, gender: str, case: str, is_alive: bool = False) -> str:
    """The form of an adjective (красный, синий, маленький, большой) for a noun of this gender and case."""
    stem, is_soft = word[:-2], word.endswith("ний")
    o, y = ("е", "и") if is_soft else ("о", "и" if stem[-1] in _NEEDS_I else "ы")
    if stem[-1] in _HUSHING and not word.endswith("ой"):
        o = "е"
    if case == "acc":
        if gender == "f":
            return stem + ("юю" if is_soft else "ую")
        case = "gen" if gender == "m" and is_alive else "nom"
    if case == "nom":
        endings = {"m": word[-2:], "f": "яя" if is_soft else "ая", "n": o + "е"}
        return stem + endings[gender]
    if gender == "f":
        return stem + o + "й"
    return stem + {"gen": o + "го", "dat": o + "му", "ins": y + "м", "pre": o + "м"}[case]


def _alive(marked: str) -> str:
    word, slash, stem = marked.partition("/")
    return f"{word}*{slash}{stem}"


def _first_declension(word: str, base: str) -> Word:
    if word.endswith("ия"):
        return Word(word, base + "и", base + "и", base + "ю", base + "ей", base + "и", "f")
    if word[-1] == "я":
        return Word(word, base + "и", base + "е", base + "ю", base + "ей", base + "е", "f")
    y = "и" if base[-1] in _NEEDS_I else "ы"
    o = "е" if base[-1] in _HUSHING + "ц" else "о"
    return Word(word, base + y, base + "е", base + "у", base + o + "й", base + "е", "f")


def _neuter(word: str, base: str) -> Word:
    if word.endswith("ие"):
        return Word(word, base + "я", base + "ю", word, word + "м", base + "и", "n")
    if word[-1] == "о" or base[-1] in _HUSHING + "ц":
        return Word(word, base + "а", base + "у", word, word + "м", base + "е", "n")
    return Word(word, base + "я", base + "ю", word, word + "м", base + "е", "n")


def _masculine(word: str, base: str, is_alive: bool, is_end_stressed: bool) -> Word:
    if word[-1] in "йь":
        yo = "ём" if is_end_stressed else "ем"
        genitive, ending = base + "я", "и" if word.endswith("ий") else "е"
        return Word(word, genitive, base + "ю", genitive if is_alive else word, base + yo, base + ending, "m")
    o = "е" if base[-1] in _HUSHING + "ц" and not is_end_stressed else "о"
    genitive = base + "а"
    return Word(word, genitive, base + "у", genitive if is_alive else word, base + o + "м", base + "е", "m")

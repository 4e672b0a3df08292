"""Names that nobody has, made of syllables.

A list of fifty names can be learnt by heart, and a model that did so cannot copy the fifty-first. Names without end
leave nothing but to copy.
"""

from __future__ import annotations

import random

from samovar.tasks.words.declension import Word, female, male, noun, surnames
from samovar.tasks.words.listing import listed
from samovar.tasks.words.places import street_in

_EN_STARTS = listed("b br c ch d dr f fl g gr h j k kl l m n p pr qu r s sh sk st t th tr v w z")
_EN_VOWELS = listed("a e i o u a e i o ee oo ai")
_EN_ENDS = listed("n r l s m x ck nd rt ll ton ley by ra na la ro")
_RU_STARTS = listed("б бр в вл г гр д др ж з к кр л м мл н п пр р с ст т тр ф х ч ш")
_RU_VOWELS = listed("а е и о у а е и о я ю")
_RU_ENDS = listed("н р л с м т к в н р л")


def _stem(rng: random.Random, starts: tuple[str, ...], vowels: tuple[str, ...], syllables: int) -> str:
    return "".join(rng.choice(starts) + rng.choice(vowels) for _ in range(syllables))


def english(rng: random.Random) -> str:
    """A name of a person, a pet or a town: Brovail, Kitharn."""
    return (_stem(rng, _EN_STARTS, _EN_VOWELS, rng.choice((1, 2, 2))) + rng.choice(_EN_ENDS)).capitalize()


def english_street(rng: random.Random) -> str:
    """A street."""
    return f"{english(rng)} Street"


def english_doctor(rng: random.Random) -> str:
    """A doctor."""
    return f"Doctor {english(rng)}"


def russian_person(rng: random.Random) -> Word:
    """A first name or a pet's, with its cases: Брулан, Кимила."""
    stem = _russian_stem(rng)
    return male(stem) if rng.random() < 0.5 else female(stem + "а")


def russian_surname(rng: random.Random) -> tuple[Word, Word]:
    """A surname for a man and for a woman."""
    return surnames(_russian_stem(rng) + rng.choice(("ов", "ин")))


def russian_city(rng: random.Random) -> Word:
    """A town with its cases: Вожирск, Кимола."""
    ending = rng.choice(("ск", "", "а", "град"))
    return noun(_russian_stem(rng) + ending)


def russian_street(rng: random.Random) -> str:
    """Where a house stands: на Бродилной улице."""
    return street_in(_russian_stem(rng) + "ная")


def _russian_stem(rng: random.Random) -> str:
    return (_stem(rng, _RU_STARTS, _RU_VOWELS, rng.choice((1, 2, 2))) + rng.choice(_RU_ENDS)).capitalize()

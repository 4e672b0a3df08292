"""What the letters of a Cyrillic text say of its language: і, ї, ў, ә, қ and others stand in few alphabets.

A short text gives a general model little to go by, and just these letters decide it: a text of fifty letters without
any of і, ї, є is hardly Ukrainian, and one with ў is Belarusian.
"""

from __future__ import annotations

import math
import re
from functools import cache

# Letters per thousand of those that tell the languages apart, rounded, counted in translations of programs.
_PER_MILLE = {
    "ru": "и82 й14 щ4 ь24 ю5 я18 ы20 э3 ё2 ъ1",
    "uk": "и66 й11 щ4 ь16 ю5 я24 і54 ї4 є5 ґ0.2",
    "be": "й9 ь40 ю4 я30 ы50 э17 ё4 і43 ў14 ґ0.3",
    "kk": "и14 й13 щ0.2 ь0.4 ю1 я7 ы57 э1 ъ0.5 і66 ғ13 қ28 ң18 ү9 ұ12 ә8 ө12 һ0.3",
    "bg": "и82 й7 щ4 ь0.2 ю1 я17 ъ16",
    "sr": "и95 ђ2 ј25 љ5 њ12 ћ6 џ0.4",
    "mk": "и95 ј19 љ0.2 њ6 џ0.2 ѓ1 ѕ0.3 ќ2 ѐ0.1",
    "ky": "и40 й12 щ0.2 ь0.5 ю1.5 я3 ы46 э7 ё0.5 ъ0.1 ң10 ү45 ө29",
    "tt": "и33 й12 щ0.2 ь3 ю3 я8 ы45 э4 ъ3 җ3 ң7 ү15 һ4 ә58 ө12",
    "mn": "и36 й46 ь4 ю1 я4 ы9 э60 ё2 ъ0.7 ү36 ө25",
    "tg": "и98 й9 ь0.1 ю1 я8 э1 ё3 ъ5 ғ3 қ10 ҳ23 ҷ6 ӣ9 ӯ3",
}
# A letter that an alphabet lacks comes in names and quotations.
_FOREIGN_PER_MILLE = 0.15
_CYRILLIC = re.compile("[\u0400-\u052f]")
# Neighbouring letters depend on one another, so each says less than it would alone.
_WEIGHT = 0.6

CYRILLIC_LANGUAGES = frozenset(_PER_MILLE)


@cache
def _log_shares() -> tuple[str, dict[str, tuple[list[float], float]]]:
    """The telling letters, and for each language the logarithms of their shares and of that of all other letters."""
    shares = {
        language: {entry[0]: float(entry[1:]) / 1000 for entry in table.split()}
        for language, table in _PER_MILLE.items()
    }
    letters = "".join(sorted(set().union(*shares.values())))
    logs = {}
    for language, own in shares.items():
        all_shares = [own.get(letter, _FOREIGN_PER_MILLE / 1000) for letter in letters]
        logs[language] = ([math.log(share) for share in all_shares], math.log(1 - sum(all_shares)))
    return letters, logs


def num_cyrillic(text: str) -> int:
    """How many Cyrillic letters ``text`` has."""
    return len(_CYRILLIC.findall(text))


def letter_evidence(text: str, cyrillic_letters: int) -> dict[str, float]:
    """For each Cyrillic language known here the logarithm of how well it explains the letters of ``text``.

    The numbers compare with one another: the best is 0.
    """
    letters, logs = _log_shares()
    lowered = text.lower()
    counts = [lowered.count(letter) for letter in letters]
    others = cyrillic_letters - sum(counts)
    present = [(index, count) for index, count in enumerate(counts) if count]
    evidence = {
        language: _WEIGHT * (sum(count * shares[index] for index, count in present) + others * rest)
        for language, (shares, rest) in logs.items()
    }
    best = max(evidence.values())
    return {language: value - best for language, value in evidence.items()}

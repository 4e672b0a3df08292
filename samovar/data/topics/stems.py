"""Words without their endings, so that forms of one word count together; Russian and English."""

from __future__ import annotations

_LEAST_LETTERS = 3
_VOWELS = frozenset("аеиоуыэюяё")

# Endings of Russian grammar: of adjectives and participles, of verbs, of nouns.
_RUSSIAN = (
    "ими ыми его ого ему ому ее ие ые ое ей ий ый ой ем им ым ом их ых ую юю ая яя ою ею "
    "ла на ете йте ли ло но ет ют ны ть ешь нно ила ыла ена ейте уйте ите или ыли уй ил ыл ен ило ыло ено ят ует уют "
    "ит ыт ены ить ыть ишь ала ало али ать аю аешь ает аем аете ают ял яла яли ять еть ел ела ели ал "
    "иями ями ами иях ях ах иям ям ам ией ием ев ов ье ьи ии и й ь ы у ю ию ью ия ья я а е о"
)
_ENDINGS = frozenset(_RUSSIAN.split())
_LONGEST_ENDING = max(map(len, _ENDINGS))
_REFLEXIVE = ("ся", "сь")


def stem(word: str) -> str:
    """The beginning that forms of ``word`` have in common; of words in other scripts, the word itself.

    Light: it takes off the longest ending of grammar and no suffix, as light stemmers for searching do, so that now
    and then two words meet or two forms stay apart. English loses just the s of plurals (Harman 1991, How effective is
    suffixing?, the S stemmer).

    Args:
        word: in lower case, with е for ё.
    """
    if word[0].isascii():
        return _english(word)
    return _russian(word) if "а" <= word[0] <= "я" else word


def _english(word: str) -> str:
    if len(word) <= _LEAST_LETTERS:
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")):
        return word[:-1]
    return word


def _russian(word: str) -> str:
    if len(word) > _LEAST_LETTERS + 3 and word.endswith(_REFLEXIVE):
        word = word[:-2]
    for length in range(min(_LONGEST_ENDING, len(word) - _LEAST_LETTERS), 0, -1):
        begin = word[:-length]
        if word[-length:] in _ENDINGS and not _VOWELS.isdisjoint(begin):
            return begin[:-1] if begin.endswith("нн") else begin
    return word

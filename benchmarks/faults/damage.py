"""What happens to texts: copies that differ a little, wrong decodings, garbage."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import NamedTuple

RUN_WORDS = 5
_SYLLABLES = ("ka", "ro", "mi", "ta", "le", "so", "nu", "vi", "bo", "de", "sha", "lu", "per", "gan", "til", "mor")

# What was written, and as what it was read, one after another.
MOJIBAKE_RUSSIAN = {
    "UTF-8 as cp1252": (("utf-8", "cp1252"),),
    "UTF-8 as cp1251": (("utf-8", "cp1251"),),
    "UTF-8 as koi8-r": (("utf-8", "koi8-r"),),
    "cp1251 as latin-1": (("cp1251", "latin-1"),),
    "cp1251 as koi8-r": (("cp1251", "koi8-r"),),
    "koi8-r as cp1251": (("koi8-r", "cp1251"),),
    "cp866 as cp1251": (("cp866", "cp1251"),),
    "UTF-8 as cp1252, twice": (("utf-8", "cp1252"), ("utf-8", "cp1252")),
}
MOJIBAKE_ENGLISH = {
    "UTF-8 as cp1252": (("utf-8", "cp1252"),),
    "UTF-8 as latin-1": (("utf-8", "latin-1"),),
    "UTF-8 as cp1252, twice": (("utf-8", "cp1252"), ("utf-8", "cp1252")),
}


class Copy(NamedTuple):
    """A text that is like another, and how like: Jaccard similarity of their runs of five words."""

    text: str
    similarity: float


def near_copy(text: str, similarity: float, draw: random.Random) -> Copy:
    """``text`` with words exchanged for made-up ones, here and there: as like it as can be, but not less than asked."""
    pieces = re.split(r"(\s+)", text)
    places = [at for at in range(0, len(pieces), 2) if pieces[at]]
    num_runs = max(0, len(places) - RUN_WORDS + 1)
    is_whole = [True] * num_runs
    left = num_runs
    for place in draw.sample(range(len(places)), len(places)):
        broken = range(max(0, place - RUN_WORDS + 1), min(num_runs, place + 1))
        rest = left - sum(is_whole[run] for run in broken)
        if rest / max(1, 2 * num_runs - rest) < similarity:
            continue
        left = rest
        for run in broken:
            is_whole[run] = False
        pieces[places[place]] = "".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4)))
    copy = "".join(pieces)
    return Copy(copy, jaccard(text, copy))


def jaccard(left: str, right: str) -> float:
    """Similarity of two texts by their sets of runs of five words, cut at white space, plainly computed."""
    mine, theirs = _runs(left.split()), _runs(right.split())
    return len(mine & theirs) / max(1, len(mine | theirs))


def _runs(words: list[str]) -> set[tuple[str, ...]]:
    return {tuple(words[at : at + RUN_WORDS]) for at in range(len(words) - RUN_WORDS + 1)}


def mojibake(text: str, steps: tuple[tuple[str, str], ...]) -> str:
    """``text`` written in one encoding and read in another, as often as there are ``steps``.

    Bytes that a table leaves open become control characters, as browsers read them.
    Raises:
        UnicodeEncodeError: the text has letters that the encoding has not.
    """
    for written, read in steps:
        content = text.encode(written)
        try:
            text = content.decode(read)
        except UnicodeDecodeError:
            text = "".join(_decoded(byte, read) for byte in content)
    return text


def _decoded(byte: int, table: str) -> str:
    try:
        return bytes([byte]).decode(table)
    except UnicodeDecodeError:
        return chr(byte)


def typographic(text: str) -> str:
    """``text`` with the quotation marks, dashes and apostrophes of print, so that it is more than ASCII."""
    text = re.sub(r"(?<!\w)\"(?=\w)", "“", text)
    text = re.sub(r"(?<=[\w.,!?])\"", "”", text)
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    return re.sub(r" --? ", " — ", text)


def _line_again(sentences: list[str], draw: random.Random) -> str:
    return "\n".join([draw.choice(sentences)] * draw.randint(20, 60))


def _sentence_again(sentences: list[str], draw: random.Random) -> str:
    return " ".join([draw.choice(sentences)] * draw.randint(20, 60))


def _words_again(sentences: list[str], draw: random.Random) -> str:
    words = draw.choice(sentences).split()[:4]
    return " ".join(words * draw.randint(40, 100))


def _half_again(sentences: list[str], draw: random.Random) -> str:
    """Good sentences, and after every one of them the same one."""
    refrain = draw.choice(sentences)
    return "\n".join(f"{sentence}\n{refrain}" for sentence in sentences)


REPETITION: dict[str, Callable[[list[str], random.Random], str]] = {
    "one line": _line_again,
    "one sentence": _sentence_again,
    "four words": _words_again,
    "a refrain after every sentence": _half_again,
}
"""Texts that repeat themselves, from at least five sentences."""


def _signs(words: list[str], draw: random.Random) -> str:
    """What a scanner makes of a stained page."""
    pieces = ["~^", ".:", "#;", "_-", "=.", "*'", "<<", "%", "1l", ";;", words[0][:2], words[1][:1]]
    return "\n".join(" ".join(draw.choices(pieces, k=9)) for _ in range(24))


def _bullets(words: list[str], draw: random.Random) -> str:
    return "\n".join("- " + " ".join(draw.choices(words, k=4)) for _ in range(30))


def _ellipses(words: list[str], draw: random.Random) -> str:
    return "\n".join(" ".join(draw.choices(words, k=6)) + " ..." for _ in range(24))


def _spaced(words: list[str], draw: random.Random) -> str:
    return " ".join(" ".join(word) for word in draw.choices(words, k=60))


def _keywords(words: list[str], draw: random.Random) -> str:
    long = [word for word in words if len(word) > 5] or words
    return ", ".join(draw.sample(long * 8, 8 * len(long))[:120])


def _glued(words: list[str], draw: random.Random) -> str:
    return " ".join("".join(draw.choices(words, k=4)) for _ in range(80))


JUNK: dict[str, Callable[[list[str], random.Random], str]] = {
    "signs": _signs,
    "bullets": _bullets,
    "ellipses": _ellipses,
    "letters apart": _spaced,
    "keywords": _keywords,
    "words run together": _glued,
}
"""Texts that are no prose, from at least ten words."""

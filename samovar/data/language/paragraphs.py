"""The languages of a document by its paragraphs: what share each has, and which paragraphs are in another."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import NamedTuple

from samovar.data.language.detector import Guess, best_guess, language_shares

# A stretch of this many characters tells its language nearly always; short paragraphs are put together to reach it.
STRETCH_CHARACTERS = 200
_LEAST_STRETCH_CHARACTERS = 80
_BLANK_LINES = re.compile(r"(\n\s*\n)")
_LINE_ENDS = re.compile(r"(\n+)")


class DocumentLanguages(NamedTuple):
    """What a document is written in."""

    main: Guess
    shares: dict[str, float]
    """Share of the text that was read, by the likeliest language of each stretch; the greatest first."""


def document_languages(text: str, *, read_characters: int, among: frozenset[str] = frozenset()) -> DocumentLanguages:
    """The languages of ``text``, told from stretches that lie evenly over it.

    At most about ``read_characters`` are read, and at least one stretch. The main language is the one with the
    greatest probability over all stretches, each weighing by its length.
    """
    stretches = _stretches(text, max(1, read_characters // STRETCH_CHARACTERS))
    probabilities: defaultdict[str, float] = defaultdict(float)
    lengths: defaultdict[str, int] = defaultdict(int)
    total = 0
    for stretch in stretches:
        shares = language_shares(stretch, among)
        if not shares:
            continue
        total += len(stretch)
        lengths[best_guess(shares).language] += len(stretch)
        for language, share in shares.items():
            probabilities[language] += share * len(stretch)
    if not total:
        return DocumentLanguages(best_guess({}), {})
    main = best_guess({language: weight / total for language, weight in probabilities.items()})
    shares = {language: length / total for language, length in sorted(lengths.items(), key=lambda item: -item[1])}
    return DocumentLanguages(main, shares)


def _stretches(text: str, most: int) -> list[str]:
    """At most ``most`` stretches of the text, from its beginning to its end, cut at line ends and blanks."""
    if len(text) <= STRETCH_CHARACTERS:
        return [text]
    gap = max(STRETCH_CHARACTERS, len(text) // most)
    stretches = []
    for begin in range(0, len(text), gap):
        piece = text[begin : begin + STRETCH_CHARACTERS]
        if begin:
            piece = piece[piece.find(" ", 0, STRETCH_CHARACTERS // 4) + 1 :]
        stretches.append(piece)
    if len(stretches) > 1 and len(stretches[-1]) < _LEAST_STRETCH_CHARACTERS:
        stretches.pop()
    return stretches


class ForeignParagraph(NamedTuple):
    """A paragraph that was taken out, and its language."""

    text: str
    language: str


def without_foreign(
    text: str, keep: frozenset[str], *, min_score: float, among: frozenset[str] = frozenset()
) -> tuple[str, list[ForeignParagraph]]:
    """``text`` without the paragraphs that are surely in a language outside ``keep``.

    A paragraph is parted from others by a blank line; in a text without blank lines it is a line. One with fewer than
    80 letters stays, and so does one of whose language the detector is less than ``min_score`` sure.
    """
    separator = _BLANK_LINES if _BLANK_LINES.search(text) else _LINE_ENDS
    parts = separator.split(text)
    kept: list[str] = []
    foreign: list[ForeignParagraph] = []
    for index in range(0, len(parts), 2):
        paragraph = parts[index]
        if language := _foreign_language(paragraph, keep, min_score, among):
            foreign.append(ForeignParagraph(paragraph, language))
            continue
        if kept:
            kept.append(parts[index - 1])
        kept.append(paragraph)
    return ("".join(kept), foreign) if foreign else (text, [])


def _foreign_language(paragraph: str, keep: frozenset[str], min_score: float, among: frozenset[str]) -> str:
    if sum(character.isalpha() for character in paragraph[: 4 * STRETCH_CHARACTERS]) < _LEAST_STRETCH_CHARACTERS:
        return ""
    guess = document_languages(paragraph, read_characters=4 * STRETCH_CHARACTERS, among=among).main
    return guess.language if guess.language not in keep and guess.score >= min_score else ""

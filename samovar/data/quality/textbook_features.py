"""What makes a text teach, as features that are counted, with their weights in one table.

The idea that a model learns most from text "of textbook quality" is phi's (Gunasekar et al. 2023, arXiv:2306.11644),
where a large model judged it. Here it is a sum that anybody can read, for Russian and English; it is a judgement of
style, and knows nothing of whether the text is true.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

import numpy as np

from samovar.data.quality.repetition import run_hashes
from samovar.data.quality.text_shape import TextShape

BASE_POINTS = 2.0
"""What a text has before any feature is counted."""


class Feature(NamedTuple):
    """A countable sign of teaching, or of its opposite."""

    name: str
    weight: float
    """Points of the score, 0 to 10, that the full feature adds, or takes away where it is negative."""
    full_at: float
    """The value from which it counts in full; below, in proportion."""
    meaning: str


# Values are places for a thousand words, but where "share" or "different phrases" is said.
FEATURES = (
    Feature("definitions", 1.6, 8.0, "says what something is: is called, is defined as, — это, называется"),
    Feature("explanations", 1.6, 10.0, "gives reasons and consequences: because, therefore, поэтому, так как"),
    Feature("connectives", 1.0, 12.0, "leads on: first, however, in other words, во-первых, однако, то есть"),
    Feature("examples", 1.0, 4.0, "gives examples: for example, such as, например, рассмотрим"),
    Feature("exercises", 0.6, 4.0, "asks the reader to think: exercise, prove that, докажите, упражнение"),
    Feature("code", 0.6, 2.0, "shows code or formulas between prose: fences, $…$"),
    Feature("structure", 0.4, 6.0, "headings and numbered steps"),
    Feature("whole_sentences", 1.2, 0.9, "share of the prose lines that end as sentences do"),
    Feature("varied_words", 0.8, 0.55, "share of different words among the first five hundred"),
    Feature("links", -2.0, 15.0, "addresses of pages"),
    Feature("advertising", -3.0, 5.0, "sells; different phrases: buy now, free shipping, купить, скидка, закажите"),
    Feature("page_furniture", -2.0, 5.0, "talks as a page does; different phrases: click here, log in, подпишитесь"),
    Feature("shouting", -1.5, 10.0, "words in capitals, rows of ! and ?"),
    Feature("first_person", -0.8, 50.0, "speaks of oneself: I, my, я, мой"),
    Feature("repeated", -2.0, 0.3, "share of the runs of five words that occurred before"),
)

_PHRASES = {
    "definitions": """is called, are called, is known as, are known as, is defined as, are defined as, is a kind of,
        is a type of, refers to, means that, by definition, consists of, is the process, is the study, is the branch,
        is the set, is the number, is the amount, is the ability, — это, называется, называются, называют, определяется,
        определяются, представляет собой, представляют собой, означает, означают, состоит из, состоят из,
        по определению, понимают, понимается, является, являются""",
    "explanations": """because, therefore, thus, hence, since, so that, as a result, due to, leads to, in order to,
        which means, the reason, потому что, поэтому, следовательно, так как, поскольку, значит, в результате,
        благодаря, приводит к, приводят к, чтобы, из-за, по этой причине, отсюда""",
    "connectives": """first, firstly, second, secondly, finally, however, moreover, furthermore, in other words,
        on the other hand, in addition, similarly, in contrast, that is, namely, note that, во-первых, во-вторых,
        в-третьих, наконец, однако, кроме того, иными словами, другими словами, с другой стороны, то есть,
        таким образом, более того, в отличие от, аналогично, заметим, итак""",
    "examples": """for example, for instance, such as, e.g., consider the, suppose that, as an illustration, например,
        к примеру, скажем, рассмотрим, предположим, допустим, в частности""",
    "exercises": """exercise, exercises, find the, prove that, show that, calculate, solve the, упражнение, упражнения,
        задача, задание, найдите, докажите, покажите, вычислите, решите, ответьте на, подумайте""",
    "first_person": "i, my, me, я, мой, моя, моё, мои, мне, меня",
    "advertising": """buy now, buy online, order now, order online, free shipping, discount, discounts, best price,
        special offer, on sale, for sale, add to cart, coupon, money back, call us, call now, in stock, guarantee,
        guaranteed, купить, скидка, скидки, скидкой, скидок, закажите, заказать, заказ, доставка, доставкой, бесплатно,
        бесплатная, акция, акции, распродажа, выгодно, выгодная, в наличии, звоните, гарантия, гарантии, недорого,
        цена, цены, руб""",
    "page_furniture": """click here, read more, log in, login, sign up, subscribe, cookies, privacy policy,
        terms of use, all rights reserved, share this, leave a comment, leave a reply, copyright, powered by,
        posted by, posted on, menu, next page, download, подробнее, читать далее, войти, регистрация, подписаться,
        подпишитесь, cookie, все права защищены, поделиться, комментарии, комментариев, скачать, главная, карта сайта,
        политика конфиденциальности, нажмите""",
}
_OF_DIFFERENT_PHRASES = frozenset({"advertising", "page_furniture"})
_CAPITALS = re.compile("[A-ZА-ЯЁ]{4,}")
_EXCLAMATIONS = re.compile("[!?]{2,}")
_LINK = re.compile(r"https?://|(?<![/\w])www\.|(?<=\w)\.(?:com|net|org|ru|info)\b")
_CODE = re.compile(r"^```|^~~~|\$\$?[^$\n]{2,80}\$|\\begin\{", re.MULTILINE)
_CODE_MARKS = ("```", "~~~", "$", "\\begin{")
_STRUCTURE = re.compile(
    r"^(?:#{1,6} |\d{1,2}(?:\.\d{1,2})*[.)] |[IVX]+\. |(?:step|шаг|глава|chapter) \d)", re.MULTILINE | re.I
)
_ENDS = (".", "!", "?", "…", ":", ";", ".»", "!»", "?»", '."', '!"', '?"', ".”", ".)", "?)", "!)")
_PROSE_LINE_CHARACTERS = 40
_VARIED_WORDS = 500
# Shorter texts are counted as if they had so many words, so that one word doesn't decide.
_LEAST_WORDS = 80


class _Phrases(NamedTuple):
    """All phrases of a length in words, as hashes in order, and the number of the list that each belongs to."""

    hashes: np.ndarray
    lists: np.ndarray


@cache
def _phrases() -> dict[int, _Phrases]:
    by_length: dict[int, list[tuple[int, int]]] = {}
    for number, phrases in enumerate(_PHRASES.values()):
        for phrase in phrases.split(","):
            hashes = TextShape(phrase.strip()).words.hashes_N
            by_length.setdefault(len(hashes), []).append((int(run_hashes(hashes, len(hashes))[0]), number))
    return {
        length: _Phrases(
            np.array([entry[0] for entry in sorted(entries)], dtype=np.uint64),
            np.array([entry[1] for entry in sorted(entries)], dtype=np.int64),
        )
        for length, entries in by_length.items()
    }


def _phrase_values(lowered: TextShape) -> dict[str, float]:
    """How often the phrases of each list occur, for a thousand words; of some lists how many different ones do."""
    places = np.zeros(len(_PHRASES))
    different = np.zeros(len(_PHRASES))
    for length, phrases in _phrases().items():
        runs = run_hashes(lowered.words.hashes_N, length)
        found = np.minimum(np.searchsorted(phrases.hashes, runs), len(phrases.hashes) - 1)
        found = found[phrases.hashes[found] == runs]
        if found.size:
            places += np.bincount(phrases.lists[found], minlength=len(_PHRASES))
            different += np.bincount(phrases.lists[np.unique(found)], minlength=len(_PHRASES))
    thousands = max(_LEAST_WORDS, lowered.num_words) / 1000
    return {
        name: float(different[number] / max(1.0, thousands))
        if name in _OF_DIFFERENT_PHRASES
        else float(places[number] / thousands)
        for number, name in enumerate(_PHRASES)
    }


def feature_values(shape: TextShape) -> dict[str, float]:
    """The value of every feature of ``FEATURES``."""
    text, lowered = shape.text, TextShape(shape.text.lower())
    values = _phrase_values(lowered)
    per_thousand = 1000 / max(_LEAST_WORDS, shape.num_words)
    values["links"] = per_thousand * len(_LINK.findall(lowered.text)) if "." in text else 0.0
    values["shouting"] = per_thousand * (len(_CAPITALS.findall(text)) + len(_EXCLAMATIONS.findall(text)))
    values["code"] = per_thousand * len(_CODE.findall(text)) if any(mark in text for mark in _CODE_MARKS) else 0.0
    values["structure"] = per_thousand * len(_STRUCTURE.findall(text))
    values["whole_sentences"] = _whole_sentences(shape)
    values["varied_words"] = _varied_words(shape)
    values["repeated"] = _repeated(shape)
    return values


def _whole_sentences(shape: TextShape) -> float:
    lines = [line.rstrip() for line in shape.lines if len(line) >= _PROSE_LINE_CHARACTERS]
    return sum(line.endswith(_ENDS) for line in lines) / len(lines) if lines else 0.0


def _varied_words(shape: TextShape) -> float:
    hashes = shape.words.hashes_N[~shape.words.are_symbols_N][:_VARIED_WORDS]
    # A short text has few chances to repeat a word.
    return len(np.unique(hashes)) / max(_LEAST_WORDS, len(hashes))


def _repeated(shape: TextShape) -> float:
    hashes = run_hashes(shape.words.hashes_N, 5)
    return 1 - len(np.unique(hashes)) / len(hashes) if len(hashes) else 0.0


def score_parts(values: dict[str, float]) -> dict[str, float]:
    """The points that each feature gives or takes."""
    return {feature.name: feature.weight * min(1.0, values[feature.name] / feature.full_at) for feature in FEATURES}


def textbook_score(parts: dict[str, float]) -> float:
    """The score from 0, least like a textbook, to 10."""
    return max(0.0, min(10.0, BASE_POINTS + sum(parts.values())))

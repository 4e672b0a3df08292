"""What the toxicity step counts, so that the parts of a corpus merge, and the tables that are made of it.

Everything lies in counters by title. An example is kept in a counter of its own for every level and bin: of all that
were offered those with the highest hash of their document's id, which is a random choice, the same in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial

import xxhash

from samovar.data.classify.classifier import TextClassifier
from samovar.data.classify.tables import classifier_tables
from samovar.data.document import Document
from samovar.data.quality.extremes import highest, offer_highest
from samovar.data.samples import shown
from samovar.data.steps.step import Table
from samovar.data.toxicity.finder import Finding
from samovar.data.toxicity.learned import Judged
from samovar.data.toxicity.verdicts import LevelResult, Limits, starred
from samovar.data.toxicity.word_list import LEVELS, Level

RATES = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Places in a thousand words by which documents are counted; the lowest counts all with one at least."""
PROBABILITIES = tuple(step / 10 for step in range(10))
_DOCUMENTS, _PLACES, _TOXIC = "documents", "places", "toxic documents"
_SUMMARY = "toxicity"
_EXAMPLES = 2
_EXAMPLE_CHARACTERS = 200
_CONTEXT_CHARACTERS = 80
_WORDS_KEPT = 2_000
_SHOWN_WORDS = 8


def count(
    found: Mapping[str, Counter[str]],
    document: Document,
    findings: Sequence[Finding],
    judged: Sequence[Judged],
    results: Mapping[Level, LevelResult],
) -> None:
    """Add one document with findings or judged pieces to the counters."""
    rank = xxhash.xxh3_64_intdigest(document.id.encode("utf-8", "surrogatepass")) / 2**64
    for level, result in results.items():
        summary = found[f"{_SUMMARY} {level}"]
        summary[_TOXIC] += result.is_toxic
        if result.places:
            summary.update({_DOCUMENTS: 1, _PLACES: result.places})
            place = _bin(result.per_thousand, RATES)
            found[f"rate {level}"][str(place)] += 1
            first = next(finding for finding in findings if finding.level == level)
            offer_highest(found[f"rate {level} {place}"], rank, _EXAMPLES, partial(_around, document, findings, first))
            _count_words(found[f"words {level}"], document.text, findings, level)
        if result.probability:
            place = _bin(result.probability, PROBABILITIES)
            found[f"probability {level}"][str(place)] += 1
            best = max(judged, key=lambda piece: piece.probabilities.get(level, 0.0))
            offer_highest(
                found[f"probability {level} {place}"], rank, _EXAMPLES, partial(_piece, document, findings, best)
            )


def most_of(title: str) -> int | None:
    """How many of what was found under ``title`` are shown: a few of the examples of a bin, and all else."""
    kind, *rest = title.split(" ")
    return _EXAMPLES if kind in ("rate", "probability") and len(rest) == 2 else None


def tables(
    found: Mapping[str, Counter[str]], classifier: TextClassifier | None, limits: Mapping[Level, Limits]
) -> list[Table]:
    """What the report shows."""
    rows: list[tuple[str, ...]] = []
    made: list[Table] = []
    for level in LEVELS:
        summary = found.get(f"{_SUMMARY} {level}", Counter())
        words = sorted(found.get(f"words {level}", Counter()).items(), key=lambda item: (-item[1], item[0]))
        common = [f"{_star(word)} {number:,}" for word, number in words[:_SHOWN_WORDS]]
        rows.append(
            (
                level,
                f"{summary[_DOCUMENTS]:,}",
                f"{summary[_PLACES]:,}",
                f"{summary[_TOXIC]:,}",
                ", ".join(common),
            )
        )
        made += _threshold_tables(found, level, limits[level])
    if not made:
        return [Table("Toxicity", ("",), [("Nothing was found.",)])]
    head = ("level", "documents with such words", "places", "documents beyond the threshold", "commonest words")
    note = "Found by lists of words, and by the learned filter where there is one. A place counts once, as its gravest."
    return [
        Table("Toxicity", head, rows, note),
        *made,
        *(classifier_tables(classifier) if classifier is not None else []),
    ]


def _threshold_tables(found: Mapping[str, Counter[str]], level: Level, limits: Limits) -> list[Table]:
    made = []
    for kind, bounds, unit, limit in (
        ("rate", RATES, "listed words in a thousand", limits.per_thousand),
        ("probability", PROBABILITIES, "highest probability of a piece", limits.probability),
    ):
        counts = found.get(f"{kind} {level}", Counter())
        if not counts:
            continue
        rows: list[tuple[str, ...]] = []
        for place, bound in enumerate(bounds):
            num_beyond = sum(counts[str(further)] for further in range(place, len(bounds)))
            examples = highest(found.get(f"{kind} {level} {place}", Counter()), _EXAMPLES)
            rows.append((f"{bound:g}", f"{num_beyond:,}", f"{counts[str(place)]:,}", " ⏐ ".join(examples)))
        note = (
            f"The threshold is {limit:g}. Examples are of documents between this row and the next; words are starred."
        )
        made.append(Table(f"{level}: {unit}", ("from", "documents", "up to the next row", "examples"), rows, note))
    return made


def _bin(value: float, bounds: Sequence[float]) -> int:
    return max(place for place, bound in enumerate(bounds) if value >= bound)


def _count_words(counts: Counter[str], text: str, findings: Sequence[Finding], level: Level) -> None:
    for finding in findings:
        word = text[finding.start : finding.end].lower()
        if finding.level == level and (word in counts or len(counts) < _WORDS_KEPT):
            counts[word] += 1


def _star(word: str) -> str:
    return word[:1] + "*" * (len(word) - 2) + word[-1:] if len(word) > 2 else word


def _around(document: Document, findings: Sequence[Finding], at: Finding) -> str:
    start = max(0, at.start - _CONTEXT_CHARACTERS)
    text = document.text[start : at.end + _CONTEXT_CHARACTERS]
    return _example(document, starred(text, [one for one in findings if one.start >= start], start))


def _piece(document: Document, findings: Sequence[Finding], at: Judged) -> str:
    text = document.text[at.start : at.end]
    return _example(document, starred(text, [one for one in findings if one.start >= at.start], at.start))


def _example(document: Document, text: str) -> str:
    return f"{document.id}: {' '.join(shown(text, limit=_EXAMPLE_CHARACTERS).split())}"

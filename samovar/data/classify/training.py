"""From marked examples to a classifier that knows how good it is.

Quality is measured on examples that the measured models did not see: with few examples each fifth in turn, by models
of the other four; with many, one fifth. The classifier that comes out is trained on all of them, and calibrated on
those held-out margins.

Legend: R examples, F buckets.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import xxhash

from samovar.core.errors import DataError
from samovar.data.classify.classifier import LabelModel, Telling, TextClassifier
from samovar.data.classify.features import BUCKET_BITS, Extractor, Rows, words_of
from samovar.data.classify.held_out import calibrate, measure
from samovar.data.classify.logistic import LinearModel, fit

LEAST_EXAMPLES = 10
FOLDS = 5
_FEW_EXAMPLES = 3_000
_SHOWN_FEATURES = 20
_CANDIDATES = 10_000
_LEAST_WITH = 3
_NAMED_TEXTS = 3_000


class Example(NamedTuple):
    """A text and its label. Examples of one ``group`` (the parts of a document) are held out together."""

    text: str
    label: str
    group: str = ""


def train(examples: Sequence[Example], labels: Sequence[str], *, seed: int = 0) -> TextClassifier:
    """A classifier for ``labels``; what has another label is an example of none of them.

    The same examples in the same order and the same seed give the same classifier.

    Raises:
        DataError: a label, or the rest, has fewer than ten different examples.
    """
    chosen, notes = _different(examples)
    names = np.array([example.label for example in chosen], dtype=object)
    for label in labels:
        _check(label, int((names == label).sum()), int((names != label).sum()))
    folds_R = _folds(chosen, seed, notes)
    rows = Extractor().rows(example.text for example in chosen)
    measured = range(FOLDS) if len(chosen) <= _FEW_EXAMPLES else range(1)
    models = []
    for label in labels:
        are_positive_R = names == label
        margins_R, are_held_R, model = _held_out_margins(rows, are_positive_R, folds_R, measured)
        linear = fit(rows, are_positive_R, 1 << BUCKET_BITS, start=model)
        models.append(
            LabelModel(
                label,
                linear,
                calibrate(margins_R[are_held_R], are_positive_R[are_held_R]),
                measure(margins_R[are_held_R], are_positive_R[are_held_R]),
                _telling([example.text for example in chosen], linear),
            )
        )
    return TextClassifier(models, notes)


def _different(examples: Sequence[Example]) -> tuple[list[Example], list[str]]:
    """Every text once, without those that have two labels; and what there is to say of it."""
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        labels[_key(example.text)].add(example.label)
    chosen: dict[str, Example] = {}
    num_contradictory = 0
    for example in examples:
        key = _key(example.text)
        num_contradictory += len(labels[key]) > 1
        if key and len(labels[key]) == 1:
            chosen.setdefault(key, example)
    counts = Counter(example.label for example in chosen.values())
    notes = [f"Trained on {', '.join(f'{count:,} {label}' for label, count in sorted(counts.items()))}."]
    if num_contradictory:
        notes.append(f"{num_contradictory:,} examples were left out: the same text has two labels.")
    if num_copies := len(examples) - len(chosen) - num_contradictory:
        notes.append(f"{num_copies:,} examples were left out: copies of others, or empty.")
    return list(chosen.values()), notes


def _key(text: str) -> str:
    return " ".join(text.lower().split())


def _check(label: str, num_positive: int, num_negative: int) -> None:
    if min(num_positive, num_negative) < LEAST_EXAMPLES:
        few, name = min((num_positive, f"of '{label}'"), (num_negative, f"of anything but '{label}'"))
        raise DataError(
            f"only {few} different examples {name}: at least {LEAST_EXAMPLES} are needed to learn from",
            hint="mark more examples; a few hundred of each kind are a good beginning",
        )


def _folds(examples: Sequence[Example], seed: int, notes: list[str]) -> np.ndarray:
    """A number below ``FOLDS`` for each example; every label is spread evenly over them, and a group is in one."""
    units: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        units[example.label].add(example.group or _key(example.text))
    keeps_groups = all(len(groups) >= FOLDS for groups in units.values())
    if not keeps_groups:
        notes.append(
            "Parts of one document stand on both sides of the measurement, as there are too few documents: the "
            "quality on other documents will be lower than what is shown."
        )
    by_label: defaultdict[str, dict[str, int]] = defaultdict(dict)
    unit_of = [(example.group if keeps_groups else "") or _key(example.text) for example in examples]
    for example, unit in zip(examples, unit_of, strict=True):
        rank = xxhash.xxh3_64_intdigest(f"{seed}|{unit}".encode("utf-8", "surrogatepass"))
        by_label[example.label][unit] = rank
    fold_of: dict[str, int] = {}
    for label in sorted(by_label):
        for place, unit in enumerate(sorted(by_label[label], key=lambda unit: (by_label[label][unit], unit))):
            fold_of.setdefault(unit, place % FOLDS)
    return np.array([fold_of[unit] for unit in unit_of])


def _held_out_margins(
    rows: Rows, are_positive_R: np.ndarray, folds_R: np.ndarray, measured: range
) -> tuple[np.ndarray, np.ndarray, LinearModel | None]:
    """Margins of the examples of the ``measured`` folds, by models that did not see them; which they are; a model."""
    margins_R = np.zeros(len(rows))
    are_held_R = np.isin(folds_R, np.array(measured))
    model = None
    for fold in measured:
        seen, held = np.flatnonzero(folds_R != fold), np.flatnonzero(folds_R == fold)
        model = fit(rows.take(seen), are_positive_R[seen], 1 << BUCKET_BITS, start=model)
        margins_R[held] = model.margins(rows.take(held))
    return margins_R, are_held_R, model


def _telling(texts: Sequence[str], linear: LinearModel) -> tuple[Telling, ...]:
    """The words that moved the examples' margins most, those for the label first.

    The weight of a word is that of all its features: of itself and of its runs of letters. It counts times the root
    of how many examples have the word: a rare one says little of the others.
    """
    num_with: Counter[str] = Counter()
    for text in texts[:: -(-len(texts) // _NAMED_TEXTS)]:
        num_with.update(set(words_of(text)))
    extractor = Extractor()
    impacts = {}
    for word, count in num_with.most_common(_CANDIDATES):
        if count >= _LEAST_WITH:
            row = extractor.row(word)
            weight = float(linear.weights_F[row.buckets].sum())
            impacts[word] = (weight * count**0.5, weight)
    ranked = sorted(impacts, key=lambda word: (impacts[word], word))
    chosen = [word for word in reversed(ranked[-_SHOWN_FEATURES:]) if impacts[word][1] > 0]
    chosen += [word for word in ranked[:_SHOWN_FEATURES] if impacts[word][1] < 0]
    return tuple(Telling(word, round(impacts[word][1], 3)) for word in chosen)

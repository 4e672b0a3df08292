"""What a report shows of a classifier: how good it is, where to set the threshold, and by which words it judges."""

from __future__ import annotations

from samovar.data.classify.classifier import LabelModel, TextClassifier
from samovar.data.steps.step import Table


def classifier_tables(classifier: TextClassifier) -> list[Table]:
    """Quality, thresholds and telling words of every label."""
    tables = [_quality(classifier)]
    for model in classifier.models.values():
        tables += [_thresholds(model), _telling(model)]
    return tables


def _quality(classifier: TextClassifier) -> Table:
    rows: list[tuple[str, ...]] = []
    for label, model in classifier.models.items():
        held_out = model.held_out
        rows.append(
            (
                label,
                f"{held_out.num_positive:,}",
                f"{held_out.num_negative:,}",
                f"{held_out.area:.3f}",
                f"{held_out.brier:.3f}",
                f"{held_out.calibration_error:.3f}",
            )
        )
    head = ("label", "held-out examples of it", "others", "area under the curve", "Brier score", "calibration error")
    note = (
        "On examples that the measured models did not see. Area: the chance that an example of the label gets a higher "
        "probability than another one (0.5 is guessing). Brier score: mean square of probability minus truth. "
        "Calibration error: how far probabilities lie from the shares that they promise. "
    )
    return Table("Quality of the learned filter", head, rows, note + " ".join(classifier.notes))


def _thresholds(model: LabelModel) -> Table:
    rows: list[tuple[str, ...]] = [
        (f"{one.threshold:g}", _share(one.precision), _share(one.recall), _share(one.share))
        for one in model.held_out.at
    ]
    note = f"If everything with at least this probability is called '{model.label}'; on held-out examples."
    return Table(f"Thresholds for '{model.label}'", ("probability", "precision", "recall", "share called"), rows, note)


def _share(value: float) -> str:
    return "" if value != value else f"{value:.1%}"


def _telling(model: LabelModel) -> Table:
    speak_for = [one for one in model.telling if one.weight > 0]
    speak_against = [one for one in model.telling if one.weight <= 0]
    rows: list[tuple[str, ...]] = []
    for place in range(max(len(speak_for), len(speak_against))):
        cells: list[str] = []
        for side in (speak_for, speak_against):
            cells += [side[place].name, f"{side[place].weight:+.1f}"] if place < len(side) else ["", ""]
        rows.append(tuple(cells))
    head = ("speaks for", "weight", "speaks against", "weight")
    return Table(f"Most telling words for '{model.label}'", head, rows, "The weight of a word and of its letters.")

"""The classifier as it is used and kept: weights a label, and a calibration that makes probabilities of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samovar.core.errors import CorruptError, MissingError
from samovar.core.files import write_atomic
from samovar.data.classify.features import Extractor
from samovar.data.classify.held_out import Calibration, HeldOut
from samovar.data.classify.logistic import LinearModel

_VERSION = 1


class Telling(NamedTuple):
    """A feature that speaks for a label, or against it where the weight is negative."""

    name: str
    weight: float


class LabelModel(NamedTuple):
    """All about one label."""

    label: str
    linear: LinearModel
    calibration: Calibration
    held_out: HeldOut
    telling: tuple[Telling, ...]
    """The most telling features, those for the label first."""


class TextClassifier:
    """Says with which probability a text has each label. Labels are judged one by one and need not add up to 1."""

    def __init__(self, models: Iterable[LabelModel], notes: Iterable[str] = ()) -> None:
        self.models = {model.label: model for model in models}
        self.notes = tuple(notes)
        """What is to be known of the training, in sentences."""
        width = len(next(iter(self.models.values())).linear.weights_F)
        self._extractor = Extractor(width.bit_length() - 1)

    def probabilities(self, text: str) -> dict[str, float]:
        """The probability of every label."""
        row = self._extractor.row(text)
        found = {}
        for label, model in self.models.items():
            margin = row.values @ model.linear.weights_F[row.buckets] + model.linear.bias
            found[label] = float(model.calibration.probabilities(np.array([margin]))[0])
        return found

    def save(self, path: Path) -> None:
        """Write it as safetensors, with all but the weights as JSON in the header; whole or not at all."""
        from safetensors.numpy import save

        weights = {f"weights.{number}": model.linear.weights_F for number, model in enumerate(self.models.values())}
        about = {
            "version": _VERSION,
            "notes": self.notes,
            "labels": [_about(model) for model in self.models.values()],
        }
        write_atomic(path, save(weights, {"samovar_classifier": json.dumps(about, ensure_ascii=False)}))

    @classmethod
    def load(cls, path: Path) -> TextClassifier:
        """What ``save`` wrote.

        Raises:
            MissingError: there is no such file.
            CorruptError: it is not a classifier.
        """
        from safetensors import SafetensorError, safe_open

        if not path.is_file():
            raise MissingError(f"{path} does not exist")
        try:
            with safe_open(str(path), "np") as file:
                about = json.loads((file.metadata() or {})["samovar_classifier"])
                if about["version"] != _VERSION:
                    raise ValueError(f"version {about['version']}")
                models = [
                    _model(one, file.get_tensor(f"weights.{number}")) for number, one in enumerate(about["labels"])
                ]
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CorruptError(f"{path} is no classifier: {error}", hint="delete it and train it again") from error
        return cls(models, about["notes"])


def _about(model: LabelModel) -> dict[str, Any]:
    return {
        "label": model.label,
        "bias": model.linear.bias,
        "calibration": list(model.calibration),
        "held_out": model.held_out.to_json(),
        "telling": [list(one) for one in model.telling],
    }


def _model(about: dict[str, Any], weights_F: np.ndarray) -> LabelModel:
    return LabelModel(
        about["label"],
        LinearModel(weights_F, about["bias"]),
        Calibration(*about["calibration"]),
        HeldOut.from_json(about["held_out"]),
        tuple(Telling(*one) for one in about["telling"]),
    )

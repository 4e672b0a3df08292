"""Samovar's own training loop with a watch beside it, called as its stages call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from benchmarks.contestants.timing import Stopwatch, finish_on
from samovar.data.shards import DocumentTable, Split
from samovar.model.decoder import Decoder
from samovar.train.batches import Rows
from samovar.train.journal import METRICS
from samovar.train.loop import Objective, train
from samovar.train.settings import LoopSettings


class Course(NamedTuple):
    """What a run did."""

    looked_at: list[float]
    """Seconds from the start to each look, without the looks themselves. Compiling is in the first."""
    found: list[Any]
    """What each look gave."""
    losses: list[float]
    """Of every step, in nats a target."""
    ended_at: list[float]
    """Seconds from the start to the end of each step, in hundredths, looks included."""


def one_document(tokens: np.ndarray) -> Split:
    """The tokens as shards hold them, those of one document."""
    documents = DocumentTable(np.zeros(1, np.int64), [{"id": "the only one", "source": "", "meta": {}}])
    return Split([tokens], len(tokens), 1, len(tokens), documents)


def run_loop(
    model: Decoder,
    objective: Objective,
    rows: Rows,
    settings: LoopSettings,
    *,
    tokens: int,
    context: int,
    look: Callable[[], Any],
) -> Course:
    """Train ``model``, and look at it where the loop would validate: ``settings.validations`` times, evenly spread."""
    looked_at: list[float] = []
    found: list[Any] = []
    with TemporaryDirectory() as folder:
        out = Path(folder)
        watch = Stopwatch()

        def validate() -> dict[str, Any]:
            finish_on(next(model.parameters()).device.type)
            looked_at.append(watch.read())
            with watch.paused():
                found.append(look())
            return {}

        train(
            model, objective, rows, settings,
            tokens=tokens, context=context, out=out, title="samovar", validate=validate,
        )  # fmt: skip
        lines = (out / METRICS).read_text(encoding="utf-8").splitlines()
    steps = [row for row in map(json.loads, lines) if "loss" in row]
    return Course(looked_at, found, [row["loss"] for row in steps], [row["seconds"] for row in steps])

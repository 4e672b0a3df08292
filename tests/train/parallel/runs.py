"""Whole runs of the loop in several processes against the same run in one, interrupted ones among them."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from samovar.core.devices import training_dtype
from samovar.train.batches import IGNORED, Batch, Rows
from samovar.train.journal import read_metrics
from samovar.train.loop import train
from samovar.train.objectives.next_token import NextToken
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.shard import gather, spread
from samovar.train.settings import LoopSettings
from samovar.train.validation import validation_loss
from tests.train.parallel.models import make_model

CONTEXT, STEPS = 16, 6
OPTIONS: dict[str, dict[str, Any]] = {
    "muon": {
        "optimizer": "muon",
        "adamw_floor": 0.1,
        "ema_decay": 0.5,
        "z_loss": 1e-3,
        "rate_factors": {"*norm*": 0.5},
    },
    "adamw": {"optimizer": "adamw", "learning_rate": 0.002, "activation_checkpointing": True},
}


class Stop(RuntimeError):
    """Ends a run in its middle."""


class UnevenRows(Rows):
    """Rows with unequal numbers of targets; asked for those of a later step than ``last``, it ends the run."""

    def __init__(self, last: int | None = None, *, count: int = 40) -> None:
        draw = torch.Generator().manual_seed(11)
        self.rows = torch.randint(0, 64, (count, CONTEXT + 1), generator=draw)
        self.targets = self.rows[:, 1:].masked_fill(torch.rand(count, CONTEXT, generator=draw) < 0.4, IGNORED)
        self.left = last

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, numbers: np.ndarray) -> Batch:
        if self.left is not None:
            self.left -= len(numbers)
            if self.left < 0:
                raise Stop
        return Batch(self.rows[numbers, :-1].contiguous(), self.targets[numbers].contiguous(), None)


def run(grid: Grid, out: Path, option: str, *, stop_after: int | None = None) -> dict[str, Tensor]:
    """Train to the end, or stop after so many steps; gives the whole weights in the first process."""
    model = make_model({})
    out.mkdir(parents=True, exist_ok=True)
    settings = LoopSettings.model_validate(
        {"batch_tokens": 8 * CONTEXT, "micro_batch_tokens": 2 * CONTEXT, "validations": 2, "compile": "off",
         "checkpoint_every_s": 60 if stop_after is None else 1e-9} | OPTIONS[option]
    )  # fmt: skip
    rows = UnevenRows(None if stop_after is None else stop_after * 8 // grid.degrees.data)
    spread(model, grid, dtype=training_dtype(torch.device("cpu")))
    held_out = UnevenRows(count=13)

    def validate() -> dict[str, Any]:
        # 13 rows in batches of 3 do not divide by the processes.
        return {"validation_loss": validation_loss(model, held_out, rows_per_batch=3, grid=grid)}

    validate()  # before the first step, as stages do that tell what was before: it leaves weights gathered

    train(
        model, NextToken(settings.z_loss), rows, settings,
        tokens=STEPS * 8 * CONTEXT, context=CONTEXT, out=out, title="test", validate=validate, grid=grid,
    )  # fmt: skip
    whole = gather(model, grid, torch.float32)
    return {} if whole is None else {name: value.detach().clone() for name, value in whole.state_dict().items()}


def stop(grid: Grid, out: Path) -> None:
    """Train for three steps, and then no more."""
    try:
        run(grid, out, "muon", stop_after=3)
    except Stop:
        return
    raise AssertionError("the run was to be stopped")


def check_runs(grids: dict[str, Grid], out: Path) -> Iterator[tuple[str, float]]:
    """Losses, validation and final weights of runs that were not stopped, and of runs that went on in another grid."""
    gc.freeze()  # each checkpoint and each run end with a full collection
    own = out / f"alone-{next(iter(grids.values())).world.rank}"
    alone = {option: run(ALONE, own / option, option) for option in OPTIONS}
    losses = {option: read_losses(own / option) for option in OPTIONS}
    for option, expected in alone.items():
        for name, grid in grids.items():
            folder = out / f"{option} {name}"
            found = run(grid, folder, option)
            if grid.is_first:
                yield f"losses, {option}, {name}", differ(losses[option], read_losses(folder))
                yield f"weights, {option}, {name}", worst(expected, found)
    for (one, from_grid), (two, to_grid) in pairwise([*grids.items(), next(iter(grids.items()))]):
        for way, found, there in resumed(from_grid, to_grid, out / f"{one} then {two}"):
            if to_grid.is_first:
                yield f"resumed losses, {way}, {one} then {two}", differ(losses["muon"], read_losses(there))
                yield f"resumed weights, {way}, {one} then {two}", worst(alone["muon"], found)


def resumed(from_grid: Grid, to_grid: Grid, out: Path) -> Iterator[tuple[str, dict[str, Tensor], Path]]:
    """Runs that were stopped in one grid and went on in another, or before or behind in one process."""
    stop(from_grid, out / "many")
    if from_grid.is_first:
        shutil.copytree(out / "many", out / "to one")
    yield "many to many", run(to_grid, out / "many", "muon"), out / "many"
    if to_grid.is_first:
        yield "many to one", run(ALONE, out / "to one", "muon"), out / "to one"
        stop(ALONE, out / "from one")
    to_grid.total(0.0)  # the others wait for what the first one writes
    yield "one to many", run(to_grid, out / "from one", "muon"), out / "from one"
    if to_grid.is_first:
        assert (out / "from one/scratch/checkpoint/.metadata").is_file()
        assert not (out / "from one/scratch/checkpoint.safetensors").exists()
        assert not (out / "to one/scratch/checkpoint").exists()


def read_losses(folder: Path) -> list[float]:
    """Of every step, and of the validations."""
    rows = read_metrics(folder / "metrics.jsonl")
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))
    return [row[key] for row in rows for key in ("loss", "gradient_norm", "validation_loss") if key in row]


def differ(one: list[float], two: list[float]) -> float:
    """The greatest difference."""
    return max(abs(a - b) for a, b in zip(one, two, strict=True))


def worst(one: dict[str, Tensor], two: dict[str, Tensor]) -> float:
    """The greatest difference of any number."""
    assert one.keys() == two.keys()
    return max(float((one[name] - two[name]).abs().max()) for name in one)

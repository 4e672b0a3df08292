"""Samovar's DPO on pairs whose answers share what they begin with, by the settings of its recipe."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.contestants.samovar_run import run_loop
from samovar.core.devices import pick_device, training_dtype
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import Batch
from samovar.train.dpo import in_whole_steps
from samovar.train.objectives.contract import Measured
from samovar.train.objectives.dpo import Dpo
from samovar.train.preference_settings import DpoSettings
from samovar.train.preferences import load_preferences
from samovar.train.reference import ensure_reference
from samovar.train.trainable import open_trainable


class CountedPairs:
    """The objective, with a count of the pairs that it was asked to weigh."""

    def __init__(self, beta: float) -> None:
        self.objective = Dpo(beta)
        self.count = 0

    def weight(self, batch: Batch) -> int:
        """Of the objective."""
        weight = self.objective.weight(batch)
        self.count += weight
        return weight

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor | Measured:
        """Of the objective."""
        return self.objective.loss_sum(model, batch, hidden_BTD)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Go through the pairs until the job's steps are done; those after the warm-up count, and the reference."""
    torch.set_num_threads(job["threads"])
    folder = Path(job["model"])
    started = time.perf_counter()
    tokenizer = Tokenizer.load(folder)
    settings = _settings(job)
    context = job["context"]
    found = load_preferences(
        [Path(job["pairs"])], settings, tokenizer, kind="pairs", context=context, is_quiet=True
    )  # fmt: skip
    rows = found.train
    prepared = time.perf_counter() - started
    model = open_trainable(folder, None, seed=0).to(pick_device())
    model.compute_dtype = training_dtype(next(model.parameters()).device)
    rows_at_once = settings.micro_batch_tokens // context
    with TemporaryDirectory() as cache:
        started = time.perf_counter()
        ensure_reference(model, rows, Path(cache), rows_per_batch=rows_at_once, is_quiet=True)
        reference_seconds = time.perf_counter() - started
    loop = in_whole_steps(settings, context, len(rows))
    objective = CountedPairs(settings.beta)
    course = run_loop(
        model, objective, rows, loop.model_copy(update={"validations": job["steps"]}),
        tokens=job["steps"] * loop.batch_tokens, context=context, look=lambda: objective.count,
    )  # fmt: skip
    first = job["warmup_steps"] - 1
    seconds = course.looked_at[-1] - course.looked_at[first]
    pairs = course.found[-1] - course.found[first]
    a_pair = seconds / pairs + reference_seconds / len(rows.forks)
    return {
        "pairs_per_second": 1.0 / a_pair,
        "pairs_per_second_without_reference": pairs / seconds,
        "pairs": pairs,
        "pairs_of_the_set": len(rows.forks),
        "tokens_of_the_set": rows.packing.alone,
        "tokens_computed": rows.packing.tokens,
        "rows": len(rows),
        "step_seconds": [round(end - begin, 4) for begin, end in pairwise(course.looked_at[first:])],
        "first_step_seconds": round(course.looked_at[0], 2),
        "seconds_to_prepare": round(prepared, 2),
        "first_loss": round(course.losses[0], 4),
        "last_loss": round(float(np.mean(course.losses[-5:])), 4),
    }


def _settings(job: dict[str, Any]) -> DpoSettings:
    return DpoSettings(
        context=job["context"],
        batch_tokens=job["batch_tokens"],
        micro_batch_tokens=min(job["micro_batch_tokens"], job["batch_tokens"]),
        learning_rate=job["learning_rate"],
        adamw_learning_rate=job["learning_rate"],
        beta=job["beta"],
        held_out_every=10**9,
        checkpoint_every_s=1e9,
        compile="on" if job["compile"] else "off",
    )

"""Samovar's fine-tuning on conversations, packed into rows, by the settings of its recipe."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from benchmarks.contestants.samovar_run import run_loop
from samovar.chat.read import read_conversations
from samovar.chat.rows import render_rows
from samovar.core.devices import pick_device
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import Batch
from samovar.train.objectives import next_token
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.settings import SftSettings
from samovar.train.trainable import open_trainable

_TOLERANCE = 0.02


class CountedTargets:
    """The objective of fine-tuning, with a count of the targets that it was asked to weigh."""

    def __init__(self) -> None:
        self.count = 0

    def weight(self, batch: Batch) -> int:
        """Of the objective."""
        weight = next_token.weight(batch)
        self.count += weight
        return weight

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
        """Of the objective."""
        return next_token.loss_sum(model, batch, hidden_BTD)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Go through the conversations ``job["epochs"]`` times; the steps after the warm-up count."""
    torch.set_num_threads(job["threads"])
    folder = Path(job["model"])
    started = time.perf_counter()
    tokenizer = Tokenizer.load(folder)
    conversations = read_conversations(Path(job["conversations"]))
    with TemporaryDirectory() as packed:
        counts = pack_rows(
            render_rows(conversations, tokenizer),
            Path(packed),
            context=job["context"],
            vocab_size=tokenizer.vocab_size,
            pad_id=tokenizer.document_end_id,
            max_rows=1 << 30,
        )
        prepared = time.perf_counter() - started
        rows = PackedRows(Path(packed))
        num_tokens = job["epochs"] * counts["rows"] * job["context"]
        num_steps = max(job["warmup_steps"] + 2, round(num_tokens / job["batch_tokens"]))
        objective = CountedTargets()
        course = run_loop(
            open_trainable(folder, None, seed=0).to(pick_device()),
            objective,
            rows,
            _settings(job, num_steps),
            tokens=num_steps * job["batch_tokens"],
            context=job["context"],
            look=lambda: objective.count,
        )
    seen = course.found[-1] / counts["targets"] * counts["rows"] * job["context"]
    if abs(seen / (num_steps * job["batch_tokens"]) - 1.0) > _TOLERANCE:
        raise RuntimeError(f"{course.found[-1]} targets were weighed in {num_steps} steps: not what the rows hold")
    return {
        **speed(course.looked_at, course.found, job["warmup_steps"]),
        "targets_of_the_set": counts["targets"],
        "conversations": counts["conversations"],
        "target_share": round(counts["targets"] / (counts["rows"] * job["context"]), 3),
        "seconds_to_prepare": round(prepared, 2),
        "first_loss": round(course.losses[0], 4),
        "last_loss": round(course.losses[-1], 4),
    }


def _settings(job: dict[str, Any], num_steps: int) -> SftSettings:
    return SftSettings(
        batch_tokens=job["batch_tokens"],
        micro_batch_tokens=min(SftSettings().micro_batch_tokens, job["batch_tokens"]),
        validations=num_steps,
        checkpoint_every_s=1e9,
        compile="on" if job["compile"] else "off",
    )


def speed(ended_at: list[float], targets: list[int], warmup_steps: int) -> dict[str, Any]:
    """Targets a second over the steps after the warm-up.

    Args:
        ended_at: seconds at the end of each step.
        targets: trained on up to then.
    """
    first = warmup_steps - 1
    return {
        "target_tokens_per_second": (targets[-1] - targets[first]) / (ended_at[-1] - ended_at[first]),
        "targets": targets[-1] - targets[first],
        "steps": len(ended_at) - warmup_steps,
        "step_seconds": [round(end - begin, 4) for begin, end in pairwise(ended_at[first:])],
        "first_step_seconds": round(ended_at[0], 2),
    }

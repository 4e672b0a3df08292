"""Samovar's own training loop, called as its pretraining stage calls it."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from benchmarks.contestants.timing import train_outcome
from benchmarks.shape import random_tokens
from samovar.data.shards import Split
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.train.batches import Batch, ShardRows
from samovar.train.loop import train
from samovar.train.objectives import next_token
from samovar.train.settings import LoopSettings


class TimedRows(ShardRows):
    """Rows that note when each micro-batch was asked for: a step begins with its first."""

    def __init__(self, tokens: np.ndarray, context: int, *, document_mask: bool) -> None:
        super().__init__(Split([tokens], len(tokens), 1, len(tokens)), context, 0, document_mask=document_mask)
        self.asked_at: list[float] = []

    def batch(self, numbers: np.ndarray) -> Batch:
        """The rows, as ever."""
        self.asked_at.append(time.perf_counter())
        return super().batch(numbers)


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the asked steps and one more, whose beginning ends the last."""
    torch.set_num_threads(job["threads"])
    shape = DecoderSettings(**job["shape"])
    model = Decoder(shape)
    initialize(model, 0)
    num_steps = job["warmup_steps"] + job["timed_steps"]
    rows = TimedRows(
        random_tokens(job["step_tokens"] * (num_steps + 1) + 1, shape.vocab_size),
        job["context"],
        document_mask=job["document_mask"],
    )
    with TemporaryDirectory() as out:
        train(
            model,
            next_token,
            rows,
            _settings(job),
            tokens=job["step_tokens"] * (num_steps + 1),
            context=job["context"],
            out=Path(out),
            title="samovar",
            validate=dict,
        )
    return train_outcome(
        job,
        step_started_at=rows.asked_at[:: job["step_tokens"] // job["micro_tokens"]],
        num_parameters=sum(parameter.numel() for parameter in model.parameters()),
    )


def _settings(job: dict[str, Any]) -> LoopSettings:
    rate = {"muon": 0.02, "adamw": 0.002}[job["optimizer"]]
    return LoopSettings(
        batch_tokens=job["step_tokens"],
        micro_batch_tokens=job["micro_tokens"],
        optimizer=job["optimizer"],
        learning_rate=rate,
        validations=1,
        checkpoint_every_s=1e9,
        compile="on" if job["compile"] else "off",
    )

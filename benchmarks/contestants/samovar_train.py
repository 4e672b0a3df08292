"""Samovar's own training loop on random tokens: how long does each step take?"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.contestants.samovar_run import one_document, run_loop
from benchmarks.contestants.timing import train_outcome, wait_for_turn
from benchmarks.shape import random_tokens
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.train.batches import ShardRows
from samovar.train.objectives import next_token
from samovar.train.settings import LoopSettings


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the asked steps."""
    torch.set_num_threads(job["threads"])
    shape = DecoderSettings(**job["shape"])
    model = Decoder(shape)
    initialize(model, 0)
    model.to(job.get("device", "cpu"))
    num_steps = job["warmup_steps"] + job["timed_steps"]
    num_tokens = job["step_tokens"] * num_steps
    tokens = random_tokens(num_tokens + 1, shape.vocab_size)
    rows = ShardRows(
        one_document(tokens), job["context"], job.get("document_end_id", 0), document_mask=job["document_mask"]
    )
    course = run_loop(
        model, next_token, rows, _settings(job, num_steps),
        tokens=num_tokens, context=job["context"], look=lambda: wait_for_turn(job),
    )  # fmt: skip
    return train_outcome(
        job,
        step_started_at=[0.0, *course.looked_at],
        losses=course.losses,
        num_parameters=sum(parameter.numel() for parameter in model.parameters()),
    )


def _settings(job: dict[str, Any], num_steps: int) -> LoopSettings:
    rate = {"muon": 0.02, "adamw": 0.002}[job["optimizer"]]
    return LoopSettings(
        batch_tokens=job["step_tokens"],
        micro_batch_tokens=job["micro_tokens"],
        optimizer=job["optimizer"],
        learning_rate=rate,
        validations=num_steps,
        checkpoint_every_s=1e9,
        compile="on" if job["compile"] else "off",
    )

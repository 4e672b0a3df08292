"""Samovar on a text, by its recipe or with AdamW: how does the held-out loss fall with time?"""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.contestants.held_out import curve_outcome, held_out_loss, load_tokens
from benchmarks.contestants.samovar_run import one_document, run_loop
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.train.batches import ShardRows
from samovar.train.objectives import next_token
from samovar.train.settings import LoopSettings


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the job's steps, and look at the held-out tokens now and then."""
    torch.set_num_threads(job["threads"])
    model = Decoder(DecoderSettings(**job["shape"]))
    initialize(model, 0, sketches_induction=job["sketches_induction"])
    tokens, held_out = (load_tokens(job[split]) for split in ("train", "validation"))
    rows = ShardRows(one_document(tokens), job["context"], 0, document_mask=False)

    def look() -> float:
        return held_out_loss(
            lambda tokens_BT, target_BT: model(tokens_BT),
            held_out,
            context=job["context"],
            num_rows=job["held_out_rows"],
        )

    num_tokens = job["steps"] * job["step_tokens"]
    course = run_loop(model, next_token, rows, _settings(job), tokens=num_tokens, context=job["context"], look=look)
    return curve_outcome(job, looked_at=course.looked_at, losses=course.found, step_ended_at=course.ended_at)


def _settings(job: dict[str, Any]) -> LoopSettings:
    return LoopSettings(
        **{
            "batch_tokens": job["step_tokens"],
            "micro_batch_tokens": job["micro_tokens"],
            "validations": job["looks"],
            "checkpoint_every_s": 1e9,
            "compile": "on" if job["compile"] else "off",
            **job["settings"],
        }
    )

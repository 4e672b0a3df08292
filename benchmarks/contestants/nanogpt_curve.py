"""nanoGPT on a text, by its recipe for small models: how does the held-out loss fall with time?

The recipe is that of its ``config/train_shakespeare_char.py``, whose width, context and batch are those of this race:
AdamW at 1e-3 with betas of 0.9 and 0.99, 100 steps of warm-up, a cosine down to a tenth. Only the dropout of 0.2 is
left out: it is there against learning a megabyte by heart, and would slow learning where no text is seen twice.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from benchmarks.contestants.held_out import curve_outcome, held_out_loss, load_tokens, look_steps
from benchmarks.contestants.nanogpt_train import new_model, stepper
from benchmarks.contestants.timing import Stopwatch

_RATE, _LAST_RATE, _BETAS, _WEIGHT_DECAY, _WARMUP_STEPS = 1e-3, 1e-4, (0.9, 0.99), 0.1, 100


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the job's steps, and look at the held-out tokens now and then."""
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)
    model = new_model(job)
    optimizer = model.configure_optimizers(_WEIGHT_DECAY, _RATE, _BETAS, "cpu")
    held_out = load_tokens(job["validation"])

    def logits(tokens_BT: Tensor, target_BT: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=job["bfloat16"]):
            return model(tokens_BT, target_BT)[0]

    step_ended_at, looked_at, losses = [], [], []
    look_at = set(look_steps(job))
    watch = Stopwatch()
    step = stepper(model, optimizer, load_tokens(job["train"]), job)
    for number in range(job["steps"]):
        for group in optimizer.param_groups:
            group["lr"] = rate(number, job["steps"])
        step()
        step_ended_at.append(watch.read())
        if number + 1 in look_at:
            looked_at.append(watch.read())
            with watch.paused():
                model.eval()
                losses.append(held_out_loss(logits, held_out, context=job["context"], num_rows=job["held_out_rows"]))
                model.train()
    return curve_outcome(job, looked_at=looked_at, losses=losses, step_ended_at=step_ended_at)


def rate(step: int, num_steps: int) -> float:
    """Linear warm-up, then a cosine that ends with the run."""
    warmup = min(_WARMUP_STEPS, num_steps // 10)
    if step < warmup:
        return _RATE * (step + 1) / (warmup + 1)
    share = (step - warmup) / max(1, num_steps - warmup)
    return _LAST_RATE + 0.5 * (1.0 + math.cos(math.pi * share)) * (_RATE - _LAST_RATE)

"""nanochat: its GPT and its optimizer from a checkout, and around them the steps that its ``base_train.py`` takes.

The script compiles always. On a processor it computes in float32 unless the environment says ``NANOCHAT_DTYPE``: with
``bfloat16`` in the job it does. Its rates are scaled by the batch as the script scales them; attention sees the whole
row, as the script advises where there is no FlashAttention 3.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.contestants.timing import Stopwatch, finish_on, train_outcome, wait_for_turn
from benchmarks.shape import random_tokens

_REFERENCE_BATCH_TOKENS = 2**19
_WARMUP_STEPS = 40


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the asked steps."""
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)
    model = _model(job)
    optimizer = _optimizer(model, job["step_tokens"])
    forward = torch.compile(model, dynamic=False) if job["compile"] else model
    num_steps = job["warmup_steps"] + job["timed_steps"]
    tokens = random_tokens(job["step_tokens"] * num_steps + 1, job["shape"]["vocab_size"]).astype(np.int64)
    device = job.get("device", "cpu")
    rows, targets = (
        torch.from_numpy(tokens[i : len(tokens) - 1 + i]).to(device).view(-1, job["context"]) for i in (0, 1)
    )
    watch = Stopwatch()
    started_at, losses = [watch.read()], []
    for number in range(num_steps):
        losses.append(_step(forward, optimizer, rows, targets, number, job))
        model.zero_grad(set_to_none=True)
        if number == 0:  # as the script does
            gc.collect()
            gc.freeze()
            gc.disable()
        finish_on(device)
        started_at.append(watch.read())
        with watch.paused():
            wait_for_turn(job)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    return train_outcome(job, step_started_at=started_at, losses=losses, num_parameters=num_parameters)


def _model(job: dict[str, Any]) -> Any:
    """Its GPT of the job's shape; value embeddings and an untied head come on top, the feed-forward is its own."""
    os.environ["NANOCHAT_DTYPE"] = "bfloat16" if job["bfloat16"] else "float32"
    if not job["compile"]:
        torch.compiler.set_stance("force_eager")  # its optimizer compiles itself, too
    sys.path.insert(0, job["nanochat"])
    from nanochat.gpt import GPT, GPTConfig

    shape = job["shape"]
    config = GPTConfig(
        sequence_len=job["context"],
        vocab_size=shape["vocab_size"],
        n_layer=shape["num_layers"],
        n_head=shape["num_heads"],
        n_kv_head=shape["num_kv_heads"],
        n_embd=shape["hidden_size"],
        window_pattern="L",
    )
    if job.get("device") == "cuda":  # as the script does
        torch.set_float32_matmul_precision("high")
    with torch.device(job.get("device", "cpu")):
        model = GPT(config)
        model.init_weights()
    return model


def _optimizer(model: Any, step_tokens: int) -> Any:
    """With the script's default rates, by the square root of the batch against that which they were tuned at."""
    scale = (step_tokens / _REFERENCE_BATCH_TOKENS) ** 0.5
    return model.setup_optimizer(
        unembedding_lr=0.008 * scale, embedding_lr=0.3 * scale, matrix_lr=0.02 * scale, scalar_lr=0.5 * scale
    )


def _step(forward: Any, optimizer: Any, rows: Tensor, targets: Tensor, number: int, job: dict[str, Any]) -> float:
    rows_per_micro = job["micro_tokens"] // job["context"]
    num_micro_batches = job["step_tokens"] // job["micro_tokens"]
    for place in range(num_micro_batches):
        first = (number * num_micro_batches + place) * rows_per_micro
        loss = forward(rows[first : first + rows_per_micro], targets[first : first + rows_per_micro])
        (loss / num_micro_batches).backward()
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * min(1.0, (number + 1) / _WARMUP_STEPS)
    optimizer.step()
    return float(loss.detach())

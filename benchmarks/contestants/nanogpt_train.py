"""nanoGPT: ``model.py`` from a checkout, and around it the steps that its ``train.py`` takes.

Its script leaves autocast out on a processor, and its README says to leave out compiling: that is how it ships. With
``bfloat16`` and ``compile`` in the job it has both, which is several times faster where bfloat16 is native.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.contestants.timing import Stopwatch, finish_on, train_outcome, wait_for_turn
from benchmarks.shape import random_tokens

_RATE, _BETAS, _WEIGHT_DECAY, _MAX_GRADIENT_NORM = 1e-3, (0.9, 0.95), 0.1, 1.0


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the asked steps."""
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)
    device = job.get("device", "cpu")
    if device == "cuda":  # as the script does
        torch.set_float32_matmul_precision("high")
    model = new_model(job).to(device)
    optimizer = model.configure_optimizers(_WEIGHT_DECAY, _RATE, _BETAS, device)
    num_steps = job["warmup_steps"] + job["timed_steps"]
    step = stepper(model, optimizer, random_tokens(job["step_tokens"] * num_steps, job["shape"]["vocab_size"]), job)
    watch = Stopwatch()
    started_at, losses = [watch.read()], []
    for _ in range(num_steps):
        losses.append(step())
        finish_on(device)
        started_at.append(watch.read())
        with watch.paused():
            wait_for_turn(job)
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    return train_outcome(job, step_started_at=started_at, losses=losses, num_parameters=num_parameters)


def stepper(model: Any, optimizer: Any, tokens: np.ndarray, job: dict[str, Any]) -> Callable[[], float]:
    """A function that takes one step of nanoGPT's loop and gives the loss of its last micro-batch, as that logs it."""
    forward = torch.compile(model) if job["compile"] else model
    num_micro_batches = job["step_tokens"] // job["micro_tokens"]
    waiting = [_batch(tokens, job)]

    def step() -> float:
        for _ in range(num_micro_batches):
            with torch.autocast(job.get("device", "cpu"), dtype=torch.bfloat16, enabled=job["bfloat16"]):
                _, loss = forward(*waiting.pop())
            waiting.append(_batch(tokens, job))
            (loss / num_micro_batches).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), _MAX_GRADIENT_NORM)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    return step


def new_model(job: dict[str, Any]) -> Any:
    """Its GPT of the job's width, depth and heads; key-value heads are as many, the feed-forward block is its own."""
    nanogpt = _module(Path(job["nanogpt"]) / "model.py")
    shape = job["shape"]
    return nanogpt.GPT(
        nanogpt.GPTConfig(
            block_size=job["context"],
            vocab_size=shape["vocab_size"],
            n_layer=shape["num_layers"],
            n_head=shape["num_heads"],
            n_embd=shape["hidden_size"],
            dropout=0.0,
            bias=False,
        )
    )


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("nanogpt_model", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _batch(tokens: np.ndarray, job: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Rows from random places, and the same moved by one."""
    context = job["context"]
    starts = torch.randint(len(tokens) - context, (job["micro_tokens"] // context,))
    rows = torch.stack([torch.from_numpy(tokens[i : i + context + 1].astype(np.int64)) for i in starts])
    inputs, targets = rows[:, :-1].contiguous(), rows[:, 1:].contiguous()
    if job.get("device") != "cuda":
        return inputs, targets
    return inputs.pin_memory().cuda(non_blocking=True), targets.pin_memory().cuda(non_blocking=True)

"""The training loop: steps, clipping, schedule, checkpoints, validation. It knows no objective.

Resumes by itself from a checkpoint in the run's folder, and then ends with the numbers it would have had.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from samovar.core.devices import can_compile, keep_freed_memory, training_dtype
from samovar.core.errors import SamovarError
from samovar.core.progress import Progress
from samovar.model.decoder import Decoder
from samovar.train.batches import Batch, Order, Rows
from samovar.train.checkpoints import RunState, load_checkpoint, save_checkpoint
from samovar.train.journal import Journal
from samovar.train.optimizers import Optimizers
from samovar.train.schedule import rate_share
from samovar.train.settings import LoopSettings

COMPILE_PAYS_AFTER_MICRO_BATCHES = 150
"""Compiling takes 20 to 60 seconds and saves a third of a micro-batch of about a second."""


class NonFiniteLossError(SamovarError, ArithmeticError):
    """The loss became NaN or infinite."""


class Objective(Protocol):
    """A module under ``objectives``."""

    def weight(self, batch: Batch) -> int:
        """What the summed loss is divided by."""
        ...

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
        """The loss, summed over what ``weight`` counts.

        Args:
            hidden_BTD: what ``model.hidden`` makes of the batch. The loop computes it, as that is the part whose
                shapes stay fixed and which therefore compiles once.
        """
        ...


class Plan:
    """How a token budget falls into steps and micro-batches."""

    def __init__(self, settings: LoopSettings, *, tokens: int, context: int, num_rows: int) -> None:
        self.rows_per_micro = max(1, min(settings.micro_batch_tokens, settings.batch_tokens) // context)
        micro_batches = max(1, round(settings.batch_tokens / (self.rows_per_micro * context)))
        self.rows_per_step = micro_batches * self.rows_per_micro
        self.tokens_per_step = self.rows_per_step * context
        self.num_steps = max(1, round(tokens / self.tokens_per_step))
        self.order = Order(
            num_rows, rows_per_step=self.rows_per_step, rows_per_micro=self.rows_per_micro, seed=settings.seed
        )

    @property
    def num_micro_batches(self) -> int:
        """Over the whole run."""
        return self.num_steps * self.rows_per_step // self.rows_per_micro


def train(
    model: Decoder,
    objective: Objective,
    rows: Rows,
    settings: LoopSettings,
    *,
    tokens: int,
    context: int,
    out: Path,
    title: str,
    validate: Callable[[], dict[str, Any]],
) -> dict[str, Any]:
    """Train ``model`` in place over ``tokens`` tokens of ``rows``.

    Args:
        model: float32 weights; computes in bfloat16 where the processor gains from it.
        validate: measures the model now and then; its numbers go to metrics.jsonl, its texts to the screen as well.
        out: where metrics.jsonl, TensorBoard files and the checkpoint go.
    Returns:
        steps, tokens, seconds, tokens a second, the last step's loss, the last validation's numbers.
    Raises:
        NonFiniteLossError: the step's batch is saved in ``out`` for a look.
    """
    keep_freed_memory()
    model.compute_dtype = training_dtype(next(model.parameters()).device)
    plan = Plan(settings, tokens=tokens, context=context, num_rows=len(rows))
    optimizers = Optimizers(model, settings)
    state = load_checkpoint(out, model, optimizers) or RunState(step=0, seconds=0.0)
    journal = Journal(out, first_step=state.step)
    micro_step = _micro_step(model, objective, settings, plan)
    validate_at = {round(plan.num_steps * (i + 1) / settings.validations) for i in range(settings.validations)}
    started = saved = time.monotonic()
    with Progress(title, plan.num_steps * plan.tokens_per_step, "tokens") as progress:
        progress.start_at(state.step * plan.tokens_per_step)
        for step in range(state.step, plan.num_steps):
            share = rate_share(
                step,
                plan.num_steps,
                warmup_share=settings.warmup_share,
                decay_share=settings.decay_share,
                final_share=settings.final_share,
            )
            row = _step(model, objective, rows, plan, step, micro_step, settings, out)
            optimizers.step(share)
            row |= {
                "tokens": (step + 1) * plan.tokens_per_step,
                "seconds": round(state.seconds + time.monotonic() - started, 2),
                "learning_rate": settings.learning_rate * share,
            }
            progress.advance(plan.tokens_per_step, note=f"loss {row['loss']:.3f}")
            if step + 1 in validate_at:
                model.eval()
                found = validate()
                model.train()
                row |= found
                progress.say(_validation_line(step + 1, plan.num_steps, found))
            journal.write(step + 1, row)
            if time.monotonic() - saved >= settings.checkpoint_every_s or step + 1 == plan.num_steps:
                save_checkpoint(out, model, optimizers, RunState(step + 1, row["seconds"]))
                saved = time.monotonic()
    journal.close()
    return _summary(plan, journal.last_row)


def _summary(plan: Plan, last_row: dict[str, Any]) -> dict[str, Any]:
    """What the artifact's manifest says of the run: the last row holds the last loss and the last validation."""
    tokens = plan.num_steps * plan.tokens_per_step
    numbers = {name: last_row[name] for name in last_row if name == "loss" or name.startswith("validation")}
    seconds = last_row["seconds"]
    return {
        "steps": plan.num_steps,
        "tokens": tokens,
        "seconds": seconds,
        "tokens_per_second": round(tokens / max(seconds, 1e-9)),
        **numbers,
    }


def _step(
    model: Decoder,
    objective: Objective,
    rows: Rows,
    plan: Plan,
    step: int,
    micro_step: Callable[[Batch, float], Tensor],
    settings: LoopSettings,
    out: Path,
) -> dict[str, Any]:
    """Accumulate the gradient of one step; gives its mean loss and the gradient's norm before clipping."""
    device = next(model.parameters()).device
    batches = [rows.batch(numbers).to(device) for numbers in plan.order.micro_batches(step)]
    total = max(1, sum(objective.weight(batch) for batch in batches))
    loss = sum(float(micro_step(batch, 1.0 / total)) for batch in batches)
    norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), settings.max_gradient_norm))
    if not (math.isfinite(loss) and math.isfinite(norm)):
        path = out / f"non-finite-step-{step + 1}.pt"
        torch.save(batches, path)
        raise NonFiniteLossError(
            f"the loss of step {step + 1} is {loss} (gradient norm {norm}); its batch is in {path}",
            hint="lower the learning rates in the recipe, or look at the batch for broken text",
        )
    return {"loss": loss, "gradient_norm": norm}


def _micro_step(
    model: Decoder, objective: Objective, settings: LoopSettings, plan: Plan
) -> Callable[[Batch, float], Tensor]:
    """Forward and backward of one micro-batch, compiled where that pays."""
    wants = settings.compile == "on" or (
        settings.compile == "auto" and plan.num_micro_batches >= COMPILE_PAYS_AFTER_MICRO_BATCHES
    )
    hidden = model.hidden
    if wants and (next(model.parameters()).is_cuda or can_compile()):
        hidden = torch.compile(hidden, dynamic=False)

    def run(batch: Batch, scale: float) -> Tensor:
        hidden_BTD = hidden(batch.tokens_BT, document_BT=batch.document_BT)
        loss = objective.loss_sum(model, batch, hidden_BTD) * scale
        loss.backward()
        return loss.detach()

    return run


def _validation_line(step: int, num_steps: int, numbers: dict[str, Any]) -> str:
    parts = [f"{name.replace('_', ' ')} {value:.4f}" for name, value in numbers.items() if isinstance(value, float)]
    texts = [f"\n    {name}: {value!r}" for name, value in numbers.items() if isinstance(value, str)]
    return f"  step {step}/{num_steps}  " + "  ".join(parts) + "".join(texts)

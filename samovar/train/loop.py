"""The training loop: steps, schedule, averages, checkpoints, validation. It knows no objective.

Resumes by itself from a checkpoint in the run's folder, and then ends with the numbers it would have had.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from samovar.core.devices import (
    device_name,
    give_back_freed_memory,
    keep_freed_memory,
    memory_in_use,
)
from samovar.core.progress import Progress
from samovar.model.decoder import Decoder
from samovar.train.averages import Averages
from samovar.train.batches import Rows
from samovar.train.checkpoints import Checkpoint, RunState, Stateful, Weights
from samovar.train.computing import compute_as_in_training
from samovar.train.dropout import dropout
from samovar.train.flops import training_flops
from samovar.train.journal import Journal, SilentJournal
from samovar.train.memory_check import adapter_in, check_memory
from samovar.train.objectives.balance import balanced
from samovar.train.objectives.contract import Objective
from samovar.train.optimizers import Optimizers, trained_parameters
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.shard import settle
from samovar.train.plan import Plan
from samovar.train.settings import LoopSettings
from samovar.train.step import TrainStep, is_compiled

FREE = {
    "checkpoint_every_s", "validations", "parallel", "trackers", "compile", "micro_batch_tokens",
    "activation_checkpointing",
}  # fmt: skip
"""Settings with which a run may go on that began with others: they say how it is computed, and not what."""


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
    grid: Grid = ALONE,
) -> dict[str, Any]:
    """Train ``model`` in place over ``tokens`` tokens of ``rows``; with ``ema_decay`` it ends as the average.

    Args:
        model: float32 weights, spread over ``grid``; computes in bfloat16 where the processor gains from it.
        objective: what is minimised.
        rows: what it is trained on, in an order that follows from the seed.
        settings: how.
        tokens: the budget; at least one step is done.
        context: tokens of a row.
        out: where metrics.jsonl, TensorBoard files and the checkpoint go.
        title: of the run, for who watches it.
        validate: measures the model now and then; its numbers go to metrics.jsonl, its texts to the screen as well.
        grid: the processes that train together; all of them call this, and the first one writes.
    Returns:
        steps, tokens, seconds, tokens a second, the last step's loss, the last validation's numbers.
    Raises:
        ConfigError: the batch does not divide, or the checkpoint in ``out`` is of other settings.
        CorruptError: the checkpoint is damaged, or the weights hold numbers that are not finite.
        NonFiniteLossError: the step's batch is saved in ``out`` for a look.
        ResourceError: memory ran out, or would.
    """
    keep_freed_memory()
    device = next(model.parameters()).device
    compute_as_in_training(model, grid)
    # What a forward pass gathered before is freed later: those are not the weights to train and to save.
    settle(model)
    plan = Plan(settings, tokens=tokens, context=context, num_rows=len(rows), grid=grid)
    if grid.has_whole_model:
        check_memory(model, settings, plan)
    trained = trained_parameters(model)
    optimizers = Optimizers(model, settings, grid)
    averages = None if settings.ema_decay is None else Averages(trained, settings.ema_decay)
    checkpoint = _checkpoint(out, trained, optimizers, averages, settings, plan, grid)
    state = checkpoint.load() or RunState(step=0, seconds=0.0)
    journal = _journal(out, state.step, model, settings, plan, grid, title=title)
    with (
        _training_mode(model, settings, plan),
        balanced(objective, model, settings.expert_balance, grid) as objective,
        Progress(title, plan.num_tokens, "tokens", is_quiet=not grid.is_first) as progress,
    ):
        train_step = TrainStep(model, objective, rows, plan, settings, out=out, grid=grid)
        if state.step < plan.num_steps:
            train_step.rehearse()
        progress.start_at(state.step * plan.tokens_per_step)
        started = saved = time.monotonic()
        for step in range(state.step, plan.num_steps):
            share = settings.rate_share(step, plan.num_steps)
            row: dict[str, Any] = dict(train_step(step))
            optimizers.step(share)
            if averages is not None:
                averages.update(step)
            row |= {
                "tokens": (step + 1) * plan.tokens_per_step,
                "seconds": round(state.seconds + time.monotonic() - started, 2),
                "learning_rate": settings.learning_rate * share,
                "memory_bytes": memory_in_use(device),
            }
            progress.advance(plan.tokens_per_step, note=f"loss {row['loss']:.3f}")
            if step + 1 in plan.validate_at:
                found = _measure(model, averages, validate)
                row |= found
                progress.say(_validation_line(step + 1, plan.num_steps, found))
            journal.write(step + 1, row)
            is_due = grid.first_says(time.monotonic() - saved >= settings.checkpoint_every_s)
            if is_due or step + 1 == plan.num_steps:
                checkpoint.save(RunState(step + 1, row["seconds"]))
                give_back_freed_memory()  # what is kept between steps is in pieces after many, and more than is used
                saved = time.monotonic()
    if averages is not None:
        averages.exchange()
    journal.close()
    return _summary(plan, journal.last_row)


def _checkpoint(
    out: Path,
    trained: dict[str, Any],
    optimizers: Optimizers,
    averages: Averages | None,
    settings: LoopSettings,
    plan: Plan,
    grid: Grid,
) -> Checkpoint:
    others: dict[str, Stateful] = {"optimizer": optimizers}
    if averages is not None:
        others["average"] = averages
    facts = plan.facts() | settings.model_dump(mode="json", exclude=FREE)
    return Checkpoint(out, Weights(trained), others, facts=facts, grid=grid)


def _journal(
    out: Path, first_step: int, model: Decoder, settings: LoopSettings, plan: Plan, grid: Grid, *, title: str
) -> SilentJournal:
    """What the first process writes down; it begins with what the run is going to be, for who watches it."""
    if not grid.is_first:
        return SilentJournal()
    adapter = adapter_in(model) if isinstance(model, Decoder) else None  # an encoder's is counted as all its weights
    about = {
        "title": title,
        "steps": plan.num_steps,
        "tokens": plan.num_tokens,
        "context": plan.context,
        "parameters": model.settings.num_parameters,
        "flops_per_token": training_flops(model.settings, plan.context, adapter),
        "device": device_name(next(model.parameters()).device),
        "is_compiled": is_compiled(model, settings, plan),
        "world_size": grid.degrees.size,
    }
    return Journal(out, first_step=first_step, about=about, trackers=settings.trackers)


@contextmanager
def _training_mode(model: Decoder, settings: LoopSettings, plan: Plan) -> Iterator[None]:
    """What the model does in training alone."""
    before = model.is_compiled, model.recomputes_layers
    model.is_compiled = is_compiled(model, settings, plan)
    model.recomputes_layers = settings.activation_checkpointing
    try:
        with dropout(model, settings.dropout):
            model.train()
            yield
    finally:
        model.is_compiled, model.recomputes_layers = before


def _measure(model: Decoder, averages: Averages | None, validate: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What ``validate`` finds, of the averages where there are any."""
    with nullcontext() if averages is None else averages.in_the_model():
        model.eval()
        found = validate()
        model.train()
        settle(model)
    return found


def _summary(plan: Plan, last_row: dict[str, Any]) -> dict[str, Any]:
    """What the artifact's manifest says of the run: the last row holds the last loss and the last validation."""
    numbers = {name: last_row[name] for name in last_row if name == "loss" or name.startswith("validation")}
    seconds = last_row["seconds"]
    return {
        "steps": plan.num_steps,
        "tokens": plan.num_tokens,
        "seconds": seconds,
        "tokens_per_second": round(plan.num_tokens / max(seconds, 1e-9)),
        **numbers,
    }


def _validation_line(step: int, num_steps: int, numbers: dict[str, Any]) -> str:
    parts = [f"{name.replace('_', ' ')} {value:.4f}" for name, value in numbers.items() if isinstance(value, float)]
    texts = [f"\n    {name}: {value!r}" for name, value in numbers.items() if isinstance(value, str)]
    return f"  step {step}/{num_steps}  " + "  ".join(parts) + "".join(texts)

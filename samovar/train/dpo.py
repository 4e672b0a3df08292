"""Preference optimisation: an assistant and people's preferences in, an assistant that answers more as they like out.

Which loss is a setting; each is a file under ``objectives``. Those with a reference compare with the assistant as it
was: its log-probabilities of all answers are computed once, before the first step, and kept on disk.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch

from samovar.chat.preferences import Preference
from samovar.chat.rows import prompt_ids
from samovar.core.artifact import SCRATCH
from samovar.core.devices import pick_device, training_dtype
from samovar.core.errors import ConfigError
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.vocabulary import check_vocabulary
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.computing import compute_as_in_training
from samovar.train.drift import measure_drift
from samovar.train.loop import train
from samovar.train.micro_batches import filling_gpu
from samovar.train.objectives.contract import Objective
from samovar.train.parallel.degrees import rows_of_a_process, rows_of_a_step
from samovar.train.parallel.grid import open_grid
from samovar.train.parallel.shard import gather, spread
from samovar.train.parallel.world import BY_ITSELF, World
from samovar.train.preference_settings import DpoSettings, PreferenceSettings
from samovar.train.preferences import PreferenceRows, load_preferences
from samovar.train.reference import ensure_reference
from samovar.train.samples import sample_lines
from samovar.train.settings import LoopSettings
from samovar.train.trainable import loop_settings, open_trainable, save_trained
from samovar.train.validation import held_out_means

_SAMPLES = 2
_DRIFT_PROMPTS = 32


class PreferenceObjective(Objective, Protocol):
    """An objective that may need a reference."""

    @property
    def needs_reference(self) -> bool:
        """Whether it compares with one."""
        ...


def dpo(
    settings: DpoSettings,
    *,
    base: Path,
    out: Path,
    preferences: Sequence[Path],
    cache: Path | None = None,
    world: World = BY_ITSELF,
) -> dict[str, Any]:
    """Train the assistant in ``base``, or an adapter beside it, and leave the new one in ``out``.

    Args:
        settings: the loss and how it is minimised.
        base: an assistant's folder.
        out: the new one's.
        preferences: files of them (``chat/preferences.py`` has the forms).
        cache: folder where log-probabilities under the reference are kept for further runs; by default for this one.
        world: the processes that train together: all of them call this, and the first one writes.
    Raises:
        ConfigError: there are no preferences, or something does not divide by the processes.
        DataError: nothing can be learnt from them.
    """
    objective = load_objective(settings)
    check_processes(settings)
    tokenizer = Tokenizer.load(base)
    model = open_trainable(base, settings.adapter, seed=settings.seed)
    check_vocabulary(tokenizer, model.settings, base)
    context = settings.row_tokens(model.settings.max_positions)
    rows = load_preferences(
        preferences, settings, tokenizer, kind="judged" if settings.loss == "kto" else "pairs", context=context,
        is_quiet=not world.is_first,
    )  # fmt: skip
    loop = in_whole_steps(loop_settings(settings, settings.adapter), context, len(rows.train))
    grid = open_grid(world, settings.parallel, model.settings, is_whole=settings.adapter is not None)
    rows_of_a_process(*rows_of_a_step(loop, context), grid.degrees.data)
    if settings.loss != "kto":  # whose drift is that of a micro-batch: its size counts
        loop = filling_gpu(loop, model.settings, context=context, grid=grid, adapter=settings.adapter)
    dtype = training_dtype(pick_device())
    spread(model, grid, dtype=dtype)
    compute_as_in_training(model, grid)
    rows_per_batch = max(1, loop.micro_batch_tokens // context)
    if objective.needs_reference and not settings.is_reference_free:
        for part in (rows.train, rows.test):
            ensure_reference(model, part, cache or out / SCRATCH, rows_per_batch=rows_per_batch, grid=grid)
    held_out = partial(held_out_means, model, objective, rows.test, rows_per_batch=rows_per_batch, grid=grid)
    prompts = {str(number): one.prompt for number, one in enumerate(rows.prompts[:_SAMPLES])}

    def validate() -> dict[str, Any]:
        return held_out() | sample_lines(gather(model, grid, dtype, grid.device), tokenizer, prompts)

    model.eval()
    before = held_out()
    metrics = train(
        model, objective, rows.train, loop,
        tokens=round(len(rows.train) * context * settings.epochs), context=context, out=out, title=settings.loss,
        validate=validate, grid=grid,
    )  # fmt: skip
    whole = gather(model, grid, dtype)
    if whole is not None:
        metrics |= _drift(whole, base, tokenizer, rows)
        save_trained(whole, out, settings.adapter, base=base)
    return metrics | {f"{name}_before": value for name, value in before.items()} | account(rows)


def load_objective(settings: DpoSettings) -> PreferenceObjective:
    """The objective that the settings name: the file of that name makes it."""
    module = importlib.import_module(f"samovar.train.objectives.{settings.loss}")
    objective: PreferenceObjective = module.make(settings)
    return objective


def check_processes(settings: PreferenceSettings) -> None:
    """See that the run is not to split layers among processes.

    Raises:
        ConfigError: it is.
    """
    if settings.parallel.tensor > 1:
        raise ConfigError(
            f"parallel.tensor is {settings.parallel.tensor}, and preferences are learnt from whole layers",
            hint="set it to 1; parallel.shard spreads the memory",
        )


def in_whole_steps(settings: LoopSettings, context: int, num_rows: int) -> LoopSettings:
    """A step of no more rows than there are, and of whole rows: preferences may be few."""
    rows = max(1, min(settings.batch_tokens // context, num_rows))
    at_once = max(1, min(settings.micro_batch_tokens // context, rows))
    rows -= rows % at_once
    whole = {"batch_tokens": rows * context}
    # What nobody set counts as set once it is changed, and then a GPU takes no more.
    if settings.micro_batch_tokens // context != at_once:
        whole["micro_batch_tokens"] = at_once * context
    return settings.model_copy(update=whole)


def account(rows: PreferenceRows) -> dict[str, Any]:
    """What became of the preferences."""
    packing = rows.train.packing
    return {
        "preferences": len(rows.train.forks),
        "held_out_preferences": len(rows.test.forks),
        "left_out": dict(rows.checked.left_out.counts),
        "shared_share": round(1.0 - packing.tokens / max(1, packing.alone), 3),
    }


def _drift(model: Decoder, base: Path, tokenizer: Tokenizer, rows: PreferenceRows) -> dict[str, float]:
    """Of the new assistant from the old, on held-out prompts, as metrics."""
    device = next(model.parameters()).device
    other = load_model(base, dtype=torch.float32).to(device)
    compute_as_in_training(other)
    prompts: list[Preference] = rows.prompts[:_DRIFT_PROMPTS]
    ids = [prompt_ids(one.prompt, tokenizer, getattr(one, "tools", ())) for one in prompts]
    drift = measure_drift(model.eval(), other, tokenizer, ids)
    return {f"drift_{name}": round(value, 4) for name, value in drift._asdict().items()}

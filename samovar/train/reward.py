"""A reward model: an assistant and people's preferences in, a model that says how good an answer is out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from samovar.core.artifact import SCRATCH
from samovar.core.devices import pick_device, training_dtype
from samovar.model.adapters.attach import attach, merge
from samovar.model.checkpoint import load_model
from samovar.model.reward import RewardDecoder, check_family, save_reward
from samovar.model.vocabulary import check_vocabulary
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.answer_validation import held_out_means
from samovar.train.dpo import LONGEST_ROW, account, check_processes, in_whole_steps
from samovar.train.loop import train
from samovar.train.objectives import process_reward
from samovar.train.objectives.contract import Objective
from samovar.train.objectives.reward import BradleyTerry
from samovar.train.parallel.degrees import rows_of_a_process, rows_of_a_step
from samovar.train.parallel.grid import Grid, open_grid
from samovar.train.parallel.shard import spread
from samovar.train.parallel.world import BY_ITSELF, World
from samovar.train.preference_settings import RewardSettings
from samovar.train.preferences import PreferenceRows, load_preferences
from samovar.train.settings import LoopSettings
from samovar.train.trainable import loop_settings

MEMBER = "model-{number}"
"""Folders of the further models of an ensemble, below that of the first."""


def reward(
    settings: RewardSettings, *, base: Path, out: Path, preferences: Sequence[Path], world: World = BY_ITSELF
) -> dict[str, Any]:
    """Train a reward model that begins as the model in ``base``, and leave it in ``out``.

    Args:
        settings: how.
        base: the folder of a model; an assistant knows already what answers are.
        out: of the reward model; the further ones of an ensemble are in folders below it.
        preferences: files of them.
        world: the processes that train together: all of them call this, and the first one writes.
    Raises:
        ConfigError: there are no preferences, or others could not open a reward model of this family.
        DataError: nothing can be learnt from them.
    """
    check_processes(settings)
    tokenizer = Tokenizer.load(base)
    metrics: dict[str, Any] = {}
    rows: PreferenceRows | None = None
    for number in range(settings.num_models):
        model = _open(base, settings, seed=settings.seed + number)
        check_vocabulary(tokenizer, model.settings, base)
        context = settings.context or min(model.settings.max_positions, LONGEST_ROW)
        rows = rows or load_preferences(
            preferences, settings, tokenizer, kind="steps" if settings.kind == "steps" else "pairs", context=context,
            is_quiet=not world.is_first,
        )  # fmt: skip
        loop = _loop(settings, context, len(rows.train), seed=settings.seed + number)
        grid = open_grid(world, settings.parallel, model.settings, is_whole=True)
        rows_of_a_process(*rows_of_a_step(loop, context), grid.degrees.data)
        spread(model, grid, dtype=training_dtype(pick_device()))
        folder = out if number == 0 else out / MEMBER.format(number=number + 1)
        if (folder / "config.json").is_file():  # an interrupted run got this far
            continue
        folder.mkdir(parents=True, exist_ok=True)
        found = _train(model, rows, settings, loop, context, folder, grid)
        if world.is_first:
            if settings.adapter is not None:
                merge(model)
            save_reward(model, folder, base=base, dtype=training_dtype(pick_device()))
        metrics = metrics or found
    assert rows is not None  # there is one model at least
    return metrics | {"models": settings.num_models} | account(rows)


def _open(base: Path, settings: RewardSettings, *, seed: int) -> RewardDecoder:
    """The model with a fresh head, ready to train; beside an adapter the head is trained whole."""
    device = pick_device()
    dtype = torch.float32 if settings.adapter is None else training_dtype(device)
    bits = 16 if settings.adapter is None else settings.adapter.base_bits
    plain = load_model(base, dtype=dtype, weight_bits=bits).to(device)
    check_family(plain.settings.family)
    if settings.adapter is None:
        plain.requires_grad_(True)
    else:
        attach(plain, settings.adapter, seed=seed)
    model = RewardDecoder.of(plain, seed=seed)
    return model.train()


def _loop(settings: RewardSettings, context: int, num_rows: int, *, seed: int) -> LoopSettings:
    """The loop's settings: the head has a rate of its own, and every model of an ensemble its order of the data."""
    loop = in_whole_steps(loop_settings(settings, settings.adapter), context, num_rows)
    factor = settings.head_learning_rate / loop.adamw_learning_rate
    return loop.model_copy(update={"seed": seed, "rate_factors": {"score.*": factor, **loop.rate_factors}})


def _train(
    model: RewardDecoder,
    rows: PreferenceRows,
    settings: RewardSettings,
    loop: LoopSettings,
    context: int,
    folder: Path,
    grid: Grid,
) -> dict[str, Any]:
    objective: Objective = process_reward if settings.kind == "steps" else BradleyTerry(settings.centring)
    rows_per_batch = max(1, settings.micro_batch_tokens // context)

    def validate() -> dict[str, Any]:
        return dict(held_out_means(model, objective, rows.test, rows_per_batch=rows_per_batch, grid=grid))

    (folder / SCRATCH).mkdir(exist_ok=True)
    return train(
        model, objective, rows.train, loop,
        tokens=round(len(rows.train) * context * settings.epochs), context=context, out=folder, title="reward",
        validate=validate, grid=grid,
    )  # fmt: skip

"""A reward model: a decoder or an encoder and people's preferences in, a model that says how good an answer is out."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch

from samovar.core.artifact import SCRATCH
from samovar.core.devices import pick_device, training_dtype
from samovar.core.errors import ConfigError
from samovar.core.files import read_json, write_json
from samovar.model.adapters.attach import attach, merge
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.encoder_checkpoint import load_encoder, load_encoder_settings
from samovar.model.reward import RewardDecoder, save_reward
from samovar.model.reward_encoder import RewardEncoder, is_encoder, save_reward_encoder
from samovar.model.settings import DecoderSettings
from samovar.model.vocabulary import check_vocabulary
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.dpo import account, check_processes, in_whole_steps
from samovar.train.encoder_reader import EncoderReader
from samovar.train.loop import train
from samovar.train.micro_batches import filling_gpu
from samovar.train.objectives import process_reward
from samovar.train.objectives.contract import Objective
from samovar.train.objectives.reward import BradleyTerry
from samovar.train.parallel.degrees import rows_of_a_process, rows_of_a_step
from samovar.train.parallel.grid import Grid, open_grid
from samovar.train.parallel.shard import spread
from samovar.train.parallel.world import BY_ITSELF, World
from samovar.train.preference_settings import RewardSettings
from samovar.train.preferences import PreferenceRows, load_preferences
from samovar.train.scoring import NO_STEPS
from samovar.train.settings import LoopSettings
from samovar.train.trainable import loop_settings
from samovar.train.validation import held_out_means

RewardModule = RewardDecoder | RewardEncoder

MEMBER = "model-{number}"
"""Folders of the further models of an ensemble, below that of the first."""
_FIRST = "first.json"
"""What the first model's training says, for a run that goes on with the others."""


def reward(
    settings: RewardSettings, *, base: Path, out: Path, preferences: Sequence[Path], world: World = BY_ITSELF
) -> dict[str, Any]:
    """Train a reward model that begins as the model in ``base``, and leave it in ``out``.

    Args:
        settings: how.
        base: the folder of a model; an assistant knows already what answers are, an encoder (BERT, DeBERTa, …) reads in
            both directions.
        out: of the reward model; the further ones of an ensemble are in folders below it.
        preferences: files of them.
        world: the processes that train together: all of them call this, and the first one writes.
    Raises:
        ConfigError: there are no preferences, or it cannot be trained as the settings have it.
        DataError: nothing can be learnt from them.
    """
    check_processes(settings)
    check_base(settings, base)
    tokenizer = reader_of(base, settings)
    metrics: dict[str, Any] = {}
    rows: PreferenceRows | None = None
    for number in range(settings.num_models):
        model = _open(base, settings, tokenizer, seed=settings.seed + number)
        check_vocabulary(
            tokenizer.tokenizer if isinstance(tokenizer, EncoderReader) else tokenizer, model.settings, base
        )
        context = row_tokens(settings, tokenizer, model.settings.max_positions)
        rows = rows or load_preferences(
            preferences, settings, tokenizer, kind="steps" if settings.kind == "steps" else "pairs", context=context,
            is_quiet=not world.is_first,
        )  # fmt: skip
        loop = _loop(model, settings, context, len(rows.train), seed=settings.seed + number)
        grid = open_grid(world, settings.parallel, _shape(model), is_whole=True)
        rows_of_a_process(*rows_of_a_step(loop, context), grid.degrees.data)
        loop = filling_gpu(loop, _shape(model), context=context, grid=grid, adapter=settings.adapter)
        spread(cast(Decoder, model), grid, dtype=training_dtype(pick_device()))
        folder = out if number == 0 else out / MEMBER.format(number=number + 1)
        if (folder / "config.json").is_file():  # an interrupted run got this far
            metrics = metrics or read_json(out / SCRATCH / _FIRST)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        found = _train(model, rows, settings, loop, context, folder, grid)
        metrics = metrics or found
        if world.is_first:
            write_json(out / SCRATCH / _FIRST, metrics)
            _save(model, settings, folder, base=base)
    if world.is_first:
        for member in out.glob(MEMBER.format(number="*")):  # the artifact drops its own
            shutil.rmtree(member / SCRATCH, ignore_errors=True)
    assert rows is not None  # there is one model at least
    return metrics | {"models": settings.num_models} | account(rows)


def reader_of(base: Path, settings: RewardSettings) -> Tokenizer | EncoderReader:
    """What makes ids of answers for the model in ``base``."""
    if not is_encoder(base):
        return Tokenizer.load(base)
    return EncoderReader.load(base, encoder_tokens(base, settings))


def encoder_tokens(base: Path, settings: RewardSettings) -> int:
    """Tokens that the encoder in ``base`` reads of a prompt with its answer."""
    return min(settings.context or settings.longest_row, load_encoder_settings(base).max_positions)


def row_tokens(settings: RewardSettings, tokenizer: Tokenizer | EncoderReader, max_positions: int) -> int:
    """Tokens of a row; an encoder's holds both answers of a pair, each with its prompt."""
    if isinstance(tokenizer, EncoderReader):
        return 2 * tokenizer.limit
    return settings.row_tokens(max_positions)


def check_base(settings: RewardSettings, base: Path) -> None:
    """See that the model in ``base`` can be trained as the settings have it.

    Raises:
        MissingError: there is none.
        ConfigError: it cannot.
    """
    if (settings.parallel.shard or 1) > 1:
        raise ConfigError(
            f"reward.parallel.shard is {settings.parallel.shard}, and every process trains a whole reward model",
            hint="set it to 1",
        )
    if not is_encoder(base):
        return
    if settings.kind == "steps":
        raise ConfigError(f"reward.kind is steps, and {base} holds an encoder: {NO_STEPS}", hint="name a decoder")
    if settings.adapter is not None and settings.adapter.base_bits != 16:
        raise ConfigError("reward.adapter.base_bits is 4, and an encoder is kept in 16 bits", hint="leave it out")


def _open(base: Path, settings: RewardSettings, tokenizer: Tokenizer | EncoderReader, *, seed: int) -> RewardModule:
    """The model with a fresh head, ready to train; beside an adapter the head is trained whole."""
    device = pick_device()
    dtype = torch.float32 if settings.adapter is None else training_dtype(device)
    if isinstance(tokenizer, EncoderReader):
        encoder = load_encoder(base, dtype=dtype).to(device)
        _prepare(cast(Decoder, encoder), settings, seed=seed)
        model = RewardEncoder.of(encoder, separator_id=tokenizer.tokenizer.separator_id, seed=seed)
        assert model.head is not None  # a reward model has one
        model.head.to(device, torch.float32).requires_grad_(True)
        return model.train()
    bits = 16 if settings.adapter is None else settings.adapter.base_bits
    plain = load_model(base, dtype=dtype, weight_bits=bits).to(device)
    _prepare(plain, settings, seed=seed)
    return RewardDecoder.of(plain, seed=seed).train()


def _prepare(model: Decoder, settings: RewardSettings, *, seed: int) -> None:
    """Let all of it learn, or an adapter beside it."""
    if settings.adapter is None:
        model.requires_grad_(True)
    else:
        attach(model, settings.adapter, seed=seed)


def _save(model: RewardModule, settings: RewardSettings, folder: Path, *, base: Path) -> None:
    if settings.adapter is not None:
        merge(cast(Decoder, model))
    if isinstance(model, RewardEncoder):
        save_reward_encoder(model, folder, base=base, dtype=training_dtype(pick_device()))
    else:
        save_reward(model, folder, base=base, dtype=training_dtype(pick_device()))


def _shape(model: RewardModule) -> DecoderSettings:
    return model.settings.decoder_of_its_size if isinstance(model, RewardEncoder) else model.settings


def _loop(model: RewardModule, settings: RewardSettings, context: int, num_rows: int, *, seed: int) -> LoopSettings:
    """The loop's settings: the head has a rate of its own, and every model of an ensemble its order of the data."""
    loop = in_whole_steps(loop_settings(settings, settings.adapter), context, num_rows)
    factor = settings.head_learning_rate / loop.adamw_learning_rate
    head = "head.*" if isinstance(model, RewardEncoder) else "score.*"
    return loop.model_copy(update={"seed": seed, "rate_factors": {head: factor, **loop.rate_factors}})


def _train(
    module: RewardModule,
    rows: PreferenceRows,
    settings: RewardSettings,
    loop: LoopSettings,
    context: int,
    folder: Path,
    grid: Grid,
) -> dict[str, Any]:
    # The loop asks no more of a decoder than ``RewardEncoder`` has too.
    model = cast(Decoder, module)
    objective: Objective = process_reward if settings.kind == "steps" else BradleyTerry(settings.centring)
    rows_per_batch = max(1, loop.micro_batch_tokens // context)

    def validate() -> dict[str, Any]:
        return dict(held_out_means(model, objective, rows.test, rows_per_batch=rows_per_batch, grid=grid))

    (folder / SCRATCH).mkdir(exist_ok=True)
    return train(
        model, objective, rows.train, loop,
        tokens=round(len(rows.train) * context * settings.epochs), context=context, out=folder, title="reward",
        validate=validate, grid=grid,
    )  # fmt: skip

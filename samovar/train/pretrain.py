"""Pretraining: fresh weights, or those of a model that goes on, and token shards in; a base model out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from samovar.core.devices import pick_device, training_dtype
from samovar.data.shards import open_split, read_index
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import ModelSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import ShardRows
from samovar.train.loop import train
from samovar.train.micro_batches import filling_gpu
from samovar.train.objectives.next_token import NextToken
from samovar.train.parallel.grid import open_grid
from samovar.train.parallel.shard import gather, spread
from samovar.train.parallel.world import BY_ITSELF, World
from samovar.train.settings import PretrainSettings
from samovar.train.trainable import open_trainable
from samovar.train.validation import validation_loss

_SAMPLE_TOKENS = 48


def pretrain(
    settings: PretrainSettings,
    model_settings: ModelSettings,
    *,
    shards: Path,
    tokenizer: Path,
    out: Path,
    base: Path | None = None,
    world: World = BY_ITSELF,
) -> dict[str, Any]:
    """Train a decoder and leave it, with its tokenizer, in ``out``.

    Args:
        settings: how it is trained.
        model_settings: the shape of fresh weights, and the length of a row.
        shards: the tokens.
        tokenizer: folder of what they were encoded with.
        out: where to write.
        base: folder of a model that goes on from its weights; None begins with fresh ones.
        world: the processes that train together: all of them call this, and the first one writes.
    Raises:
        ConfigError: the shards were made with another tokenizer, or something does not divide by the processes.
    """
    words = Tokenizer.load(tokenizer)
    index = read_index(shards, vocab_size=words.vocab_size)
    model = _fresh(settings, model_settings, words) if base is None else open_trainable(base, None, seed=settings.seed)
    grid = open_grid(world, settings.parallel, model.settings)
    dtype = training_dtype(pick_device())
    spread(model, grid, dtype=dtype)
    context = settings.context or min(model_settings.context, model.settings.max_positions)
    settings = filling_gpu(settings, model.settings, context=context, grid=grid)
    splits = {name: open_split(shards, name) for name in ("train", "validation")}
    rows = {
        name: ShardRows(split, context, index["document_end_id"], document_mask=settings.document_mask)
        for name, split in splits.items()
    }
    held_out = rows["validation"] if len(rows["validation"]) else rows["train"]
    bytes_per_token = splits["validation" if len(rows["validation"]) else "train"].bytes_per_token
    rows_per_batch = max(1, settings.micro_batch_tokens // context)

    def validate() -> dict[str, Any]:
        loss = validation_loss(model, held_out, rows_per_batch=rows_per_batch, grid=grid)
        found = {"validation_loss": loss, "validation_bits_per_byte": loss / math.log(2) / bytes_per_token}
        whole = gather(model, grid, dtype, grid.device)
        if whole is None:
            return found
        return found | {"sample": continue_text(whole, words, splits["train"].shards[0][:8].tolist())}

    metrics = train(
        model, NextToken(settings.z_loss), rows["train"], settings,
        tokens=settings.tokens, context=context, out=out, title="pretrain", validate=validate, grid=grid,
    )  # fmt: skip
    whole = gather(model, grid, dtype)
    if whole is not None:
        save_model(whole, out, tokenizer_folder=tokenizer, dtype=dtype)
    epochs = metrics["tokens"] / splits["train"].num_tokens
    return metrics | {"parameters": model.settings.num_parameters, "epochs": round(epochs, 2)}


def _fresh(settings: PretrainSettings, model_settings: ModelSettings, words: Tokenizer) -> Decoder:
    model = Decoder(model_settings.decoder(words.vocab_size))
    initialize(model, settings.seed, sketches_induction=settings.sketch_induction)
    return model


def continue_text(model: Decoder, tokenizer: Tokenizer, prompt_ids: list[int]) -> str:
    """The prompt and what the model makes of it, at temperature 0.7 under a fixed seed."""
    engine = Engine(model, tokenizer, max_batch=1)
    completion = engine.generate([prompt_ids], Sampling(temperature=0.7, seed=0, max_tokens=_SAMPLE_TOKENS))[0]
    return tokenizer.decode(prompt_ids) + completion.text

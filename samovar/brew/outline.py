"""What a recipe amounts to before anything runs: parameters, tokens, FLOPs, and where the memory of training goes."""

from __future__ import annotations

from typing import NamedTuple

from samovar.brew.compute_optimal import optimal_tokens
from samovar.brew.forecast import Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import load_stages
from samovar.brew.training_forecast import (
    adapter_of,
    as_run_here,
    decoder_settings,
    stage_memory,
    training_context,
    will_compile,
)
from samovar.model.settings import DecoderSettings
from samovar.model.sizes import table_parameters
from samovar.train.flops import training_flops
from samovar.train.memory_model import TrainingMemory


class TrainingOutline(NamedTuple):
    """One training stage."""

    stage: str
    tokens: int
    tokens_per_parameter: float
    flops: float
    epochs: float | None
    """How often the corpus is read; None where its length is not known yet, and for conversations."""
    memory: TrainingMemory
    is_compiled: bool


class Outline(NamedTuple):
    """The model and its training."""

    shape: DecoderSettings
    table_parameters: int
    """Of embedding and head."""
    optimal_tokens: float
    """Of pretraining, at 20 a parameter."""
    training: list[TrainingOutline]


def outline(recipe: Recipe, outlook: Outlook) -> Outline:
    """The numbers of a recipe; what this machine computes in is probed where it is not known."""
    shape = decoder_settings(recipe, outlook)
    corpus_tokens = outlook.quantity("shards", "tokens")
    training = []
    for name, stage in load_stages().items():
        planned = stage.training(recipe, outlook) if stage.takes_part(recipe) else None
        if planned is None:
            continue
        tokens, own_shape = planned.tokens, planned.shape or shape
        context = training_context(recipe, planned.settings, own_shape)
        settings = as_run_here(planned.settings, own_shape, context)
        is_compiled = will_compile(settings, tokens / planned.runs)
        training.append(
            TrainingOutline(
                name,
                tokens,
                tokens / own_shape.num_parameters,
                tokens * training_flops(own_shape, context, adapter_of(settings)),
                tokens / corpus_tokens if name == "pretrain" and corpus_tokens else None,
                stage_memory(recipe, settings, outlook, is_compiled=is_compiled, shape=own_shape),
                is_compiled,
            )
        )
    return Outline(shape, table_parameters(shape), optimal_tokens(shape.num_parameters), training)

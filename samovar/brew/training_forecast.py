"""What a training stage will take: a few micro-batches of the recipe's own shape, timed and weighed here."""

from __future__ import annotations

import math
from collections.abc import Mapping

from samovar.brew.forecast import PROCESS_BYTES, Forecast, Machine
from samovar.brew.memory import peak_memory_bytes, reset_peak_memory
from samovar.brew.recipe import Recipe
from samovar.core.devices import can_compile
from samovar.model.settings import DecoderSettings
from samovar.train.settings import LoopSettings

COMPILE_SECONDS = 45.0
"""Of torch.compile for one shape, forward and backward, on two cores."""
VALIDATION_ROWS = 256
FORWARD_SHARE = 1 / 3
"""Of a training step that its forward pass takes."""
OPTIMIZER_BYTES_PER_PARAMETER = 8
"""Two moments in float32: an upper bound, Muon keeps one for the matrices."""
WEIGHT_BYTES = 2
START_SECONDS = 3.0
"""Loading torch, opening the data, saving the model."""
PROBE_TOKENS = 4096
"""A micro-batch of the probe at most: enough for the speed of larger ones, and a second or two."""


def decoder_settings(recipe: Recipe) -> DecoderSettings:
    """The shape that the recipe's dial gives."""
    return recipe.model.decoder(recipe.tokenizer.vocab_size)


def forecast_training(
    recipe: Recipe,
    settings: LoopSettings,
    *,
    tokens: float,
    context: int,
    machine: Machine,
    extra_disk_bytes: float = 0,
) -> Forecast:
    """Seconds, memory and disk of a run of ``tokens`` tokens."""
    shape = decoder_settings(recipe)
    is_compiled = _is_compiled(settings, tokens)
    probe = probe_training(recipe, settings, machine)
    eager = probe["tokens_per_second"]
    validation_tokens = settings.validations * VALIDATION_ROWS * context
    seconds = tokens / (probe["compiled_tokens_per_second"] if is_compiled else eager)
    seconds += FORWARD_SHARE * validation_tokens / eager + START_SECONDS + (COMPILE_SECONDS if is_compiled else 0.0)
    checkpoint_bytes = shape.num_parameters * (4 + OPTIMIZER_BYTES_PER_PARAMETER)
    activations = probe["activation_bytes_per_token"] * settings.micro_batch_tokens
    return Forecast(
        seconds,
        PROCESS_BYTES + activations + shape.num_parameters * (8 + OPTIMIZER_BYTES_PER_PARAMETER),
        # A checkpoint is written beside the one before it.
        WEIGHT_BYTES * shape.num_parameters + 2 * checkpoint_bytes + extra_disk_bytes,
    )


def probe_training(recipe: Recipe, settings: LoopSettings, machine: Machine) -> Mapping[str, float]:
    """Tokens a second, eager and compiled, and the memory that a token's activations take."""
    shape, context = decoder_settings(recipe), recipe.model.context
    micro_batch_tokens = max(context, min(PROBE_TOKENS, settings.micro_batch_tokens))

    def probe() -> dict[str, float]:
        from samovar.train.probe import COMPILED_GAIN, probe_tokens_per_second

        reset_peak_memory()
        before = peak_memory_bytes()
        speed = probe_tokens_per_second(
            shape, context=context, micro_batch_tokens=micro_batch_tokens, is_compiled=False, micro_batches=2
        )
        grown = peak_memory_bytes() - before - 8 * shape.num_parameters
        return {
            "tokens_per_second": speed,
            "compiled_tokens_per_second": speed * COMPILED_GAIN,
            "activation_bytes_per_token": max(grown, 0) / micro_batch_tokens,
        }

    return machine.measured("training", [shape.model_dump(), context, micro_batch_tokens], probe)


def _is_compiled(settings: LoopSettings, tokens: float) -> bool:
    """As the loop decides."""
    from samovar.train.loop import COMPILE_PAYS_AFTER_MICRO_BATCHES

    if settings.compile == "auto":
        micro_batches = math.ceil(tokens / min(settings.micro_batch_tokens, settings.batch_tokens))
        return micro_batches >= COMPILE_PAYS_AFTER_MICRO_BATCHES and can_compile()
    return settings.compile == "on" and can_compile()

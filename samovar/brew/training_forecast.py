"""What a training stage will take: a few micro-batches of the recipe's own shape timed here, and memory by formula."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from samovar.brew.base_model import base_shape, shape_of_facts
from samovar.brew.forecast import PROCESS_BYTES, Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.core.devices import can_compile, give_back_freed_memory, has_gpu, pick_device
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.settings import DecoderSettings
from samovar.train.distill_settings import DistillSettings
from samovar.train.memory_model import Adapter, TrainingMemory, training_memory
from samovar.train.preference_settings import PreferenceSettings, RewardSettings
from samovar.train.rl.settings import RlSettings
from samovar.train.settings import LoopSettings, PretrainSettings, SftSettings

COMPILE_SECONDS = 30.0
"""Of torch.compile for one layer and the loss, forward and backward, on two cores."""
GPU_COMPILE_SECONDS = 8.0
"""Of one layer, which is all that is compiled for a GPU (4 to 9 s beside an H200)."""
SLOWS_TRAINING = {"rank", "targets", "dropout", "use_dora", "base_bits"}
"""What of an adapter's settings makes training slower or faster."""
VALIDATION_ROWS = 256
FORWARD_SHARE, FORWARD_SHARE_OF_ADAPTER = 1 / 3, 1 / 2
"""Of a training step that its forward pass takes; frozen weights have no gradients of their own."""
CHECKPOINT_BYTES_PER_PARAMETER = 12
"""Weights and two moments in float32: an upper bound, Muon keeps one for the matrices."""
AVERAGE_BYTES_PER_PARAMETER = 4
WEIGHT_BYTES = 2
START_SECONDS = 3.0
"""Loading torch, opening the data, saving the model."""
PROBE_TOKENS, GPU_PROBE_TOKENS = 4096, 32_768
"""A micro-batch of the probe at most: enough for the speed of larger ones, and a second or two."""
TARGET_SHARE = 0.35
"""Of the tokens of conversations that are the assistant's, in the quick start."""


def decoder_settings(recipe: Recipe, outlook: Outlook) -> DecoderSettings:
    """The shape that the recipe's dial gives, or that of the pretrained model that it starts from."""
    if recipe.base is not None:
        made = outlook.made.get("base")
        return shape_of_facts(made.metrics) if made else base_shape(recipe.base, outlook.root)
    return recipe.model.decoder(recipe.tokenizer.vocab_size)


def training_context(recipe: Recipe, settings: LoopSettings, shape: DecoderSettings) -> int:
    """Tokens of a training row: pretraining and fine-tuning keep to the recipe's context, of a model of others too."""
    if isinstance(settings, PretrainSettings | SftSettings):
        return settings.context or min(recipe.model.context, shape.max_positions)
    return settings.context or settings.row_tokens(shape.max_positions)


def as_run_here(settings: LoopSettings, shape: DecoderSettings, context: int) -> LoopSettings:
    """``settings`` with the micro-batches of the run: those that a GPU has room for, where the stage asks it."""
    asks = isinstance(settings, PretrainSettings | SftSettings | PreferenceSettings)
    if not asks or isinstance(settings, DistillSettings) or not has_gpu():
        return settings
    from samovar.train.micro_batches import filling_gpu
    from samovar.train.parallel.grid import ALONE, Grid

    grid = Grid(ALONE.world, ALONE.degrees, pick_device())
    return filling_gpu(settings, shape, context=context, grid=grid, adapter=getattr(settings, "adapter", None))


def forecast_training(
    recipe: Recipe,
    settings: LoopSettings,
    *,
    tokens: float,
    outlook: Outlook,
    extra_disk_bytes: float = 0,
    shape: DecoderSettings | None = None,
) -> Forecast:
    """Seconds, memory and disk of a run of ``tokens`` tokens; of another model than the recipe's where it is given."""
    shape = shape or decoder_settings(recipe, outlook)
    context = training_context(recipe, settings, shape)
    settings = as_run_here(settings, shape, context)
    adapter = _adapter_settings(settings)
    probe = probe_training(recipe, settings, outlook, shape, adapter=adapter)
    is_compiled = will_compile(settings, tokens)
    memory = stage_memory(recipe, settings, outlook, is_compiled=is_compiled, shape=shape)
    eager = probe["tokens_per_second"]
    validation_tokens = settings.validations * VALIDATION_ROWS * context
    seconds = tokens / (probe["compiled_tokens_per_second"] if is_compiled else eager)
    forward = FORWARD_SHARE if adapter is None else FORWARD_SHARE_OF_ADAPTER
    if settings.activation_checkpointing:
        seconds *= 1 + forward
    checkpoint_bytes = CHECKPOINT_BYTES_PER_PARAMETER
    if settings.ema_decay is not None:
        checkpoint_bytes += AVERAGE_BYTES_PER_PARAMETER
    seconds += forward * validation_tokens / eager + START_SECONDS
    if is_compiled:
        seconds += GPU_COMPILE_SECONDS if has_gpu() else COMPILE_SECONDS
    resident = memory.resident(process_bytes=PROCESS_BYTES)
    return Forecast(
        seconds,
        memory.on_gpu if has_gpu() else resident,
        # A checkpoint is written beside the one before it.
        WEIGHT_BYTES * shape.num_parameters + 2 * checkpoint_bytes * _trained(settings, shape) + extra_disk_bytes,
    )


def stage_memory(
    recipe: Recipe,
    settings: LoopSettings,
    outlook: Outlook,
    *,
    is_compiled: bool,
    shape: DecoderSettings | None = None,
) -> TrainingMemory:
    """Where the memory of a step goes, on this machine; the micro-batches are those of ``as_run_here``."""
    shape = shape or decoder_settings(recipe, outlook)
    peak = probe_peak(outlook)
    return training_memory(
        shape,
        context=training_context(recipe, settings, shape),
        micro_batch_tokens=min(settings.micro_batch_tokens, settings.batch_tokens),
        batch_tokens=settings.batch_tokens,
        optimizer=settings.optimizer,
        compute_bytes=int(peak["compute_bytes"]),
        target_share=TARGET_SHARE if isinstance(settings, SftSettings) else 1.0,
        is_compiled=is_compiled,
        is_on_gpu=has_gpu(),
        is_recomputed=settings.activation_checkpointing,
        is_averaged=settings.ema_decay is not None,
        is_forked=_has_forks(settings),
        adapter=adapter_of(settings),
    )


def _trained(settings: LoopSettings, shape: DecoderSettings) -> int:
    adapter = adapter_of(settings)
    return shape.num_parameters if adapter is None else adapter.num_parameters(shape)


def _has_forks(settings: LoopSettings) -> bool:
    """Whether answers to a prompt share a row. An encoder that is to be a reward model reads them one by one."""
    if isinstance(settings, RewardSettings):
        return settings.base is None
    return isinstance(settings, PreferenceSettings | RlSettings)


def adapter_of(settings: LoopSettings) -> Adapter | None:
    """What is trained in place of the weights, as the formula of memory wants it."""
    adapter = _adapter_settings(settings)
    return None if adapter is None else adapter_as_reckoned(adapter)


def adapter_as_reckoned(adapter: AdapterSettings) -> Adapter:
    """What of it the formulas of memory and FLOPs want."""
    return Adapter(adapter.rank, adapter.targets, adapter.base_bits)


def _adapter_settings(settings: LoopSettings) -> AdapterSettings | None:
    adapter: AdapterSettings | None = getattr(settings, "adapter", None)  # of pretraining there is none
    return adapter


def probe_training(
    recipe: Recipe,
    settings: LoopSettings,
    outlook: Outlook,
    shape: DecoderSettings | None = None,
    *,
    adapter: AdapterSettings | None = None,
) -> Mapping[str, float]:
    """Tokens a second, eager and compiled, of training all weights, or an adapter beside them."""
    shape = shape or decoder_settings(recipe, outlook)
    context = training_context(recipe, settings, shape)
    most = GPU_PROBE_TOKENS if has_gpu() else PROBE_TOKENS
    micro_batch_tokens = max(context, min(most, as_run_here(settings, shape, context).micro_batch_tokens))

    def probe() -> dict[str, float]:
        from samovar.train.probe import COMPILED_GAIN, probe_tokens_per_second

        measure = partial(
            probe_tokens_per_second, shape, context=context, micro_batch_tokens=micro_batch_tokens, micro_batches=2,
            adapter=adapter,
        )  # fmt: skip
        speed = measure()
        give_back_freed_memory()
        # What compiling gains on a GPU depends on how long Python takes to begin its kernels.
        compiled = measure(is_compiled=True) if has_gpu() else speed * COMPILED_GAIN
        give_back_freed_memory()
        return {"tokens_per_second": speed, "compiled_tokens_per_second": compiled}

    way = [] if adapter is None else [adapter.model_dump(mode="json", include=SLOWS_TRAINING)]
    return outlook.machine.measured(
        "training", [shape.model_dump(mode="json"), context, micro_batch_tokens, *way], probe
    )


def probe_peak(outlook: Outlook) -> Mapping[str, float]:
    """FLOPs a second of a large product here, and the bytes of the type that training computes in."""

    def probe() -> dict[str, float]:
        from samovar.train.peak import measure_peak

        return measure_peak()

    return outlook.machine.measured("peak", [], probe)


def will_compile(settings: LoopSettings, tokens: float) -> bool:
    """As the loop decides; the micro-batches are those of ``as_run_here``."""
    from samovar.train.step import COMPILE_PAYS_AFTER_MICRO_BATCHES

    wants = settings.compile == "on"
    if settings.compile == "auto":
        micro_batches = math.ceil(tokens / min(settings.micro_batch_tokens, settings.batch_tokens))
        wants = micro_batches >= COMPILE_PAYS_AFTER_MICRO_BATCHES
    return wants and (has_gpu() or can_compile())

"""What a recipe would cost, here or on other hardware: how proposals are weighed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from samovar.brew.forecast import Forecast, Machine, Outlook
from samovar.brew.graph import Resolved
from samovar.brew.hardware import Machines
from samovar.brew.project import Project
from samovar.brew.proposal import Cost, Costing
from samovar.brew.recipe import Recipe
from samovar.brew.training_forecast import (
    GPU_COMPILE_SECONDS,
    TARGET_SHARE,
    adapter_as_reckoned,
    adapter_of,
    decoder_settings,
    probe_training,
    training_context,
)
from samovar.core.devices import has_gpu
from samovar.core.energy import stated_watts
from samovar.core.price import Price
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.settings import DecoderSettings
from samovar.train.flops import training_flops
from samovar.train.memory_model import TrainingMemory, training_memory
from samovar.train.settings import LoopSettings, SftSettings

PROBING_SECONDS = 60.0
"""All probes of other shapes together; what would take longer is reckoned from the rate of the shapes probed."""
ONE_PROBE_SECONDS = 10.0
PROBE_PASSES = 3.5
"""Micro-batches that a probe runs, building the model included."""


def watts_of(recipe: Recipe) -> float:
    """Power of this machine under load: as the recipe states it, else the stated estimate."""
    return stated_watts() if recipe.power_watts is None else recipe.power_watts


def cost_of(forecasts: Mapping[str, Forecast], recipe: Recipe, price: Price | None) -> Cost:
    """All stages that are to be made, one after the other."""
    seconds = sum(forecast.seconds for forecast in forecasts.values())
    joules = seconds * watts_of(recipe)
    money = None if price is None else price.cost(seconds=seconds, joules=joules)
    memory = max((forecast.memory_bytes for forecast in forecasts.values()), default=0.0)
    return Cost(seconds, memory, joules, money, None if price is None else price.currency)


class ReckoningMachine(Machine):
    """Probes other shapes as long as that is quick, and reckons the rest from the rate of one that was probed."""

    def __init__(self, machine: Machine, known: DecoderSettings, context: int, probed: Mapping[str, float]) -> None:
        super().__init__(machine.cache_file)
        self._flops_per_second = probed["tokens_per_second"] * known.flops_per_token(context)
        self._compiled_gain = probed["compiled_tokens_per_second"] / probed["tokens_per_second"]
        self._left_s = PROBING_SECONDS
        self.has_reckoned = False
        """Whether any answer was not measured."""

    def measured(self, what: str, shape: Any, probe: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
        """The probe's result, or the reckoned one."""
        if what != "training" or self.known(what, shape) is not None:
            return super().measured(what, shape, probe)
        settings, context, micro_batch_tokens, *ways = shape
        adapter = next((adapter_as_reckoned(AdapterSettings.model_validate(way)) for way in ways), None)
        flops = training_flops(DecoderSettings.model_validate(settings), context, adapter)
        speed = self._flops_per_second / flops
        takes = PROBE_PASSES * micro_batch_tokens / speed
        if has_gpu():
            takes += GPU_COMPILE_SECONDS
        if takes < min(ONE_PROBE_SECONDS, self._left_s):
            self._left_s -= takes
            return super().measured(what, shape, probe)
        self.has_reckoned = True
        return {"tokens_per_second": speed, "compiled_tokens_per_second": speed * self._compiled_gain}


def local_costing(
    project: Project, recipe: Recipe, items: Sequence[Resolved], price: Price | None
) -> tuple[Costing, Machine]:
    """The cost, on this machine, of all stages that a changed recipe has to make."""
    outlook = Outlook(project.root, Machine(project.probe_file), _made(items))
    # A base has its size: there are a few ways of training it, and all of them are probed.
    machine = outlook.machine if recipe.base is not None else _reckoning(recipe, outlook)
    configs = {item.name: item.stage.config(recipe) for item in items}
    kept: dict[str, Cost] = {}

    def cost(changed: Recipe) -> Cost:
        key = changed.model_dump_json(include={"model", "pretrain", "sft"})
        if key not in kept:
            afresh: set[str] = set()
            view = Outlook(project.root, machine, _made(items))
            for item in items:
                reads = item.stage.reads(changed)
                is_changed = item.stage.config(changed) != configs[item.name] or bool(afresh & set(reads))
                if is_changed:
                    afresh.add(item.name)
                if is_changed or item.manifest is None:
                    view.expected[item.name] = item.stage.forecast(changed, view)
            kept[key] = cost_of(view.expected, changed, price)
        return kept[key]

    return cost, machine


def _reckoning(recipe: Recipe, outlook: Outlook) -> ReckoningMachine:
    shape = decoder_settings(recipe, outlook)
    probed = probe_training(recipe, recipe.pretrain, outlook)
    return ReckoningMachine(outlook.machine, shape, training_context(recipe, recipe.pretrain, shape), probed)


def _made(items: Sequence[Resolved]) -> dict[str, Any]:
    return {item.name: item.manifest for item in items if item.manifest is not None}


class TrainingPlan(NamedTuple):
    """A training stage on accelerators."""

    stage: str
    tokens: int
    flops: float
    seconds: float
    memory: TrainingMemory
    """Of each device."""
    joules: float


def plan_training(recipe: Recipe, outlook: Outlook, machines: Machines, *, mfu: float) -> list[TrainingPlan]:
    """Both training stages on ``machines``, sharded among them, at a share ``mfu`` of their peak."""
    shape = decoder_settings(recipe, outlook)
    stages: list[tuple[str, LoopSettings, int]] = [
        *([("pretrain", recipe.pretrain, recipe.pretrain.tokens)] if recipe.is_pretrained_here else []),
        ("sft", recipe.sft, recipe.sft.tokens),
    ]
    return [_plan_stage(name, shape, recipe, settings, tokens, machines, mfu) for name, settings, tokens in stages]


def _plan_stage(
    name: str,
    shape: DecoderSettings,
    recipe: Recipe,
    settings: LoopSettings,
    tokens: int,
    machines: Machines,
    mfu: float,
) -> TrainingPlan:
    context = training_context(recipe, settings, shape)
    adapter = adapter_of(settings)
    flops = tokens * training_flops(shape, context, adapter)
    seconds = flops / (machines.count * machines.accelerator.flops_per_second * mfu)
    own_tokens = max(context, settings.batch_tokens // machines.count)
    memory = training_memory(
        shape,
        context=context,
        micro_batch_tokens=min(settings.micro_batch_tokens, own_tokens),
        batch_tokens=own_tokens,
        optimizer=settings.optimizer,
        target_share=TARGET_SHARE if isinstance(settings, SftSettings) else 1.0,
        is_compiled=True,
        is_on_gpu=True,
        is_recomputed=settings.activation_checkpointing,
        is_averaged=settings.ema_decay is not None,
        adapter=adapter,
        shards=machines.count if adapter is None else 1,  # beside an adapter each has a whole copy of the base
    )
    joules = seconds * machines.count * machines.accelerator.watts
    return TrainingPlan(name, tokens, flops, seconds, memory, joules)


def rent_of(machines: Machines) -> tuple[Price, Price] | None:
    """The lowest and the highest price an hour of all of them; None where none is known."""
    rent = machines.accelerator.rent
    return None if rent is None else tuple(Price(one * machines.count, "USD", "h") for one in rent)  # type: ignore[return-value]


def rented_costing(outlook: Outlook, machines: Machines, price: Price | None, *, mfu: float) -> Costing:
    """The cost of the training stages on ``machines``; memory is that of one device."""

    def cost(recipe: Recipe) -> Cost:
        plans = plan_training(recipe, outlook, machines, mfu=mfu)
        seconds, joules = sum(plan.seconds for plan in plans), sum(plan.joules for plan in plans)
        money = None if price is None else price.cost(seconds=seconds, joules=joules)
        memory = max(plan.memory.on_gpu for plan in plans)
        return Cost(seconds, memory, joules, money, None if price is None else price.currency)

    return cost

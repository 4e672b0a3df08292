"""What training is forecast to take is counted for the rows that it really has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.brew import costing, forecast, training_forecast
from samovar.brew.costing import ReckoningMachine
from samovar.brew.forecast import Machine, Outlook
from samovar.brew.memory import StageMemory
from samovar.brew.recipe import compose_recipe
from samovar.brew.training_forecast import (
    GPU_COMPILE_SECONDS,
    START_SECONDS,
    VALIDATION_ROWS,
    as_run_here,
    forecast_training,
    training_context,
    will_compile,
)
from samovar.core.errors import ConfigError
from samovar.model.adapters.settings import AdapterSettings
from samovar.train.distill_settings import DistillSettings
from samovar.train.flops import training_flops
from samovar.train.improve_settings import ImproveSettings
from samovar.train.memory_model import Adapter, training_memory
from samovar.train.preference_settings import DpoSettings
from samovar.train.rl.settings import GrpoSettings
from samovar.train.settings import PretrainSettings

LARGE = compose_recipe(
    None, {"model": {"size": 12, "context": 1024}, "pretrain": {"batch_tokens": 2**18, "tokens": 10**9}}
)


class Told(Machine):
    """Says what it was told, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    def measured(self, what: str, shape: Any, probe: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
        self.asked.append((what, shape))
        if what == "peak":
            return {"flops_per_second": 7e14, "compute_bytes": 2}
        return {"tokens_per_second": 1e5, "compiled_tokens_per_second": 4e5}


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU of which 140 GiB are free."""
    for module in (training_forecast, costing, forecast):
        monkeypatch.setattr(module, "has_gpu", lambda: True)
    for module in (training_forecast, forecast):
        monkeypatch.setattr(module, "pick_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (140 * 2**30, 0))
    for name in ("memory_reserved", "memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda device: 0)


def test_rows_are_foretold_as_long_as_they_are_trained() -> None:
    recipe = compose_recipe(None, {"model": {"context": 512}, "ppo": {"context": 256}})
    shape = recipe.model.decoder(1000).model_copy(update={"max_positions": 32_768})
    sections = (recipe.pretrain, recipe.sft, DpoSettings(), GrpoSettings(), ImproveSettings(), recipe.ppo)
    # Pretraining and fine-tuning keep to the recipe's context; the others know the model alone.
    assert [training_context(recipe, one, shape) for one in sections if one] == [512, 512, 1024, 1024, 2048, 256]


def test_rows_longer_than_the_model_are_refused() -> None:
    assert DpoSettings(context=512).row_tokens(512) == 512
    with pytest.raises(ConfigError, match="rows of 513 tokens are longer than the 512"):
        DpoSettings(context=513).row_tokens(512)


@pytest.mark.usefixtures("gpu")
def test_a_gpu_is_foretold_its_own_micro_batches_memory_and_speed() -> None:
    machine = Told()
    found = forecast_training(LARGE, LARGE.pretrain, tokens=1e9, outlook=Outlook(Path(), machine))
    shape = LARGE.model.decoder(LARGE.tokenizer.vocab_size)
    needed = training_memory(
        shape, context=1024, micro_batch_tokens=131_072, batch_tokens=2**18, is_compiled=True, is_on_gpu=True
    )
    assert found.memory_bytes == needed.on_gpu
    validated = LARGE.pretrain.validations * VALIDATION_ROWS * 1024 / 3 / 1e5
    assert found.seconds == pytest.approx(1e9 / 4e5 + validated + START_SECONDS + GPU_COMPILE_SECONDS)
    assert ("training", [shape.model_dump(mode="json"), 1024, 32_768]) in machine.asked


def test_an_adapter_is_foretold_its_own_speed_and_checkpoints() -> None:
    """Twice the speed where the base is frozen; half of a pass is forward then, of which a validation consists."""

    class TwoWays(Told):
        def measured(self, what: str, shape: Any, probe: Callable[[], Mapping[str, float]]) -> Mapping[str, float]:
            found = super().measured(what, shape, probe)
            is_adapter = what == "training" and len(shape) == 4
            return {name: value * (2 if is_adapter else 1) for name, value in found.items()}

    plain = LARGE.sft.model_copy(update={"compile": "off"})
    four_bits = plain.model_copy(update={"adapter": AdapterSettings(rank=8, base_bits=4, learning_rate=1e-4)})
    machine = TwoWays()
    outlook = Outlook(Path(), machine)
    whole, beside = (forecast_training(LARGE, one, tokens=1e9, outlook=outlook) for one in (plain, four_bits))
    validated = plain.validations * VALIDATION_ROWS * 1024
    assert whole.seconds == pytest.approx((1e9 + validated / 3) / 1e5 + START_SECONDS)
    assert beside.seconds == pytest.approx((1e9 + validated / 2) / 2e5 + START_SECONDS)
    asked = [shape[3] for what, shape in machine.asked if what == "training" and len(shape) == 4]
    assert asked == [{"rank": 8, "dropout": 0.0, "targets": None, "use_dora": False, "base_bits": 4}]
    shape = LARGE.model.decoder(LARGE.tokenizer.vocab_size)
    assert whole.disk_bytes == shape.num_parameters * (2 + 2 * 12)
    assert beside.disk_bytes == 2 * shape.num_parameters + 2 * 12 * Adapter(8).num_parameters(shape)


@pytest.mark.usefixtures("gpu")
def test_stages_that_do_not_ask_a_gpu_keep_their_micro_batches() -> None:
    shape = LARGE.model.decoder(1000)
    assert as_run_here(DpoSettings(batch_tokens=2**16), shape, 1024).micro_batch_tokens == 2**16
    for settings in (DistillSettings(batch_tokens=2**16), GrpoSettings(), PretrainSettings(micro_batch_tokens=1024)):
        assert as_run_here(settings, shape, 1024) is settings


def test_a_gpu_compiles_without_a_compiler_of_cpp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_forecast, "can_compile", lambda: False)
    assert not will_compile(PretrainSettings(compile="on"), 1e9)
    monkeypatch.setattr(training_forecast, "has_gpu", lambda: True)
    assert will_compile(PretrainSettings(compile="on"), 1.0)
    assert will_compile(PretrainSettings(), 1e9)
    assert not will_compile(PretrainSettings(), 1e5), "not repaid"


@pytest.mark.usefixtures("gpu")
def test_other_sizes_are_reckoned_with_what_compiling_gained_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "device_name", lambda device: "a GPU of its own")
    known, other = (LARGE.model.model_copy(update={"size": size}).decoder(1000) for size in (12, 24))
    probed = {"tokens_per_second": 100.0, "compiled_tokens_per_second": 400.0}
    machine = ReckoningMachine(Machine(), known, 1024, probed)
    found = machine.measured("training", [other.model_dump(mode="json"), 1024, 32_768], dict)
    assert machine.has_reckoned
    expected = 100 * known.flops_per_token(1024) / other.flops_per_token(1024)
    assert found["tokens_per_second"] == pytest.approx(expected)
    assert found["compiled_tokens_per_second"] == pytest.approx(4 * expected)
    assert ", a GPU of its own, torch" in Machine().signature
    adapter = AdapterSettings(rank=8)
    beside = machine.measured("training", [known.model_dump(mode="json"), 1024, 32_768, adapter.model_dump()], dict)
    gain = known.flops_per_token(1024) / training_flops(known, 1024, Adapter(8))
    assert beside["tokens_per_second"] == pytest.approx(100 * gain)
    assert 1.2 < gain < 1.5


def test_the_fact_is_the_gpus_memory_where_a_stage_used_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stage, now, most = StageMemory(), 5, 5
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda: now)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: most)
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda: 12)
    assert (stage.taken_bytes() or 0) > 2**20, "of the process, as nothing was done there"
    most = 9
    assert stage.taken_bytes() == 12

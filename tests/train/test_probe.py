"""What the probe of training's speed times: the way of training that is asked for, and of large models a part."""

from __future__ import annotations

import pytest
import torch

from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.nf4 import Nf4Linear
from samovar.model.settings import DecoderSettings
from samovar.train import probe
from samovar.train.batches import Batch
from samovar.train.probe import first_layers, layers_to_time, probe_tokens_per_second

SMALL = DecoderSettings(
    vocab_size=128, hidden_size=64, intermediate_size=128, num_layers=6, num_heads=1, num_kv_heads=1, max_positions=32
)
LARGE = SMALL.model_copy(update={"hidden_size": 4096, "intermediate_size": 12_288, "num_heads": 64, "num_layers": 36})


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[Decoder]:
    """The models that were timed; a layer takes one second and a half, the head two."""
    models: list[Decoder] = []

    def take(model: Decoder, batch: Batch) -> tuple[float, float]:
        models.append(model)
        return 1.5 * len(model.layers), 2.0

    monkeypatch.setattr(probe, "_pass", take)
    return models


def test_a_small_model_is_timed_whole_and_a_large_one_by_some_layers(
    timed: list[Decoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = pytest.approx(4 * 32 / (6 * 1.5 + 2))
    assert probe_tokens_per_second(SMALL, context=32, micro_batch_tokens=128) == expected
    monkeypatch.setattr(probe, "ENOUGH_PARAMETERS", 1)
    assert probe_tokens_per_second(SMALL, context=32, micro_batch_tokens=128) == expected
    assert {len(model.layers) for model in timed} == {6, 2}
    assert layers_to_time(LARGE) == 2


def test_the_first_layers_keep_their_kinds() -> None:
    shape = SMALL.model_copy(update={"window": 8, "windowed_layers": (0, 1, 3, 5)})
    few = first_layers(shape, 2)
    assert (few.num_layers, few.windowed_layers) == (2, (0, 1))
    assert DecoderSettings.model_validate(few.model_dump()) == few


@pytest.mark.parametrize("bits", [16, 4])
def test_beside_an_adapter_the_base_is_frozen_as_in_training(timed: list[Decoder], bits: int) -> None:
    adapter = AdapterSettings(rank=2, base_bits=bits)  # type: ignore[arg-type]
    probe_tokens_per_second(SMALL, context=32, micro_batch_tokens=32, micro_batches=1, adapter=adapter)
    model = timed[0]
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert trained
    assert all("lora" in name for name in trained), trained
    assert model.embed_tokens.weight.dtype == model.compute_dtype
    assert any(isinstance(module, Nf4Linear) for module in model.modules()) == (bits == 4)


@pytest.mark.parametrize("adapter", [None, AdapterSettings(rank=2)], ids=["all weights", "adapter"])
def test_a_pass_is_forward_and_backward_of_all_that_is_trained(adapter: AdapterSettings | None) -> None:
    model = probe._model(SMALL, adapter, torch.device("cpu"))
    tokens_BT = torch.randint(128, (2, 32))
    in_layers, in_head = probe._pass(model, Batch(tokens_BT, tokens_BT, torch.zeros_like(tokens_BT, dtype=torch.int32)))
    assert in_layers > 0
    assert in_head > 0
    for name, parameter in model.named_parameters():
        of_last_norm = name == "norm.weight"
        assert (parameter.grad is not None) == (parameter.requires_grad and not of_last_norm), name

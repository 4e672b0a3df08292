"""The formula of training's FLOPs against torch's own count of a real pass."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from samovar.core.native.build import SWITCH
from samovar.model.adapters.attach import attach
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.train.flops import training_flops
from samovar.train.memory_model import Adapter

SHAPE = DecoderSettings(
    vocab_size=512, hidden_size=128, intermediate_size=384, num_layers=6, num_heads=2, num_kv_heads=2, max_positions=64
)
CONTEXT = 64


def counted(adapter: AdapterSettings | None) -> int:
    """FLOPs a token of a forward and a backward pass."""
    model = Decoder(SHAPE)
    if adapter is not None:
        attach(model, adapter, seed=0)
    tokens_BT = torch.randint(SHAPE.vocab_size, (2, CONTEXT))
    with FlopCounterMode(display=False) as counter:
        model(tokens_BT).sum().backward()
    return counter.get_total_flops() // tokens_BT.numel()


@pytest.mark.parametrize(
    ("settings", "adapter"),
    [
        (None, None),
        (AdapterSettings(rank=8), Adapter(8)),
        (AdapterSettings(rank=4, targets=["q_proj", "down_proj"]), Adapter(4, ["q_proj", "down_proj"])),
    ],
    ids=["all weights", "all maps", "two maps"],
)
def test_the_formula_is_what_torch_counts(
    settings: AdapterSettings | None, adapter: Adapter | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, "off")  # torch does not see into what is not its own
    assert training_flops(SHAPE, CONTEXT, adapter) == pytest.approx(counted(settings), rel=0.05)


def test_frozen_weights_take_four_in_place_of_six() -> None:
    """A shape whose head and matrices are all that counts."""
    frozen = 2.0 * (SHAPE.num_matrix_parameters + SHAPE.vocab_size * SHAPE.hidden_size)
    own = 6.0 * Adapter(8).num_parameters(SHAPE)
    assert training_flops(SHAPE, CONTEXT) - training_flops(SHAPE, CONTEXT, Adapter(8)) == pytest.approx(frozen - own)

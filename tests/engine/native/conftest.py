from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from samovar.engine.native.abi import LIBRARY
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings


@pytest.fixture(scope="session", autouse=True)
def native_library() -> None:
    """Compiled once for all tests of this folder, in seconds, and kept for the next session."""
    if LIBRARY.library() is None:
        pytest.skip(LIBRARY.reason())


@pytest.fixture
def make_model() -> Callable[..., Decoder]:
    """A tiny decoder with weights that matter everywhere: norms that are not one, biases that are not zero."""

    def make(**changes: Any) -> Decoder:
        shape = {
            "vocab_size": 96,
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_layers": 2,
            "num_heads": 4,
            "num_kv_heads": 2,
        }
        settings = DecoderSettings(**(shape | {"head_dim": 16, "max_positions": 2048} | changes))
        torch.manual_seed(3)
        model = Decoder(settings)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim > 1:
                    parameter.normal_(0.0, 0.12)
                else:
                    parameter.add_(torch.randn_like(parameter) * 0.2)
        return model.eval().requires_grad_(False)

    return make

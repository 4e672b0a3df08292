"""A model that memory cannot hold is refused before a number of it is read, and one that just fits is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.core.errors import ResourceError
from samovar.model import checkpoint
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.quantized import quantize_model
from tests.model.test_decoder import random_decoder, tiny


def held_bytes(model: Decoder) -> int:
    """Of all that is loaded."""
    return sum(tensor.numel() * tensor.element_size() for tensor in model.state_dict().values())


@pytest.mark.parametrize("form", [None, "int8", "int4"])
@pytest.mark.parametrize("how", [{}, {"dtype": torch.float32}, {"dtype": torch.bfloat16}])
def test_what_just_fits_is_loaded_and_a_byte_less_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Any, how: dict[str, Any]
) -> None:
    model = random_decoder(tiny(hidden_size=128, tie_embeddings=form is None))
    save_model(model if form is None else quantize_model(model, form), tmp_path, dtype=torch.bfloat16)
    needed = held_bytes(load_model(tmp_path, **how))
    monkeypatch.setattr(checkpoint, "free_memory", lambda **how: needed)
    assert held_bytes(load_model(tmp_path, **how)) == needed
    monkeypatch.setattr(checkpoint, "free_memory", lambda **how: needed - 1)
    monkeypatch.setattr(checkpoint, "read_weights", lambda path: pytest.fail("nothing is to be read"))
    with pytest.raises(ResourceError, match=r"the weights in .* need \d+\.\d KiB of memory .* are free"):
        load_model(tmp_path, **how)


def test_four_bits_need_an_eighth_of_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(random_decoder(tiny(hidden_size=256, intermediate_size=512)), tmp_path)
    needed = held_bytes(load_model(tmp_path, weight_bits=4))
    monkeypatch.setattr(checkpoint, "free_memory", lambda **how: needed)
    load_model(tmp_path, weight_bits=4)
    monkeypatch.setattr(checkpoint, "free_memory", lambda **how: 0.99 * needed)
    with pytest.raises(ResourceError, match="in four bits"):
        load_model(tmp_path, weight_bits=4)


def test_the_refusal_says_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(random_decoder(tiny()), tmp_path, dtype=torch.bfloat16)
    stored = held_bytes(load_model(tmp_path))
    monkeypatch.setattr(checkpoint, "free_memory", lambda **how: stored)
    with pytest.raises(ResourceError, match=r"need 112\.9 KiB of memory in float32, and 56\.4 KiB are free") as caught:
        load_model(tmp_path, dtype=torch.float32)
    assert "`samovar quantize` (int8, int4) takes 56.4 KiB, here" in str(caught.value.hint)
    monkeypatch.setattr(checkpoint, "free_memory", lambda **how: stored - 1)
    with pytest.raises(ResourceError) as caught:
        load_model(tmp_path)
    assert "where there is more memory" in str(caught.value.hint)

"""Loaded weights lie where the int8 kernel may read them, wherever the file has them.

torch's kernel for int8 weights reads 16 bytes at an aligned address and ends the process at any other; the offsets in a
safetensors file are aligned to 8 bytes alone, and move with every character of the header before them.
"""

import pytest
import torch
from safetensors.torch import load_file, save_file

from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.quantized import quantize_model
from samovar.model.settings import DecoderSettings

ROWS = 8


@pytest.mark.parametrize("note_characters", [0, 8, 16, 24, 40])
def test_int8_weights_are_aligned_whatever_the_header(tmp_path, note_characters):
    settings = DecoderSettings(
        vocab_size=64, hidden_size=64, intermediate_size=64, num_layers=1, num_heads=1, num_kv_heads=1, max_positions=32
    )
    model = Decoder(settings)
    initialize(model, 0)
    save_model(quantize_model(model), tmp_path)
    file = tmp_path / "model.safetensors"
    save_file(load_file(file), file, metadata={"format": "pt", "note": "x" * note_characters})
    loaded = load_model(tmp_path)
    assert all(tensor.data_ptr() % 16 == 0 for tensor in loaded.state_dict().values())
    with torch.no_grad():
        assert loaded(torch.zeros(1, ROWS, dtype=torch.long)).isfinite().all()

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from samovar.core.errors import ConfigError
from samovar.core.files import read_json, write_json
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.int8 import MAX_KERNEL_ROWS, Int8Linear, quantize_rows
from samovar.model.linear import Linear
from samovar.model.quantized import dequantize_model, is_quantized, quantize_model
from samovar.model.settings import DecoderSettings


@pytest.fixture
def model() -> Decoder:
    shape = DecoderSettings(
        vocab_size=128,
        hidden_size=64,
        intermediate_size=128,
        num_layers=2,
        num_heads=4,
        num_kv_heads=2,
        head_dim=16,
        max_positions=64,
    )
    torch.manual_seed(0)
    decoder = Decoder(shape)
    initialize(decoder, 0)
    with torch.no_grad():
        for parameter in decoder.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0.0, 0.1)
    return decoder.eval()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**31), st.floats(1e-6, 1e4))
def test_rounding_is_at_most_half_a_step(seed: int, size: float) -> None:
    weight = torch.randn(5, 33, generator=torch.Generator().manual_seed(seed)) * size
    int8, scale = quantize_rows(weight)
    assert int8.dtype == torch.int8
    assert int8.abs().max() <= 127
    assert torch.equal(scale, scale.to(torch.bfloat16).float())
    assert ((int8 * scale - weight).abs() <= 0.5001 * scale).all()
    # Hardly any of the range is given away to the rounding of the scale.
    assert (int8.abs().amax(1) >= 125).all()


def test_a_row_of_zeros_stays_zero() -> None:
    int8, scale = quantize_rows(torch.zeros(2, 4))
    assert torch.equal(int8 * scale, torch.zeros(2, 4))


@pytest.mark.parametrize("num_rows", [1, MAX_KERNEL_ROWS, MAX_KERNEL_ROWS + 1, 100])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_every_kernel_gives_the_product(num_rows: int, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    quantized = Int8Linear.of(Linear(64, 96))
    x = torch.randn(2, num_rows, 64)[:1].to(dtype)
    exact = x.float() @ quantized.dequantize().T
    found = quantized(x)
    assert found.shape == (1, num_rows, 96)
    assert found.dtype == dtype
    torch.testing.assert_close(found.float(), exact, atol=0.02, rtol=0.02)


def test_quantized_comes_back_from_disk_and_hardly_differs(model: Decoder, tmp_path: Path) -> None:
    quantized = quantize_model(model)
    assert is_quantized(quantized)
    assert not is_quantized(model)
    save_model(model, tmp_path / "plain")
    save_model(quantized, tmp_path / "int8", dtype=torch.bfloat16)
    again = load_model(tmp_path / "int8", dtype=torch.float32)
    tokens = torch.randint(128, (2, 30))
    plain, whole = model(tokens), again(tokens)
    torch.testing.assert_close(whole, quantized(tokens), atol=0.05, rtol=0.05)  # the embedding went through bfloat16
    assert (plain - whole).norm() / plain.norm() < 0.03
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("plain", "int8")]
    assert sizes[1] < 0.4 * sizes[0]


def test_dequantized_has_exactly_the_int8_values(model: Decoder) -> None:
    quantized = quantize_model(model)
    plain = dequantize_model(quantized)
    assert not is_quantized(plain)
    module = quantized.get_submodule("layers.1.mlp.down_proj")
    assert isinstance(module, Int8Linear)
    weight = plain.get_parameter("layers.1.mlp.down_proj.weight")
    assert torch.equal(weight, module.weight.float() * module.weight_scale)


def test_the_layout_is_that_of_compressed_tensors(model: Decoder, tmp_path: Path) -> None:
    save_model(quantize_model(model), tmp_path, dtype=torch.bfloat16)
    state = load_file(tmp_path / "model.safetensors")
    name = "model.layers.0.self_attn.q_proj"
    assert state[f"{name}.weight"].dtype == torch.int8
    assert state[f"{name}.weight_scale"].shape == (64, 1)
    config = read_json(tmp_path / "config.json")["quantization_config"]
    assert (config["quant_method"], config["format"]) == ("compressed-tensors", "int-quantized")


def test_another_quantization_is_refused(model: Decoder, tmp_path: Path) -> None:
    save_model(quantize_model(model), tmp_path, dtype=torch.bfloat16)
    config = read_json(tmp_path / "config.json")
    config["quantization_config"]["config_groups"]["group_0"]["weights"]["num_bits"] = 4
    write_json(tmp_path / "config.json", config)
    with pytest.raises(ConfigError, match="'num_bits': 4"):
        load_model(tmp_path)

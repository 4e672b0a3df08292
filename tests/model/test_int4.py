"""Four-bit groups: values worked by hand, compressed-tensors' own reader, and what transformers makes of a folder."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file

from samovar.core.errors import ConfigError
from samovar.core.files import read_json, write_json
from samovar.model.checkpoint import load_model, save_model
from samovar.model.int4 import GROUP, KERNEL_ROWS, Int4Linear, fit_grid, pack, unpack
from samovar.model.int8 import Int8Linear
from samovar.model.linear import Linear, replace_module
from samovar.model.nf4 import Nf4Linear
from samovar.model.quantized import dequantize_model, quantize_model, quantized_maps
from tests.model.test_decoder import random_decoder, tiny

QWEN3 = {"hidden_size": 64, "intermediate_size": 128}


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_group_worked_by_hand() -> None:
    # Symmetric, largest size 3.75: a step of 3.75 / 7.5 = 0.5, so that 3.75 is cut to code 15, which is 3.5, and -3.75
    # becomes code 0, -4; a smaller step would cut more. With a zero: from -1 to 6.5 in 15 steps of 0.5, zero at code 2.
    row = torch.zeros(1, GROUP)
    row[0, :4] = torch.tensor([3.75, -3.75, 1.0, -0.5])
    grid = fit_grid(row)
    assert float(grid.scale_OG) == 0.5
    assert grid.round(row)[0, :5].tolist() == [15, 0, 10, 7, 8]
    row[0, :4] = torch.tensor([6.5, -1.0, 3.0, 0.5])
    grid = fit_grid(row, is_symmetric=False)
    assert (float(grid.scale_OG), float(grid.zero_OG)) == (0.5, 2.0)
    assert torch.equal(grid.weight(grid.round(row)), row)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 9), st.integers(1, 40))
def test_packed_codes_come_back(seed: int, rows: int, inputs: int) -> None:
    codes = torch.randint(0, 16, (rows, inputs), generator=torch.Generator().manual_seed(seed)).to(torch.uint8)
    assert torch.equal(unpack(pack(codes), inputs), codes)


def test_eight_codes_fill_a_word_from_its_lowest_bits() -> None:
    assert pack(torch.tensor([[1, 2, 3, 4, 5, 6, 7, 0]], dtype=torch.uint8)).tolist() == [[0x07654321]]


@pytest.mark.parametrize("is_symmetric", [True, False])
def test_importance_moves_the_error_to_where_it_does_not_count(is_symmetric: bool) -> None:
    weight, importance = normal(8, 64), torch.ones(64)
    weight[:, ::2] *= 4.0
    importance[1::2] = 100.0

    def error(**options: torch.Tensor) -> float:
        grid = fit_grid(weight, is_symmetric=is_symmetric, **options)
        return float(((grid.weight(grid.round(weight)) - weight).square() * importance).sum())

    assert error(importance_I=importance) < error()


@pytest.mark.parametrize("num_rows", [1, KERNEL_ROWS, KERNEL_ROWS + 1])
@pytest.mark.parametrize("is_symmetric", [True, False])
@pytest.mark.parametrize(("outputs", "group"), [(96, 32), (96, 64), (24, 32)])
def test_every_way_gives_the_product(num_rows: int, is_symmetric: bool, outputs: int, group: int) -> None:
    linear = Linear(64, outputs, bias=True)
    quantized = Int4Linear.of(linear, group=group, is_symmetric=is_symmetric)
    assert quantized.bias is not None
    x = normal(1, num_rows, 64)
    found = quantized(x)
    assert (found.shape, found.dtype) == ((1, num_rows, outputs), torch.float32)
    torch.testing.assert_close(found, x @ quantized.dequantize().T + quantized.bias, atol=0.03, rtol=0.03)


@pytest.mark.parametrize("is_symmetric", [True, False])
def test_compressed_tensors_reads_the_same_weights(is_symmetric: bool, tmp_path: Path) -> None:
    ct = pytest.importorskip("compressed_tensors.compressors.pack_quantized")
    from compressed_tensors.quantization import QuantizationScheme

    model = random_decoder(tiny(**QWEN3))
    save_model(quantize_model(model, "int4", is_symmetric=is_symmetric), tmp_path, dtype=torch.bfloat16)
    config = read_json(tmp_path / "config.json")["quantization_config"]
    assert (config["quant_method"], config["format"]) == ("compressed-tensors", "pack-quantized")
    scheme = QuantizationScheme.model_validate(config["config_groups"]["group_0"])
    state = load_file(tmp_path / "model.safetensors")
    maps = quantized_maps(load_model(tmp_path))
    assert len(maps) == 7 * model.settings.num_layers
    for name, module in maps.items():
        leaves = {key.rpartition(".")[2]: tensor for key, tensor in state.items() if key.startswith(f"model.{name}.")}
        theirs = ct.PackedQuantizationCompressor.decompress(leaves, scheme)["weight"]
        # They multiply in bfloat16, in which the scales are.
        torch.testing.assert_close(theirs.float(), module.dequantize(), rtol=2**-8, atol=0)


@pytest.mark.parametrize("form", ["int8", "int8-dynamic", "int4", "mixed"])
def test_transformers_opens_the_folder_and_foretells_the_same(form: str, tmp_path: Path) -> None:
    pytest.importorskip("compressed_tensors")
    from transformers import AutoModelForCausalLM

    model = random_decoder(tiny(**QWEN3))
    quantized = quantize_model(model, "int4" if form == "mixed" else form)  # type: ignore[arg-type]
    if form == "mixed":
        for name in ("layers.0.mlp.down_proj", "layers.1.self_attn.o_proj"):
            replace_module(quantized, name, Int8Linear.of(model.get_submodule(name)))  # type: ignore[arg-type]
    save_model(quantized, tmp_path, dtype=torch.bfloat16)
    ours = load_model(tmp_path, dtype=torch.float32)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    tokens = torch.randint(model.settings.vocab_size, (1, 12), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected, found = theirs(tokens).logits, dequantize_model(ours)(tokens)
    # Their activations are rounded to int8 by a slightly other scale.
    bound = 0.05 if form == "int8-dynamic" else 0.01
    assert float((found - expected).norm() / expected.norm()) < bound


def test_dynamic_int8_multiplies_whole_numbers(tmp_path: Path) -> None:
    module = Int8Linear.of(Linear(64, 32), is_dynamic=True)
    x = normal(3, 64)
    scale = (x.abs().amax(1, keepdim=True) / 127).to(torch.bfloat16).float()
    exact = ((x / scale).round().clamp(-127, 127) * scale) @ module.dequantize().T
    torch.testing.assert_close(module(x), exact, atol=0.02, rtol=0.02)
    save_model(quantize_model(random_decoder(tiny(**QWEN3)), "int8-dynamic"), tmp_path, dtype=torch.bfloat16)
    assert all(isinstance(one, Int8Linear) and one.is_dynamic for one in quantized_maps(load_model(tmp_path)).values())


@pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="bitsandbytes is not installed")
@pytest.mark.filterwarnings("ignore")
def test_nf4_comes_back_from_disk_and_bitsandbytes_reads_the_same(tmp_path: Path) -> None:
    import bitsandbytes as bnb

    quantized = quantize_model(random_decoder(tiny(**QWEN3)), "nf4")
    save_model(quantized, tmp_path, dtype=torch.bfloat16)
    again = load_model(tmp_path, dtype=torch.bfloat16)
    state = load_file(tmp_path / "model.safetensors")
    for name, module in quantized_maps(again).items():
        assert isinstance(module, Nf4Linear)
        assert torch.equal(module.dequantize(), quantized.get_submodule(name).dequantize())  # type: ignore[operator]
        weight = state.pop(f"model.{name}.weight")
        rest = {key: tensor for key, tensor in state.items() if key.startswith(f"model.{name}.weight.")}
        short = {key.removeprefix(f"model.{name}.weight."): tensor for key, tensor in rest.items()}
        theirs = bnb.nn.Params4bit.from_prequantized(data=weight, quantized_stats=short, device="cpu")
        plain = bnb.functional.dequantize_4bit(theirs.data, theirs.quant_state)
        torch.testing.assert_close(plain.float(), module.dequantize(), rtol=2**-8, atol=1e-6)


def test_a_group_that_does_not_divide_the_inputs_becomes_int8() -> None:
    model = random_decoder(tiny(hidden_size=48, intermediate_size=64))
    kinds = {name: type(module) for name, module in quantized_maps(quantize_model(model, "int4")).items()}
    assert kinds["layers.0.mlp.down_proj"] is Int4Linear
    assert kinds["layers.0.mlp.up_proj"] is Int8Linear


@pytest.mark.parametrize("change", [{"num_bits": 3}, {"group_size": 48}, {"actorder": "group"}, {"type": "float"}])
def test_what_is_not_known_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    save_model(quantize_model(random_decoder(tiny(**QWEN3)), "int4"), tmp_path, dtype=torch.bfloat16)
    config = read_json(tmp_path / "config.json")
    config["quantization_config"]["config_groups"]["group_0"]["weights"].update(change)
    write_json(tmp_path / "config.json", config)
    with pytest.raises(ConfigError, match="quantized as compressed-tensors"):
        load_model(tmp_path)

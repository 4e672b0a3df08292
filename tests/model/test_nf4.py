"""Four-bit weights against the paper's definition, values worked by hand, and bitsandbytes where it is installed."""

from __future__ import annotations

from pathlib import Path
from statistics import NormalDist

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.model import checkpoint
from samovar.model.checkpoint import load_model, save_model
from samovar.model.linear import Linear
from samovar.model.nf4 import (
    BLOCK,
    LEVELS,
    SIZE_LEVELS,
    Nf4Linear,
    dequantize_nf4,
    nf4_state,
    prepare_nf4,
    quantize_nf4,
)
from tests.model.test_decoder import random_decoder, tiny


def normal(*shape: int, seed: int = 0, size: float = 0.02) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * size


def test_levels_hold_equal_shares_of_a_normal_distribution() -> None:
    # Section 3: quantiles of N(0, 1), 8 of the negative half and 9 of the positive, that share the zero.
    last = (1 - 1 / 30 + 1 - 1 / 32) / 2
    quantile = NormalDist().inv_cdf
    positive = [quantile(last + (0.5 - last) * step / 8) for step in range(8)]
    negative = [-quantile(last + (0.5 - last) * step / 7) for step in range(7)]
    levels = torch.tensor(sorted([*negative, 0.0, *positive])) / positive[0]
    torch.testing.assert_close(LEVELS, levels, atol=2e-7, rtol=0)


def test_levels_of_sizes_are_a_tree_over_seven_powers_of_ten() -> None:
    assert len(SIZE_LEVELS) == len(SIZE_LEVELS.unique()) == 256
    for power in range(7):
        low, high = 10.0 ** (power - 7), 10.0 ** (power - 6)
        inside = SIZE_LEVELS[(low < SIZE_LEVELS) & (high > SIZE_LEVELS)]
        assert len(inside) == 2**power
        assert float(inside.mean()) == pytest.approx((low + high) / 2, rel=1e-5)
    assert {-1.0, 0.0, 1.0} & set(SIZE_LEVELS.tolist()) == {0.0, 1.0}


def test_a_block_worked_by_hand() -> None:
    # One block of size 2: 2 -> level 15, -2 -> 0, 0 -> 7; 0.1 / 2 = 0.05 lies nearer to 0.0796 than to 0;
    # 0.07 / 2 = 0.035 nearer to 0; -1.0 / 2 lies between -0.525 and -0.395, nearer to the first.
    row = torch.zeros(1, BLOCK)
    row[0, :6] = torch.tensor([2.0, -2.0, 0.0, 0.1, 0.07, -1.0])
    quantized = quantize_nf4(row)
    assert quantized.packed[:3].tolist() == [0xF0, 0x78, 0x72]
    assert quantized.packed[3:].tolist() == [0x77] * 29
    assert float(quantized.size_mean) == 2.0
    found = dequantize_nf4(quantized, 1, BLOCK, torch.float32)[0]
    expected = [2.0, -2.0, 0.0, 2 * 0.07958029955625534, 0.0, -2 * 0.5250730514526367]
    torch.testing.assert_close(found[:6], torch.tensor(expected))
    assert not found[6:].any()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(1e-5, 1e3), st.integers(1, 40), st.integers(1, 70))
def test_no_number_is_further_off_than_half_the_widest_gap(seed: int, size: float, outputs: int, inputs: int) -> None:
    weight = normal(outputs, inputs, seed=seed, size=size)
    found = dequantize_nf4(quantize_nf4(weight), outputs, inputs, torch.float32)
    assert found.shape == weight.shape
    flat, off = weight.flatten(), (found - weight).abs().flatten()
    sizes = [float(block.abs().max()) for block in flat.split(BLOCK)]
    mean = sum(sizes) / len(sizes)
    spread = max(abs(one - mean) for one in sizes)
    widest = float((LEVELS[1:] - LEVELS[:-1]).max()) / 2
    for block_off, block_size in zip(off.split(BLOCK), sizes, strict=True):
        # The size itself is off by at most half the widest step of its levels.
        assert float(block_off.max()) <= 1.001 * (widest * block_size + 0.0075 * spread) + 1e-9


def test_relative_error_of_normal_weights_is_that_of_nf4() -> None:
    # Four bits in blocks of 64: about 9 % root mean square; evenly spaced levels would give above 10 %.
    weight = normal(256, 256)
    found = dequantize_nf4(quantize_nf4(weight), 256, 256, torch.float32)
    error = float((found - weight).norm() / weight.norm())
    assert 0.08 < error < 0.1
    even = torch.linspace(-1, 1, 16)
    blocks = weight.view(-1, BLOCK)
    sizes = blocks.abs().amax(1, keepdim=True)
    nearest = even[((blocks / sizes)[..., None] - even).abs().argmin(-1)] * sizes
    assert error < float((nearest - blocks).norm() / blocks.norm())


def test_zeros_stay_zeros() -> None:
    assert not dequantize_nf4(quantize_nf4(torch.zeros(3, 50)), 3, 50, torch.float32).any()


def test_equals_bitsandbytes() -> None:
    functional = pytest.importorskip("bitsandbytes.functional")
    weight = normal(384, 512, seed=3)
    theirs, state = functional.quantize_4bit(weight, quant_type="nf4", blocksize=64, compress_statistics=True)
    ours = quantize_nf4(weight)
    torch.testing.assert_close(SIZE_LEVELS, state.state2.code, atol=1e-7, rtol=1e-6)
    # A number half-way between levels may fall to either side; of random ones hardly any does.
    assert (ours.packed == theirs.flatten()).float().mean() > 0.9999
    assert (ours.size_code_C == state.absmax).float().mean() > 0.999
    torch.testing.assert_close(ours.size_scale_G, state.state2.absmax)
    torch.testing.assert_close(ours.size_mean, state.offset)
    same = dequantize_nf4(ours, 384, 512, torch.float32)
    different = (same - functional.dequantize_4bit(theirs, state)).abs() > 1e-6
    assert different.float().mean() < 2e-3


def test_memory_is_as_the_paper_says() -> None:
    linear = Nf4Linear(1024, 1024)
    size_bytes = sum(tensor.numel() * tensor.element_size() for tensor in linear.state_dict().values())
    assert 8 * (size_bytes - 4) / 1024**2 == pytest.approx(4 + 8 / 64 + 32 / (64 * 256))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("has_bias", [True, False])
def test_product_and_gradient_are_those_of_the_unpacked_matrix(dtype: torch.dtype, has_bias: bool) -> None:
    torch.manual_seed(0)
    quantized = Nf4Linear.of(Linear(48, 80, bias=has_bias))
    weight = quantized.dequantize().to(dtype)
    ours, plain = (torch.randn(2, 5, 48, generator=torch.Generator().manual_seed(1)).to(dtype) for _ in range(2))
    ours.requires_grad_(True)
    plain.requires_grad_(True)
    y = quantized(ours)
    bias = None if quantized.bias is None else quantized.bias.to(dtype)
    expected = torch.nn.functional.linear(plain, weight, bias)
    assert y.dtype == dtype
    torch.testing.assert_close(y, expected)
    y.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(ours.grad, plain.grad)


def test_gradient_by_differences() -> None:
    torch.manual_seed(0)
    quantized = Nf4Linear.of(Linear(6, 4))
    x = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(quantized, (x,))


def test_nothing_unpacked_is_kept_for_the_backward_pass() -> None:
    quantized = Nf4Linear.of(Linear(64, 64))
    kept: list[torch.Tensor] = []
    with torch.autograd.graph.saved_tensors_hooks(lambda tensor: kept.append(tensor) or tensor, lambda tensor: tensor):
        quantized(torch.randn(1, 64, requires_grad=True))
    assert sum(tensor.numel() * tensor.element_size() for tensor in kept) < 64 * 64
    assert all(tensor.dtype != torch.float32 or tensor.numel() < 64 for tensor in kept)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_model_loads_in_four_bits(tmp_path: Path, dtype: torch.dtype) -> None:
    model = random_decoder(tiny())
    save_model(model, tmp_path, largest_file=30_000)
    packed = load_model(tmp_path, dtype=dtype, weight_bits=4)
    for name in ("layers.0.self_attn.q_proj", "layers.1.mlp.down_proj"):
        module, linear = packed.get_submodule(name), model.get_submodule(name)
        assert isinstance(module, Nf4Linear)
        assert module.size_scale_G.dtype == torch.float32
        expected = dequantize_nf4(quantize_nf4(linear.weight), *linear.weight.shape, torch.float32)
        assert torch.equal(module.dequantize(), expected)
    assert packed.embed_tokens.weight.dtype == packed.norm.weight.dtype == dtype
    assert not any(parameter.requires_grad for parameter in packed.parameters())


def test_it_is_never_held_whole_in_float32(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_model(random_decoder(tiny()), tmp_path)
    largest = 0

    def watched(name: str, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        nonlocal largest
        state = nf4_state(name, weight)
        size = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
        largest = max(largest, size)
        assert size < weight.numel()  # a byte a number, of four that came in: it is packed before the next one is read
        return state

    monkeypatch.setattr(checkpoint, "nf4_state", watched)
    model = load_model(tmp_path, dtype=torch.bfloat16, weight_bits=4)
    assert largest
    kept = [tensor for name, tensor in model.state_dict().items() if name.startswith("layers.") and tensor.ndim > 1]
    assert not kept


def test_only_the_layers_maps_are_packed() -> None:
    model = random_decoder(tiny(tie_embeddings=False))
    names = prepare_nf4(model)
    assert len(names) == 2 * 7
    assert type(model.lm_head) is Linear

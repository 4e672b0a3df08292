"""GPTQ against its definition worked without shortcuts, AWQ against the unrounded layer, both on correlated inputs."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor

from samovar.core.errors import DataError
from samovar.model.calibration.awq import balance, four_bits
from samovar.model.calibration.four_bits import calibrate, harms, units
from samovar.model.calibration.gptq import DAMPING, gptq_codes
from samovar.model.calibration.inputs import change_layers
from samovar.model.decoder import Decoder
from samovar.model.int4 import GROUP, Grid, Int4Linear, fit_grid
from samovar.model.quantized import quantize_model, quantized_maps
from tests.model.test_decoder import random_decoder, tiny


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def correlated(tokens: int, inputs: int) -> Tensor:
    """Inputs that mostly lie in a few directions."""
    return normal(tokens, 6) @ normal(6, inputs, seed=1) + 0.1 * normal(tokens, inputs, seed=2)


def output_error(weight: Tensor, rounded: Tensor, x: Tensor) -> float:
    return float(((rounded - weight) @ x.T).square().sum())


def solved_one_by_one(weight: Tensor, product: Tensor, grid: Grid) -> Tensor:
    """Optimal brain quantization, column by column, each time with the inverse of what is left (equations 1 and 2)."""
    order = product.diagonal().argsort(descending=True)
    damped = product.double() + DAMPING * product.diagonal().mean() * torch.eye(len(product))
    scale, zero = grid.spread(weight.shape[1])
    left, codes = weight.double().clone(), torch.empty_like(weight)
    for step, column in enumerate(order):
        rest = order[step:]
        inverse = torch.linalg.inv(damped[rest][:, rest])
        code = ((left[:, column] / scale[:, column]).round() + zero[:, column]).clamp(0, 15)
        codes[:, column] = code
        error = left[:, column] - (code - zero[:, column]) * scale[:, column]
        left[:, rest] -= error[:, None] * inverse[0] / inverse[0, 0]
    return codes.to(torch.uint8)


@pytest.mark.parametrize("is_symmetric", [True, False])
def test_gptq_gives_what_solving_column_by_column_gives(is_symmetric: bool) -> None:
    weight, x = normal(5, 160, seed=3), correlated(400, 160)
    product = x.T @ x / len(x)
    grid = fit_grid(weight, is_symmetric=is_symmetric)
    found, expected = gptq_codes(weight, product, grid), solved_one_by_one(weight, product, grid)
    assert float((found == expected).float().mean()) > 0.99  # a tie may fall otherwise in float32


def test_gptq_errs_less_than_the_nearest_on_inputs_not_seen() -> None:
    weight, x = normal(16, 128), correlated(1000, 128)
    grid = fit_grid(weight)
    codes = gptq_codes(weight, x[:800].T @ x[:800] / 800, grid)
    nearest, solved = (output_error(weight, grid.weight(one), x[800:]) for one in (grid.round(weight), codes))
    assert solved < 0.5 * nearest


def test_inputs_never_seen_are_rounded_to_the_nearest() -> None:
    weight, x = normal(4, 64), correlated(200, 64)
    x[:, 10:20] = 0.0
    grid = fit_grid(weight)
    codes = gptq_codes(weight, x.T @ x / 200, grid)
    assert torch.equal(codes[:, 10:20], grid.round(weight)[:, 10:20])
    assert torch.equal(gptq_codes(weight, torch.zeros(64, 64), grid), grid.round(weight))


def test_activations_that_are_not_finite_are_said() -> None:
    with pytest.raises(DataError, match="not finite"):
        gptq_codes(normal(4, 32), torch.full((32, 32), torch.nan), fit_grid(normal(4, 32)))


SHAPES = {
    "qwen3": {},
    "many heads": {"num_kv_heads": 4},
    "layer norms": {"norm": "layer", "mlp_bias": True, "attention_bias": True, "family": "granite"},
    "shifted": {"norm": "shifted_rms", "block": "sandwich"},
    "one norm": {"block": "parallel_one_norm", "mlp": "plain", "norm": "layer"},
}


@pytest.fixture(params=SHAPES)
def model(request: pytest.FixtureRequest) -> Decoder:
    options = {"hidden_size": 64, "intermediate_size": 128, "num_heads": 4, "num_kv_heads": 2, "head_dim": 16}
    return random_decoder(tiny(**(options | SHAPES[request.param])))


def rows(model: Decoder, count: int = 6, length: int = 24) -> Tensor:
    return torch.randint(model.settings.vocab_size, (count, length), generator=torch.Generator().manual_seed(5))


def test_what_comes_in_is_what_the_model_has_there(model: Decoder) -> None:
    tokens, seen, expected = rows(model), {}, {}
    for name, module in model.named_modules():
        if name.endswith(("o_proj", "down_proj", "up_proj")):
            module.register_forward_hook(lambda _, x, y, name=name: expected.update({name: x[0].flatten(0, -2)}))
    with torch.no_grad():
        model(tokens)
    change_layers(model, tokens, lambda number, layer, inputs: seen.update({number: inputs}))
    for name, x in expected.items():
        _, number, leaf = name.split(".", 2)
        inputs = seen[int(number)][leaf]
        assert inputs.num_tokens >= len(x)
        torch.testing.assert_close(inputs.product_II, x.T @ x / len(x), atol=1e-4, rtol=1e-3)
        torch.testing.assert_close(inputs.size_I, x.abs().mean(0), atol=1e-5, rtol=1e-3)


def test_balance_changes_nothing_before_rounding_and_helps_after(model: Decoder) -> None:
    tokens, balanced = rows(model), copy.deepcopy(model)
    change_layers(balanced, tokens, lambda _, layer, inputs: balance(layer, inputs, four_bits(GROUP)))
    with torch.no_grad():
        torch.testing.assert_close(balanced(tokens), model(tokens), atol=1e-3, rtol=1e-3)
    changed = [n for n, p in balanced.named_parameters() if not torch.equal(p, model.get_parameter(n))]
    assert any("norm" in name for name in changed)


def test_awq_helps_where_some_inputs_are_large() -> None:
    model = random_decoder(tiny(hidden_size=64, intermediate_size=128))
    for layer in model.layers:
        layer.input_layernorm.weight.data[:3] *= 30.0
        layer.post_attention_layernorm.weight.data[:3] *= 30.0
    tokens = rows(model, 16)
    with torch.no_grad():
        expected = model(tokens)

        def error(quantized: Decoder) -> float:
            return float((quantized(tokens) - expected).norm())

        assert error(calibrate(model, tokens, method="awq")) < 0.8 * error(quantize_model(model, "int4"))


@pytest.mark.parametrize("method", ["awq", "gptq"])
def test_all_maps_are_in_four_bits_and_the_model_is_as_it_was(model: Decoder, method: str) -> None:
    before = copy.deepcopy(model.state_dict())
    found = calibrate(model, rows(model), method=method)  # type: ignore[arg-type]
    assert {type(module) for module in quantized_maps(found).values()} == {Int4Linear}
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    with torch.no_grad():
        tokens = rows(model)
        assert float((found(tokens) - model(tokens)).norm() / model(tokens).norm()) < 0.5


def test_harm_is_none_where_rounding_loses_nothing_and_some_elsewhere() -> None:
    model = random_decoder(tiny(hidden_size=64, intermediate_size=128))
    spared = "layers.1.mlp.down_proj"
    on_grid = torch.randint(-7, 8, (64, 128), generator=torch.Generator().manual_seed(0)).float()
    on_grid[:, ::GROUP] = -7.5  # so that the step is one, and its half is cut off by rounding
    grid = fit_grid(on_grid)
    model.get_submodule(spared).weight = torch.nn.Parameter(grid.weight(grid.round(on_grid)) / 64)
    found = harms(model, rows(model))
    assert set(found) == set(units(model))
    assert found.pop((spared,)) < 0.05 * min(found.values())  # the map computes in bfloat16


def test_maps_that_others_join_are_one_unit() -> None:
    model = random_decoder(tiny(num_layers=1))
    assert [tuple(name.rpartition(".")[2] for name in unit) for unit in units(model)] == [
        ("q_proj", "k_proj", "v_proj"),
        ("o_proj",),
        ("gate_proj", "up_proj"),
        ("down_proj",),
    ]

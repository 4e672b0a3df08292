"""Forms of weights in the native step: what each costs, and that whole numbers stay the numbers they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from samovar.engine.forward import plain_dtype
from samovar.engine.native.maps import Rows, join, rows_of, weave
from samovar.engine.native.native_decoder import NativeDecoder
from samovar.engine.native.pack import Kind
from samovar.model.decoder import Decoder
from samovar.model.int4 import Int4Linear
from samovar.model.int8 import Int8Linear
from samovar.model.linear import Linear
from samovar.model.nf4 import Nf4Linear
from tests.engine.native.blocks import Writer, memory_for, tokens

TEXT = tokens(120, 96, 5)


def native_logits(model: Decoder, kind: Kind | None = None, head_kind: Kind | None = None) -> Tensor:
    native = NativeDecoder(model, memory_for(model.settings, 10), kind=kind, head_kind=head_kind, threads=2)
    writer = Writer(10)
    parts = [native.logits(writer.batch({0: TEXT[:90]}, all_rows=True))]
    parts += [native.logits(writer.batch({0: [token]})) for token in TEXT[90:]]
    return torch.cat(parts)


def surprise(logits_TV: Tensor) -> float:
    """Cross-entropy of the text."""
    return float(torch.nn.functional.cross_entropy(logits_TV[:-1], torch.tensor(TEXT[1:])))


def distance(logits: Tensor, expected: Tensor) -> float:
    """Root of the mean squared error, as a share of the spread of what is expected."""
    return float((logits - expected).square().mean().sqrt() / expected.std())


@pytest.mark.parametrize(
    ("kind", "furthest", "dearest"),
    [(Kind.F32, 1e-5, 1e-5), (Kind.BF16, 0.015, 0.002), (Kind.INT8, 0.06, 0.005), (Kind.INT4, 0.45, 0.1)],
)
def test_what_rounding_costs(kind: Kind, furthest: float, dearest: float, make_model: Callable[..., Decoder]) -> None:
    model = make_model(hidden_size=128, intermediate_size=256, tie_embeddings=False)
    expected = model(torch.tensor([TEXT]))[0]
    logits = native_logits(model, kind)
    assert distance(logits, expected) < furthest
    assert surprise(logits) == pytest.approx(surprise(expected), rel=dearest)


@pytest.mark.parametrize("length", [7, 48, 83, 119])
def test_prompts_over_keys_in_bfloat16_are_read_as_token_by_token(
    length: int, make_model: Callable[..., Decoder]
) -> None:
    """Tiles multiply pairs of bfloat16 where the processor can; a token alone is scored in float32."""
    model = make_model(hidden_size=128, num_heads=4, num_kv_heads=2)
    found = []
    for cuts in ([length], [1] * length):
        native = NativeDecoder(model, memory_for(model.settings, 10, torch.bfloat16), kind=Kind.F32, threads=2)
        writer, parts, start = Writer(10), [], 0
        for size in cuts:
            parts.append(native.logits(writer.batch({0: TEXT[start : start + size]}, all_rows=True)))
            start += size
        found.append(torch.cat(parts))
    assert distance(*found) < 0.01


def test_keys_are_kept_in_float32_only_where_weights_need_it(make_model: Callable[..., Decoder]) -> None:
    model = make_model()
    assert plain_dtype(model, is_native=True) == torch.float32
    stored_in_two_bytes = make_model().to(torch.bfloat16).float()
    assert plain_dtype(stored_in_two_bytes, is_native=True) == torch.bfloat16
    assert plain_dtype(stored_in_two_bytes, is_native=False) == torch.float32
    assert plain_dtype(replaced(model, Int8Linear.of), is_native=True) == torch.bfloat16


def replaced(model: Decoder, make: Callable[[torch.nn.Linear], torch.nn.Module]) -> Decoder:
    for layer in model.layers:
        for block in (layer.self_attn, layer.mlp):
            for name, child in list(block.named_children()):
                if isinstance(child, Linear):
                    setattr(block, name, make(child))
    return model


@pytest.mark.parametrize(
    ("make", "furthest"),
    [
        (Int8Linear.of, 0.03),
        (lambda linear: Int4Linear.of(linear, group=32), 0.03),
        (lambda linear: Int4Linear.of(linear, group=32, is_symmetric=False), 0.03),
        (Nf4Linear.of, 0.02),
    ],
    ids=["int8", "int4", "int4 with zeros", "nf4"],
)
def test_quantized_maps_keep_their_numbers(
    make: Callable[[torch.nn.Linear], torch.nn.Module], furthest: float, make_model: Callable[..., Decoder]
) -> None:
    model = replaced(make_model(attention_bias=True), make)
    exact = make_model(attention_bias=True)
    for plain, narrow in zip(exact.layers, model.layers, strict=True):
        for block in ("self_attn", "mlp"):
            for name, child in getattr(plain, block).named_children():
                if isinstance(child, Linear):
                    child.weight.copy_(getattr(getattr(narrow, block), name).dequantize())
    expected = exact(torch.tensor([TEXT]))[0]
    # What is left is the rounding of activations to int8 or bfloat16.
    assert distance(native_logits(model, head_kind=Kind.F32), expected) < furthest


def test_maps_of_different_forms_are_joined_in_bfloat16(make_model: Callable[..., Decoder]) -> None:
    model = make_model()
    expected = model(torch.tensor([TEXT]))[0]
    attention = model.layers[0].self_attn
    attention.q_proj = Int8Linear.of(attention.q_proj)
    joined = join([rows_of(attention.q_proj), rows_of(attention.k_proj)])
    assert joined.kind is Kind.BF16
    torch.testing.assert_close(joined.values_OI[64:].float(), attention.k_proj.weight, rtol=0.004, atol=0.0)
    assert distance(native_logits(model), expected) < 0.03


def test_floats_that_two_bytes_hold_are_kept_in_two(make_model: Callable[..., Decoder]) -> None:
    attention = make_model().layers[0].self_attn
    assert rows_of(attention.q_proj).kind is Kind.F32
    exact = Linear(16, 2)
    exact.weight = torch.nn.Parameter(attention.q_proj.weight[:2, :16].bfloat16().float())
    assert rows_of(exact).kind is Kind.BF16
    joined = join([rows_of(exact), Rows(Kind.F32, attention.q_proj.weight[:2, :16])])
    assert joined.kind is Kind.F32
    assert torch.equal(joined.values_OI[2:], attention.q_proj.weight[:2, :16])


def test_gate_and_what_it_gates_alternate_in_sixteens() -> None:
    gate, up = (Rows(Kind.F32, start + torch.arange(48.0)[:, None]) for start in (0, 100))
    woven = weave(gate, up).values_OI[:, 0].tolist()
    assert woven[:3] == [0.0, 1.0, 2.0]
    assert woven[16:18] == [100.0, 101.0]
    assert woven[32:34] == [16.0, 17.0]
    assert sorted(woven) == [*map(float, range(48)), *map(float, range(100, 148))]


def test_a_bias_that_one_map_has_and_another_has_not() -> None:
    one = Rows(Kind.F32, torch.ones(2, 4), bias_O=torch.ones(2))
    joined = join((one, Rows(Kind.F32, torch.ones(3, 4))))
    assert joined.bias_O is not None
    assert joined.bias_O.tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]

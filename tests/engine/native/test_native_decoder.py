"""The native step against Decoder.forward without any cache."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.engine.forward import choose_way
from samovar.engine.native import native_decoder
from samovar.engine.native.native_decoder import NativeDecoder, objection, packed_bytes
from samovar.model.decoder import Decoder
from samovar.model.quantized import MapForm, quantize_model
from samovar.model.settings import RopeScaling
from tests.engine.native.blocks import Writer, memory_for, tokens

FAMILIES = {
    "llama": {"family": "llama", "qk_norm": False, "tie_embeddings": False},
    "llama with biases": {
        "family": "llama",
        "qk_norm": False,
        "attention_bias": True,
        "output_bias": True,
        "mlp_bias": True,
    },
    "mistral": {
        "family": "mistral",
        "qk_norm": False,
        "window": 24,
        "windowed_layers": (0, 1),
        "tie_embeddings": False,
    },
    "qwen2": {"family": "qwen2", "qk_norm": False, "attention_bias": True, "window": 40, "windowed_layers": (1,)},
    "qwen3": {"family": "qwen3", "head_dim": 32, "num_kv_heads": 4},
    "yarn": {"rope_scaling": RopeScaling(kind="yarn", factor=4.0, original_positions=64)},
    "linear": {"rope_scaling": RopeScaling(kind="linear", factor=2.0)},
    "granite": {"embedding_multiplier": 3.0, "residual_multiplier": 0.4, "logit_divisor": 2.0, "score_scale": 0.2},
    "part of a head rotated": {"rotary_share": 0.5},
    "five heads of 64": {"hidden_size": 80, "num_heads": 5, "num_kv_heads": 5, "head_dim": 64},
    "heads of 128": {"num_heads": 4, "num_kv_heads": 1, "head_dim": 128},
    "heads of 48": {"num_heads": 3, "num_kv_heads": 1, "head_dim": 48},
}

# In a process of its own: where it is not caught that no thread can be had, the process is ended.
SHORT_OF_THREADS = """
import resource
from pathlib import Path
from samovar.core.errors import ResourceError
from samovar.engine.native.native_decoder import NativeDecoder
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from tests.engine.native.blocks import Writer, memory_for

heads = {"num_heads": 4, "num_kv_heads": 4}
model = Decoder(DecoderSettings(vocab_size=96, hidden_size=64, intermediate_size=96, num_layers=1, **heads))
native = NativeDecoder(model, memory_for(model.settings, 4), threads=64)
batch = Writer(4).batch({0: [1, 2, 3]})
mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
soft, hard = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (mapped + 2**26, hard))
try:
    native.hidden(batch)
except ResourceError as error:
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    print(error.what, native.hidden(batch).isfinite().all().item())
"""


def reference(model: Decoder, ids: list[int]) -> Tensor:
    return model(torch.tensor([ids]))[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_prompts_and_decoding_in_one_batch_equal_the_whole_text_at_once(
    family: str, make_model: Callable[..., Decoder]
) -> None:
    model = make_model(**FAMILIES[family])
    texts = {name: tokens(length, 96, name) for name, length in enumerate((70, 5, 131, 18))}
    native = NativeDecoder(model, memory_for(model.settings, 40), threads=2)
    writer, given = Writer(40), dict.fromkeys(texts, 0)
    # Every sequence reads in chunks of its own size, so that all mixtures of prompts and single tokens come together.
    chunks = {0: [33, 1, 2, 30, 4], 1: [1, 1, 1, 1, 1], 2: [3, 120, 1, 6, 1], 3: [16, 2]}
    for step in range(5):
        new = {}
        for name, sizes in chunks.items():
            if step < len(sizes):
                new[name] = texts[name][given[name] : given[name] + sizes[step]]
                given[name] += sizes[step]
        expected = torch.cat([reference(model, texts[name][: given[name]])[-len(part) :] for name, part in new.items()])
        logits = native.logits(writer.batch(new, all_rows=True))
        torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-4)
    assert given == {name: len(text) for name, text in texts.items()}


def test_only_wanted_rows_come_out(make_model: Callable[..., Decoder]) -> None:
    model = make_model()
    texts = {name: tokens(length, 96, name) for name, length in enumerate((70, 21, 1))}
    native = NativeDecoder(model, memory_for(model.settings, 30), threads=2)
    batch = Writer(30).batch(texts)
    expected = torch.stack([model.hidden(torch.tensor([text]))[0, -1] for text in texts.values()])
    torch.testing.assert_close(native.hidden(batch), expected, rtol=1e-4, atol=1e-4)
    nothing = dataclasses.replace(batch, row_R=torch.empty(0, dtype=torch.int64))
    assert native.hidden(nothing).shape == (0, 64)
    chosen = dataclasses.replace(batch, row_R=torch.tensor([3, 69, 70, 91]))
    expected = torch.cat([model.hidden(torch.tensor([text]))[0] for text in texts.values()])[[3, 69, 70, 91]]
    torch.testing.assert_close(native.hidden(chosen), expected, rtol=1e-4, atol=1e-4)


def test_the_likeliest_token_is_that_of_the_logits(make_model: Callable[..., Decoder]) -> None:
    model = make_model()
    text = {0: tokens(50, 96, 0)}
    expected = reference(model, text[0])
    for num_ids in (96, 70, 5):
        native = NativeDecoder(model, memory_for(model.settings, 8), threads=2)
        best_R = native.greedy(Writer(8).batch(text, all_rows=True), num_ids)
        assert best_R.tolist() == expected[:, :num_ids].argmax(1).tolist()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("window", [None, 700])
def test_a_long_past_is_cut_in_pieces(threads: int, window: int | None, make_model: Callable[..., Decoder]) -> None:
    layers = (0, 1) if window else ()
    model = make_model(num_heads=4, num_kv_heads=1, window=window, windowed_layers=layers)
    text = tokens(1301, 96, 1)
    expected = reference(model, text)
    native, writer = NativeDecoder(model, memory_for(model.settings, 84), threads=threads), Writer(84)
    prompt = native.logits(writer.batch({0: text[:1299]}, all_rows=True))  # several passes
    torch.testing.assert_close(prompt, expected[:1299], rtol=1e-4, atol=1e-4)
    for position in (1299, 1300):
        logits = native.logits(writer.batch({0: text[position : position + 1]}))
        torch.testing.assert_close(logits[0], expected[position], rtol=1e-4, atol=1e-4)


def test_an_answer_does_not_depend_on_its_company(make_model: Callable[..., Decoder]) -> None:
    model = make_model()
    native = NativeDecoder(model, memory_for(model.settings, 90), threads=2)
    writer = Writer(90)
    text = tokens(600, 96, 1)
    native.hidden(writer.batch({0: text, 1: text}))
    alone = native.hidden(writer.batch({0: [7]}))
    beside = native.hidden(writer.batch({name: [7] for name in (2, 1, 3, 4, 5, 6)}))
    assert torch.equal(alone[0], beside[1])


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.bfloat16, 0.01), (torch.int8, 0.02)])
def test_narrow_keys_and_values_cost_little(
    dtype: torch.dtype, tolerance: float, make_model: Callable[..., Decoder]
) -> None:
    model = make_model(head_dim=32)
    text = tokens(130, 96, 1)
    expected = reference(model, text)
    native, writer = NativeDecoder(model, memory_for(model.settings, 12, dtype), threads=2), Writer(12)
    logits = [native.logits(writer.batch({0: text[:100]}, all_rows=True))]
    logits += [native.logits(writer.batch({0: [token]})) for token in text[100:]]
    assert 0 < distance(torch.cat(logits), expected) < tolerance


def distance(logits: Tensor, expected: Tensor) -> float:
    """Root of the mean squared error, as a share of the spread of what is expected."""
    return float((logits - expected).square().mean().sqrt() / expected.std())


def test_what_is_not_llama_is_left_to_torch(make_model: Callable[..., Decoder]) -> None:
    assert not objection(make_model())
    assert "gelu" in objection(make_model(activation="gelu"))
    assert "learned" in objection(make_model(position="learned"))
    assert "8" in objection(make_model(head_dim=8))
    gpt2 = make_model(position="learned", norm="layer", mlp="plain")
    with pytest.raises(ConfigError, match="layer"):
        NativeDecoder(gpt2, memory_for(gpt2.settings, 4))


@pytest.mark.parametrize("form", [None, "int8", "int4", "nf4"])
def test_no_more_room_is_wanted_than_the_packed_weights_take(
    form: MapForm | None, make_model: Callable[..., Decoder], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model() if form is None else quantize_model(make_model(), form, group=16)
    needed, taken = packed_bytes(model), NativeDecoder(model, memory_for(model.settings, 4)).weight_bytes
    assert 0.3 * taken < needed <= taken
    monkeypatch.setattr(native_decoder, "free_memory", lambda **how: needed)
    assert choose_way(model, "auto") == ("native", "")
    monkeypatch.setattr(native_decoder, "free_memory", lambda **how: needed - 1)
    way, why = choose_way(model, "auto")
    assert way == "eager"
    assert "packed weights need" in why


def test_a_batch_that_names_what_is_not_there_is_refused(make_model: Callable[..., Decoder]) -> None:
    model = make_model()
    native = NativeDecoder(model, memory_for(model.settings, 4), threads=1)
    good = Writer(4).batch({0: [1, 2, 3]})
    for bad in (
        {"token_N": torch.tensor([1, 2, 96])},
        {"slot_N": torch.tensor([16, 17, 64])},
        {"position_N": torch.tensor([0, 1, -1])},
        {"row_R": torch.tensor([3])},
        {"row_R": torch.tensor([1, 1])},
    ):
        with pytest.raises(ConfigError):
            native.hidden(dataclasses.replace(good, **bad))
    with pytest.raises(ConfigError, match="adapters"):
        native.hidden(dataclasses.replace(good, adapters=("a",)))
    assert native.hidden(good).isfinite().all()


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory that this process may map")
def test_where_no_thread_can_be_had_it_is_said_and_may_be_tried_again() -> None:
    done = subprocess.run([sys.executable, "-c", SHORT_OF_THREADS], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("there is no memory, or no thread, for a step of 3 tokens True\n", 0)

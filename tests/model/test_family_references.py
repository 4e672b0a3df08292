"""Families that transformers does not carry, against their equations written out; and Gemma 3 with eyes.

Axes: T tokens, S keys, D model width, H heads, A head width.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import load_model, save_model
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.train import train_tokenizer

TOKENS = torch.randint(0, 300, (30,), generator=torch.Generator().manual_seed(1))
DRAW = torch.Generator().manual_seed(0)
LAYERS, HEADS, WIDTH, HIDDEN = 2, 4, 32, 40


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=DRAW) * 0.3


def norm_weight() -> Tensor:
    return 1.0 + drawn(WIDTH)


def rms(x: Tensor, weight: Tensor, eps: float) -> Tensor:
    return weight.double() * x / (x.square().mean(-1, keepdim=True) + eps).sqrt()


def turned(x_THA: Tensor, theta: float) -> Tensor:
    """Number i and number i + A / 2 of a head are a complex number, turned by place times theta^(-2i / A)."""
    length, half = x_THA.shape[0], x_THA.shape[-1] // 2
    angle = torch.outer(torch.arange(length).double(), theta ** (-torch.arange(half).double() / half))
    complex_THR = (
        torch.complex(x_THA[..., :half], x_THA[..., half:]) * torch.polar(torch.ones_like(angle), angle)[:, None]
    )
    return torch.cat((complex_THR.real, complex_THR.imag), dim=-1)


def attention(query_THA: Tensor, key_SHA: Tensor, value_SHA: Tensor, slopes_H: Tensor | None = None) -> Tensor:
    """One query after the other, one head after the other."""
    length, heads, width = query_THA.shape
    mixed = torch.zeros_like(query_THA)
    for place in range(length):
        for head in range(heads):
            scores = key_SHA[: place + 1, head] @ query_THA[place, head] / math.sqrt(width)
            if slopes_H is not None:
                scores = scores - slopes_H[head] * (place - torch.arange(place + 1))
            mixed[place, head] = scores.softmax(0) @ value_SHA[: place + 1, head]
    return mixed.flatten(1)


def greedy(folder: Path, prompt: list[int]) -> tuple[list[int], list[int]]:
    """What the engine answers, and what is best by the model's own logits over the whole text."""
    tokenizer = train_tokenizer(["The samovar sang, and the tea was hot."] * 3, TokenizerSettings(vocab_size=300))
    model = load_model(folder)
    answer = Engine(model, tokenizer, max_batch=2, prefill_tokens=8).generate(
        [prompt, prompt[:5]], Sampling(temperature=0.0, max_tokens=6)
    )[0]
    with torch.no_grad():
        logits = model(torch.tensor([prompt + answer.ids]))[0, len(prompt) - 1 : -1, : tokenizer.vocab_size]
    return answer.ids, logits.argmax(-1).tolist()


def assert_saved_as_read(folder: Path, out: Path) -> None:
    save_model(load_model(folder), out)
    before, after = load_file(folder / "model.safetensors"), load_file(out / "model.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    old, new = (json.loads((path / "config.json").read_text()) for path in (folder, out))
    assert {key: new.get(key) for key in old} == old


def write(folder: Path, config: dict[str, Any], state: dict[str, Tensor]) -> None:
    (folder / "config.json").write_text(json.dumps(config))
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})


def qwen_state(*, has_bias: bool) -> dict[str, Tensor]:
    state = {"transformer.wte.weight": drawn(320, WIDTH), "transformer.ln_f.weight": norm_weight()}
    state["lm_head.weight"] = drawn(320, WIDTH)
    for layer in range(LAYERS):
        at = f"transformer.h.{layer}"
        state |= {f"{at}.ln_1.weight": norm_weight(), f"{at}.ln_2.weight": norm_weight()}
        state |= {f"{at}.attn.c_attn.weight": drawn(3 * WIDTH, WIDTH), f"{at}.attn.c_attn.bias": drawn(3 * WIDTH)}
        state |= {f"{at}.attn.c_proj.weight": drawn(WIDTH, WIDTH), f"{at}.mlp.c_proj.weight": drawn(WIDTH, HIDDEN)}
        state |= {f"{at}.mlp.w1.weight": drawn(HIDDEN, WIDTH), f"{at}.mlp.w2.weight": drawn(HIDDEN, WIDTH)}
        if has_bias:
            state |= {f"{at}.attn.c_proj.bias": drawn(WIDTH), f"{at}.mlp.c_proj.bias": drawn(WIDTH)}
            state |= {f"{at}.mlp.w1.bias": drawn(HIDDEN), f"{at}.mlp.w2.bias": drawn(HIDDEN)}
    return state


def qwen_logits(state: dict[str, Tensor], theta: float, eps: float) -> Tensor:
    """Bai et al. 2023, arXiv:2309.16609, section 2.3."""

    def mapped(x: Tensor, name: str) -> Tensor:
        bias = state.get(f"{name}.bias")
        return x @ state[f"{name}.weight"].double().T + (0.0 if bias is None else bias.double())

    x = state["transformer.wte.weight"][TOKENS].double()
    for layer in range(LAYERS):
        at = f"transformer.h.{layer}"
        joint = mapped(rms(x, state[f"{at}.ln_1.weight"], eps), f"{at}.attn.c_attn")
        query, key, value = (part.reshape(len(TOKENS), HEADS, -1) for part in joint.chunk(3, dim=-1))
        x = x + mapped(attention(turned(query, theta), turned(key, theta), value), f"{at}.attn.c_proj")
        normed = rms(x, state[f"{at}.ln_2.weight"], eps)
        gate = mapped(normed, f"{at}.mlp.w2")
        x = x + mapped(mapped(normed, f"{at}.mlp.w1") * gate * gate.sigmoid(), f"{at}.mlp.c_proj")
    return mapped(rms(x, state["transformer.ln_f.weight"], eps), "lm_head")


@pytest.mark.parametrize("has_bias", [False, True])
def test_qwen_1(has_bias: bool, tmp_path: Path) -> None:
    config = {
        "model_type": "qwen",
        "architectures": ["QWenLMHeadModel"],
        "vocab_size": 320,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "kv_channels": WIDTH // HEADS,
        "seq_length": 64,
        "layer_norm_epsilon": 1e-5,
        "rotary_emb_base": 5000.0,
        "rotary_pct": 1.0,
        "no_bias": not has_bias,
        "tie_word_embeddings": False,
    }
    (tmp_path / "saved").mkdir()
    state = qwen_state(has_bias=has_bias)
    write(tmp_path, config, state)
    with torch.no_grad():
        ours = load_model(tmp_path)(TOKENS[None])[0].double()
    torch.testing.assert_close(ours, qwen_logits(state, 5000.0, 1e-5), atol=1e-4, rtol=1e-4)
    answered, best = greedy(tmp_path, TOKENS[:20].tolist())
    assert answered == best
    assert_saved_as_read(tmp_path, tmp_path / "saved")


def baichuan_state(vocabulary: int) -> dict[str, Tensor]:
    state = {"model.embed_tokens.weight": drawn(vocabulary, WIDTH), "model.norm.weight": norm_weight()}
    state["lm_head.weight"] = drawn(vocabulary, WIDTH)
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        state |= {f"{at}.input_layernorm.weight": norm_weight(), f"{at}.post_attention_layernorm.weight": norm_weight()}
        state[f"{at}.self_attn.W_pack.weight"] = drawn(3 * WIDTH, WIDTH)
        state[f"{at}.self_attn.o_proj.weight"] = drawn(WIDTH, WIDTH)
        state |= {f"{at}.mlp.gate_proj.weight": drawn(HIDDEN, WIDTH), f"{at}.mlp.up_proj.weight": drawn(HIDDEN, WIDTH)}
        state[f"{at}.mlp.down_proj.weight"] = drawn(WIDTH, HIDDEN)
    return state


def baichuan_logits(state: dict[str, Tensor], *, slopes_H: Tensor | None, is_second: bool, heads: int) -> Tensor:
    """Yang et al. 2023, arXiv:2309.10305, sections 2.2 to 2.5."""
    eps, weights = 1e-6, {name: tensor.double() for name, tensor in state.items()}
    x = weights["model.embed_tokens.weight"][TOKENS]
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        joint = rms(x, weights[f"{at}.input_layernorm.weight"], eps) @ weights[f"{at}.self_attn.W_pack.weight"].T
        query, key, value = (part.reshape(len(TOKENS), heads, -1) for part in joint.chunk(3, dim=-1))
        if slopes_H is None:
            query, key = turned(query, 10_000.0), turned(key, 10_000.0)
        x = x + attention(query, key, value, slopes_H) @ weights[f"{at}.self_attn.o_proj.weight"].T
        normed = rms(x, weights[f"{at}.post_attention_layernorm.weight"], eps)
        gate = normed @ weights[f"{at}.mlp.gate_proj.weight"].T
        up = normed @ weights[f"{at}.mlp.up_proj.weight"].T
        x = x + (gate * gate.sigmoid() * up) @ weights[f"{at}.mlp.down_proj.weight"].T
    head = weights["lm_head.weight"]
    if is_second:
        head = head / head.square().sum(1, keepdim=True).sqrt()
    return rms(x, weights["model.norm.weight"], eps) @ head.T


@pytest.mark.parametrize(
    ("vocabulary", "rotates", "heads"),
    [(320, True, 4), (125_696, True, 4), (125_696, False, 2), (320, False, 4)],
    ids=["first 7B", "second 7B", "second 13B", "first 13B"],
)
def test_baichuan(vocabulary: int, rotates: bool, heads: int, tmp_path: Path) -> None:
    config = {
        "model_type": "baichuan",
        "architectures": ["BaichuanForCausalLM"],
        "vocab_size": vocabulary,
        "hidden_size": WIDTH,
        "intermediate_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": heads,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-6,
        "model_max_length": 64,
        "tie_word_embeddings": False,
    }
    if rotates:
        config["max_position_embeddings"] = 64
    state = baichuan_state(vocabulary)
    write(tmp_path, config, state)
    # Four heads fall by 2^-2, 2^-4, 2^-6, 2^-8 a token; two by 2^-4 and 2^-8.
    slopes = {4: [0.25, 0.0625, 0.015625, 0.00390625], 2: [0.0625, 0.00390625]}[heads]
    expected = baichuan_logits(
        state,
        slopes_H=None if rotates else torch.tensor(slopes).double(),
        is_second=vocabulary == 125_696,
        heads=heads,
    )
    with torch.no_grad():
        ours = load_model(tmp_path)(TOKENS[None])[0].double()
    torch.testing.assert_close(ours, expected, atol=1e-4, rtol=1e-4)
    answered, best = greedy(tmp_path, TOKENS[:20].tolist())
    assert answered == best
    (tmp_path / "saved").mkdir()
    assert_saved_as_read(tmp_path, tmp_path / "saved")


def test_gemma_3_with_eyes_opens_as_its_text_model(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    text = {
        "vocab_size": 320,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "sliding_window": 12,
        "max_position_embeddings": 96,
        "layer_types": ["sliding_attention", "full_attention"],
    }
    vision = {
        "model_type": "siglip_vision_model",
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
    }
    config = transformers.Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
    theirs = transformers.Gemma3ForConditionalGeneration(config).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_(0.0, 0.2)
    theirs.save_pretrained(tmp_path)
    ours = load_model(tmp_path)
    tokens = TOKENS[None]
    with torch.no_grad():
        expected = theirs(input_ids=tokens, use_cache=False).logits
        torch.testing.assert_close(ours(tokens), expected, atol=1e-4, rtol=1e-4)
    save_model(ours, tmp_path / "text")
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "text", dtype=torch.float32).eval()
    assert type(again).__name__ == "Gemma3ForCausalLM"
    with torch.no_grad():
        torch.testing.assert_close(again(tokens, use_cache=False).logits, expected, atol=1e-4, rtol=1e-4)

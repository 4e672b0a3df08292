"""Sizes of known models from their published shapes, against the counts that their makers give."""

from __future__ import annotations

import pytest

from samovar.model.families import gpt2, llama, qwen3
from samovar.model.settings import DecoderSettings
from samovar.model.sizes import inference_memory, table_parameters

GPT2 = {
    "model_type": "gpt2", "vocab_size": 50257, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12,
    "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5, "tie_word_embeddings": True,
}  # fmt: skip
QWEN3_06B = {
    "model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
    "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128,
    "max_position_embeddings": 40960, "rope_theta": 1e6, "rms_norm_eps": 1e-6, "tie_word_embeddings": True,
    "hidden_act": "silu",
}  # fmt: skip
SMOLLM2 = {
    "model_type": "llama", "vocab_size": 49152, "hidden_size": 576, "intermediate_size": 1536, "num_hidden_layers": 30,
    "num_attention_heads": 9, "num_key_value_heads": 3, "max_position_embeddings": 8192, "rope_theta": 1e5,
    "rms_norm_eps": 1e-5, "tie_word_embeddings": True, "hidden_act": "silu",
}  # fmt: skip
LLAMA3_8B = {
    "model_type": "llama", "vocab_size": 128256, "hidden_size": 4096, "intermediate_size": 14336,
    "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 8192,
    "rope_theta": 5e5, "rms_norm_eps": 1e-5, "tie_word_embeddings": False, "hidden_act": "silu",
}  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "parameters"),
    [
        (gpt2.from_hf_config(GPT2), 124_439_808),
        (qwen3.from_hf_config(QWEN3_06B), 596_049_920),
        (llama.from_hf_config(SMOLLM2), 134_515_008),
        (llama.from_hf_config(LLAMA3_8B), 8_030_261_248),
    ],
    ids=["GPT-2", "Qwen3-0.6B", "SmolLM2-135M", "Llama-3-8B"],
)
def test_parameters_of_known_models(shape: DecoderSettings, parameters: int) -> None:
    assert shape.num_parameters == parameters


def test_flops_of_a_token_by_hand() -> None:
    """PaLM, appendix B: 6 N + 12 L H Q T, with N without the embedding that is only looked up."""
    shape = llama.from_hf_config(LLAMA3_8B)
    # A layer: q and o 4096 x 4096, k and v 4096 x 1024, three times 4096 x 14336; the head 4096 x 128256.
    matrices = 32 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336) + 4096 * 128256
    assert matrices == 7_504_658_432
    assert shape.flops_per_token(8192) == 6 * matrices + 12 * 32 * 32 * 128 * 8192


def test_answering_with_llama_3_by_hand() -> None:
    """Keys and values: 32 layers, 8 heads of 128, twice, two bytes: 128 KiB a token, 1 GiB for 8,192."""
    shape = llama.from_hf_config(LLAMA3_8B)
    memory = inference_memory(shape, context=8192, element_bytes=2)
    assert memory.cache == 2**30
    assert memory.weights == 2 * 8_030_261_248
    assert memory.work == 2 * 8192 * (2 * 14336 + 4096) + 2 * 4 * 128256
    assert inference_memory(shape, context=1, element_bytes=4).cache == 2 * 128 * 1024
    assert table_parameters(shape) == 2 * 128256 * 4096

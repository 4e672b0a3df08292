"""How large a decoder is, and how much memory it takes to answer: by formula, without loading anything.

Letters: L layers, D model width, H query heads, K key-value heads, A head width, F width of the gated block,
V vocabulary. Sizes are in bytes.
"""

from __future__ import annotations

from typing import NamedTuple

from samovar.model.settings import DecoderSettings

NF4_BITS = 4 + 8 / 64 + 32 / (64 * 256)
"""Of a matrix weight with its share of the scales: a block of 64 shares a scale of 8 bits, and 256 scales share one of
32 (Dettmers et al. 2023, arXiv:2305.14314, section 3)."""


class InferenceMemory(NamedTuple):
    """Where the memory of answering goes; the process itself (Python, torch) comes on top."""

    weights: float
    """In bfloat16."""
    cache: float
    """Keys and values of a sequence at its full length."""
    work: float
    """The widest layer over a prompt that is read, and the last token's logits."""


def matrix_shapes(shape: DecoderSettings) -> dict[str, tuple[int, int]]:
    """Name of each linear map of a layer -> its outputs and inputs; experts' maps are left out."""
    width, hidden = shape.hidden_size, shape.intermediate_size
    queries, keys = shape.num_heads * shape.head_dim, shape.num_kv_heads * shape.head_dim
    return {
        "q_proj": (queries, width),
        "k_proj": (keys, width),
        "v_proj": (keys, width),
        "o_proj": (width, queries),
        **({"gate_proj": (hidden, width)} if shape.mlp == "gated" else {}),
        "up_proj": (hidden, width),
        "down_proj": (width, hidden),
    }


def table_parameters(shape: DecoderSettings) -> int:
    """Parameters of the embedding and the head: what is not in a layer, but for the last norm."""
    return shape.vocab_size * shape.hidden_size * (1 if shape.tie_embeddings else 2)


def inference_memory(shape: DecoderSettings, *, context: int, element_bytes: int) -> InferenceMemory:
    """What answering one request takes.

    Args:
        shape: of the model.
        context: positions of its sequence.
        element_bytes: of keys, values and activations: 2 in bfloat16, 4 in float32.
    """
    # Keys and values: 2 L K A a position.
    position = 2 * shape.num_layers * shape.num_kv_heads * shape.head_dim * element_bytes
    widest = max(4 * shape.hidden_size, 2 * shape.intermediate_size + shape.hidden_size)
    work = element_bytes * context * widest + 2 * 4 * shape.vocab_size
    return InferenceMemory(2.0 * shape.num_parameters, float(position * context), float(work))

"""How large a decoder is, and how much memory it takes to answer: by formula, without loading anything.

Letters: L layers, D model width, H query heads, K key-value heads, A head width, F width of the gated block,
V vocabulary. Sizes are in bytes.
"""

from __future__ import annotations

from typing import NamedTuple

from samovar.model.settings import DecoderSettings

BITS = {16: 16.0, 8: 8.0, 4: 4.127}
"""What a matrix weight takes with its share of the scales. int8: a scale a row, which rounds to nothing. NF4: a block
of 64 shares a scale of 8 bits, and 256 scales share one of 32 (Dettmers et al. 2023, arXiv:2305.14314, section 3)."""


class InferenceMemory(NamedTuple):
    """Where the memory of answering goes."""

    weights: float
    cache: float
    """Keys and values of all sequences at their full length."""
    work: float
    """The widest layer over a prompt that is read, and the last tokens' logits."""

    @property
    def peak(self) -> float:
        """All of it; the process itself (Python, torch) comes on top."""
        return self.weights + self.cache + self.work


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


def shape_bytes(shape: DecoderSettings, bits: int = 16) -> float:
    """The weights on disk or loaded: the layers at ``bits``, embedding and head at 16.

    Args:
        bits: a key of ``BITS``.
    """
    tables = table_parameters(shape)
    return (shape.num_parameters - tables) * BITS[bits] / 8 + 2.0 * tables


def table_parameters(shape: DecoderSettings) -> int:
    """Parameters of the embedding and the head: what is not in a layer, but for the last norm."""
    return shape.vocab_size * shape.hidden_size * (1 if shape.tie_embeddings else 2)


def cache_bytes(shape: DecoderSettings, *, context: int, sequences: int = 1, element_bytes: int = 2) -> float:
    """Keys and values: 2 L K A a position."""
    position = 2 * shape.num_layers * shape.num_kv_heads * shape.head_dim * element_bytes
    return float(position * context * sequences)


def inference_memory(
    shape: DecoderSettings,
    *,
    context: int | None = None,
    sequences: int = 1,
    bits: int = 16,
    element_bytes: int = 2,
) -> InferenceMemory:
    """What answering takes.

    Args:
        context: positions of a sequence; by default as many as the model can have.
        sequences: how many are answered at once.
        bits: of the matrices' weights, a key of ``BITS``.
        element_bytes: of keys, values and activations: 2 in bfloat16, 4 in float32.
    """
    length = context or shape.max_positions
    widest = max(4 * shape.hidden_size, 2 * shape.intermediate_size + shape.hidden_size)
    work = element_bytes * length * widest + 2 * 4 * sequences * shape.vocab_size
    return InferenceMemory(
        shape_bytes(shape, bits),
        cache_bytes(shape, context=length, sequences=sequences, element_bytes=element_bytes),
        float(work),
    )

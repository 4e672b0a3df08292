"""What a forward pass keeps for the backward pass, counted tensor by tensor from the shape.

Letters: T tokens of a row, D model width, H query heads, K key-value heads, A head width, F width of the feed-forward
block; c is the bytes of the compute type. All figures are bytes of one token in one layer. The table in docs/memory.md
says where each comes from; a test counts what autograd really holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from samovar.model.query_blocks import query_blocks
from samovar.model.settings import DecoderSettings

_NORMS = {"sequential": 2, "sandwich": 4, "parallel": 2, "parallel_one_norm": 1}
_PRODUCT_INPUTS = {"sequential": 2, "sandwich": 2, "parallel": 2, "parallel_one_norm": 1}


Mixing = Literal["written out", "fused", "by document", "forked"]
"""What attention keeps: its probabilities; or none of them, as a kernel of torch's, one of ours that takes each
document by itself (``model/document_attention.py``), or rectangles of answers that share their prompts
(``model/forked_attention.py``)."""


@dataclass(frozen=True, slots=True)
class Pass:
    """How a forward pass is run."""

    context: int
    """Tokens of a row."""
    compute_bytes: int = 2
    """2 in bfloat16, 4 in float32."""
    is_compiled: bool = False
    attention: Mixing = "written out"
    is_gated_natively: bool = False
    """Whether the gate of SwiGLU is computed in C++ (``model/gate.py``), which keeps nothing of its own."""
    is_frozen: bool = False
    """Whether the weights are not trained: then a norm need not keep what its weight was multiplied with."""
    adapter_rank: int = 0
    num_adapters: int = 0
    """Adapters in a layer, each of which keeps what its first map gave."""


def layer_bytes(shape: DecoderSettings, how: Pass) -> float:
    """Of one layer."""
    adapters = how.compute_bytes * how.adapter_rank * how.num_adapters
    if how.is_compiled:
        return _compiled(shape, how) + adapters
    inputs = how.compute_bytes * _PRODUCT_INPUTS[shape.block] * shape.hidden_size
    norms = _NORMS[shape.block] * norm_bytes(shape, shape.hidden_size, how)
    return norms + inputs + _attention(shape, how) + _feed_forward(shape, how) + adapters


def final_bytes(shape: DecoderSettings, how: Pass) -> float:
    """Of the norm behind the last layer and what it gives."""
    if how.is_compiled:
        return 2.0 * how.compute_bytes * shape.hidden_size
    return norm_bytes(shape, shape.hidden_size, how) + how.compute_bytes * shape.hidden_size


def norm_bytes(shape: DecoderSettings, width: int, how: Pass) -> float:
    """Of a norm over ``width`` numbers: its input in float32 and, for a weight that is trained, that input normed."""
    if "rms" in shape.norm:
        return (4.0 if how.is_frozen else 8.0) * width + 4
    return 4.0 * width + 8  # torch's layer norm makes the normed input again from mean and deviation


def _attention(shape: DecoderSettings, how: Pass) -> float:
    queries, keys = shape.num_heads * shape.head_dim, shape.num_kv_heads * shape.head_dim
    head_norms = 0.0
    if shape.qk_norm:
        head_norms = (shape.num_heads + shape.num_kv_heads) * norm_bytes(shape, shape.head_dim, how)
    # The product with the output map has a copy of what was mixed, head by head in one row.
    return head_norms + how.compute_bytes * queries + _mixing(shape, how, queries, keys)


def _mixing(shape: DecoderSettings, how: Pass, queries: int, keys: int) -> float:
    """What the mixing of values keeps: queries, keys, values, and the shares in which it mixed them."""
    c, heads = how.compute_bytes, shape.num_heads
    if shape.score_softcap is not None:  # written out by torch's own operations: bent scores, shares, shares cast
        return c * 3 * queries + (8 + c * (c == 2)) * heads * how.context
    if shape.position == "alibi" or how.attention == "fused":
        return c * (2 * queries + 2 * keys) + 4 * heads  # its result and a float32 sum a head
    if how.attention != "written out":  # the result is what the product with the output map takes
        return c * (queries + 2 * keys) + (4 * heads if how.attention == "by document" else 0)
    return c * 3 * queries + c * heads * kept_probabilities(how.context)


def _feed_forward(shape: DecoderSettings, how: Pass) -> float:
    sparse = len(shape.expert_layers) / shape.num_layers
    hidden = (1 - sparse) * shape.intermediate_size + sparse * shape.experts_per_token * shape.expert_size
    # Gated: the gate before and after its activation, what it gates, and their product. Plain: before and after.
    maps = 4 if shape.mlp == "gated" else 2
    if how.is_gated_natively and shape.mlp == "gated" and shape.activation == "silu":
        maps = 3
    gathered = sparse * shape.experts_per_token * shape.hidden_size
    return how.compute_bytes * (maps * hidden + gathered)


def _compiled(shape: DecoderSettings, how: Pass) -> float:
    """The compiler keeps the inputs of products and of reductions, and makes again what lies between."""
    c = how.compute_bytes
    queries, keys = shape.num_heads * shape.head_dim, shape.num_kv_heads * shape.head_dim
    streams = c * (2 + _PRODUCT_INPUTS[shape.block]) * shape.hidden_size
    norms = 4 * (_NORMS[shape.block] + (shape.num_heads + shape.num_kv_heads if shape.qk_norm else 0))
    raw = c * (queries + keys) if shape.qk_norm else 0
    if how.attention == "written out":
        # A product takes whole tensors: every block of queries has a copy of its keys and values.
        mixing = c * queries * (2 + 2 * _copied(how.context)) + c * shape.num_heads * kept_probabilities(how.context)
    else:
        mixing = c * (2 * queries + 2 * keys) + 4 * shape.num_heads
    hidden = shape.intermediate_size * (3 if shape.mlp == "gated" else 2)
    return streams + norms + raw + mixing + c * hidden


def kept_probabilities(context: int) -> float:
    """Probabilities of written-out attention that a query keeps on average, in blocks of queries."""
    return sum((last - first) * last for first, last in query_blocks(context)) / context


def _copied(context: int) -> float:
    """How often a key is copied for the blocks of queries that look at it, on average."""
    return sum(last for _, last in query_blocks(context)) / context

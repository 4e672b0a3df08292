"""A decoder of LLaMA's shape on a GPU: matrix products with joined weights, and one kernel between any two of them.

Axes: N tokens, D model width, J all heads of a token (queries, keys, values), A head width, O outputs of a map, S
positions, Q rotated pairs of a head.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.engine.batch import BLOCK_SIZE, Memory
from samovar.engine.gpu.kernels import add_and_norm, gated, place_heads
from samovar.engine.gpu.vector import vector_product
from samovar.model.decoder import Decoder
from samovar.model.linear import Linear
from samovar.model.positions import frequencies
from samovar.model.settings import DecoderSettings

_AS_DEFAULT = (
    *("norm", "block", "position", "local_rope_theta", "rotary_share", "qkv_clip", "score_softcap", "mlp"),
    *("activation", "expert_layers", "embedding_multiplier", "residual_multiplier"),
)
"""Settings that must be as LLaMA has them."""


class Attend(Protocol):
    """Mixes values for all tokens of a batch, whose keys and values are in the cache already: NO."""

    def __call__(self, layer: int, heads_NJA: Tensor) -> Tensor:
        """Of this layer; heads as ``place_heads`` leaves them."""
        ...


class _Joined(NamedTuple):
    """A layer's weights."""

    input_norm_D: Tensor
    qkv_OD: Tensor
    qkv_bias_O: Tensor | None
    head_norms_2A: Tensor | None
    output: Linear
    mlp_norm_D: Tensor
    gate_up_OD: Tensor
    gate_up_bias_O: Tensor | None
    down: Linear


def objection(model: Decoder, memory: Memory) -> str:
    """Why the kernels cannot compute ``model``, in a few words; empty where they can."""
    settings = model.settings
    foreign = [name for name in _AS_DEFAULT if getattr(settings, name) != DecoderSettings.model_fields[name].default]
    if foreign:
        return f"its {foreign[0]} is {getattr(settings, foreign[0])!r}"
    maps = [module for name, module in model.named_modules() if name.endswith("_proj")]
    if any(type(one) is not Linear for one in maps):
        return "its maps are not plain"
    types = {parameter.dtype for parameter in model.parameters()} | {memory.keys_LPKSA.dtype}
    if len(types) > 1 or model.compute_dtype not in (None, *types):
        return "weights, activations, keys and values are not of one type"
    return ""


class FusedDecoder:
    """Computes hidden states of tokens in a row.

    Maps that read the same input are joined: their parameters become parts of one larger tensor, so that the model
    takes no more memory, and what is written into its weights is written here.
    """

    def __init__(self, model: Decoder, memory: Memory) -> None:
        """``model`` must have no ``objection``."""
        self.model, self.memory = model, memory
        self.has_vectors = True
        """Whether products of one token are ours, and not cuBLAS's."""
        self._layers = [_join(layer) for layer in model.layers]
        settings = model.settings
        positions = min(settings.max_positions, memory.num_blocks * BLOCK_SIZE)
        frequency_Q, size = frequencies(settings.rotary_dim, settings.rope_theta, settings.rope_scaling)
        angle_SQ = torch.arange(positions).float()[:, None] * frequency_Q
        self._angles_S2Q = torch.stack((angle_SQ.cos() * size, angle_SQ.sin() * size), dim=1).to(memory.device)

    def hidden(self, token_N: Tensor, position_N: Tensor, slot_N: Tensor, attend: Attend) -> Tensor:
        """Store keys and values of all tokens; give their normed hidden states, ND."""
        settings, memory = self.model.settings, self.memory
        eps, width = settings.norm_eps, settings.head_dim
        stream_ND = F.embedding(token_N, self.model.embed_tokens.weight)
        if len(token_N) == 1 and self.has_vectors:
            return self._hidden_of_one(stream_ND, position_N, slot_N, attend)
        new_ND: Tensor | None = None
        for number, layer in enumerate(self._layers):
            stream_ND, normed_ND = add_and_norm(new_ND, stream_ND, layer.input_norm_D, eps)
            heads_NJA = F.linear(normed_ND, layer.qkv_OD, layer.qkv_bias_O).view(len(token_N), -1, width)
            keys_PKSA, values_PKSA = memory.keys_LPKSA[number], memory.values_LPKSA[number]
            place_heads(
                *(heads_NJA, keys_PKSA, values_PKSA, slot_N, position_N, self._angles_S2Q, layer.head_norms_2A, eps)
            )
            new_ND = layer.output(attend(number, heads_NJA))
            stream_ND, normed_ND = add_and_norm(new_ND, stream_ND, layer.mlp_norm_D, eps)
            new_ND = layer.down(gated(F.linear(normed_ND, layer.gate_up_OD, layer.gate_up_bias_O)))
        return add_and_norm(new_ND, stream_ND, self.model.norm.weight, eps)[1]

    def _hidden_of_one(self, stream_1D: Tensor, position_1: Tensor, slot_1: Tensor, attend: Attend) -> Tensor:
        """The same of one token."""
        settings, memory = self.model.settings, self.memory
        eps, width = settings.norm_eps, settings.head_dim
        for number, layer in enumerate(self._layers):
            qkv_1O = vector_product(stream_1D, layer.qkv_OD, layer.qkv_bias_O, norm_D=layer.input_norm_D, eps=eps)
            heads_1JA = qkv_1O.view(1, -1, width)
            keys_PKSA, values_PKSA = memory.keys_LPKSA[number], memory.values_LPKSA[number]
            place_heads(
                *(heads_1JA, keys_PKSA, values_PKSA, slot_1, position_1, self._angles_S2Q, layer.head_norms_2A, eps)
            )
            out, down = layer.output, layer.down
            stream_1D = vector_product(attend(number, heads_1JA), out.weight, out.bias, stream_1O=stream_1D)
            both_1O = vector_product(
                stream_1D, layer.gate_up_OD, layer.gate_up_bias_O, norm_D=layer.mlp_norm_D, eps=eps
            )
            stream_1D = vector_product(both_1O, down.weight, down.bias, is_gated=True, stream_1O=stream_1D)
        return add_and_norm(None, stream_1D, self.model.norm.weight, eps)[1]


def _join(layer: Any) -> _Joined:
    attention, mlp = layer.self_attn, layer.mlp
    qkv_OD, qkv_bias_O = _joined((attention.q_proj, attention.k_proj, attention.v_proj))
    gate_up_OD, gate_up_bias_O = _joined((mlp.gate_proj, mlp.up_proj))
    head_norms_2A = None
    if attention.q_norm is not None:
        head_norms_2A = _share([attention.q_norm.weight, attention.k_norm.weight]).view(2, -1)
    return _Joined(
        layer.input_layernorm.weight,
        *(qkv_OD, qkv_bias_O, head_norms_2A, attention.o_proj),
        layer.post_attention_layernorm.weight,
        *(gate_up_OD, gate_up_bias_O, mlp.down_proj),
    )


def _joined(maps: Sequence[Linear]) -> tuple[Tensor, Tensor | None]:
    """The maps' weights below each other, and their biases."""
    biases = [one.bias for one in maps if one.bias is not None]
    return _share([one.weight for one in maps]), _share(biases) if biases else None


def _share(parameters: Sequence[Tensor]) -> Tensor:
    """One tensor of all ``parameters`` along their first axis, which become parts of it, where they are not yet."""
    first, shape = parameters[0], (sum(map(len, parameters)), *parameters[0].shape[1:])
    if _lie_behind_each_other(parameters):
        return first.detach().as_strided(shape, first.stride())
    # What is made in inference mode could never be trained again; but what was made so must be so again.
    with torch.inference_mode(first.is_inference()), torch.no_grad():
        joined = torch.cat([one.detach() for one in parameters])
        start = 0
        for one in parameters:
            one.data = joined[start : start + len(one)]
            start += len(one)
    return joined


def _lie_behind_each_other(parameters: Sequence[Tensor]) -> bool:
    """Whether an earlier engine has joined them."""
    return all(
        before.untyped_storage().data_ptr() == after.untyped_storage().data_ptr()
        and before.data_ptr() + before.nbytes == after.data_ptr()
        for before, after in pairwise(parameters)
    )

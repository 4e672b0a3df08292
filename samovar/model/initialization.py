"""Fresh weights of a decoder: drawn at random, but for two layers of heads that begin as an induction circuit.

Axes: D model width, A head width, R rotary frequencies (A / 2).

To quote a text a model must copy: find the earlier place like this one, and say what followed. Two attention layers do
it together: one writes into every token what the token before it was, the next looks for tokens whose forerunner is
the current token, and repeats them (induction heads; Olsson et al. 2022, arXiv:2209.11895). Left to itself a small
decoder falls into that circuit late and suddenly, after millions of tokens. Here the first two layers begin as a rough
sketch of it, as Trockman and Kolter 2023 (arXiv:2305.09828) begin attention layers as what training makes of them.
Nothing is fixed: every weight is trained. What it brings is in LOG.md.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from samovar.model.decoder import Decoder
from samovar.model.layers import Attention, Layer
from samovar.model.settings import DecoderSettings

_EMBEDDING_SCALE = 0.02
_SHARED_SHARE = 0.5
"""Length of what all embeddings have in common, as a share of what they have apart."""
_COPIED_STRENGTH = 2.0
"""How strongly a copied token is written. A half was too weak to be found by training in 150 steps, 2 was not."""
_NOISE = 0.1
_FAST, _SLOW = 0.13, 0.01
"""Rotary frequencies in radians a token: faster ones tell neighbours apart, slower ones hold still over a row."""


@torch.no_grad()
def initialize(model: Decoder, seed: int, *, sketches_induction: bool = True) -> None:
    """Draw fresh weights: normal with 1/sqrt(width), outputs of every block at zero, then sketch the induction circuit.

    With zero outputs the network starts as the identity, which lets the learning rate be high from the first step.
    Source: Zhang et al. 2019 (Fixup), arXiv:1901.09321; the same choice as in muP practice.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if name.endswith(".bias"):
            parameter.zero_()
        elif parameter.ndim < 2:
            parameter.fill_(0.0 if model.settings.norm == "shifted_rms" else 1.0)
        elif name.endswith(("o_proj.weight", "down_proj.weight")):
            parameter.zero_()
        elif name in ("embed_tokens.weight", "embed_positions.weight"):
            # Tied to the head: small enough for flat first logits; the first norm scales the input up.
            parameter.normal_(0.0, _EMBEDDING_SCALE, generator=generator)
        else:
            parameter.normal_(0.0, parameter.shape[1] ** -0.5, generator=generator)
    if sketches_induction and _can_sketch(model.settings):
        _sketch_induction(model, generator)


def _can_sketch(settings: DecoderSettings) -> bool:
    """Whether there are two layers, and heads that are rotated as a whole, to draw the circuit on."""
    return settings.num_layers >= 2 and settings.position == "rope" and settings.rotary_share == 1.0


def _sketch_induction(model: Decoder, generator: torch.Generator) -> None:
    settings = model.settings
    width, head_dim = settings.hidden_size, settings.head_dim
    shared_D = _directions(width, 1, generator)[0]
    model.embed_tokens.weight += _SHARED_SHARE * _EMBEDDING_SCALE * math.sqrt(width) * shared_D
    frequency_R = 1.0 / settings.rope_theta ** (torch.arange(0, head_dim, 2).float() / head_dim)
    elsewhere_DD = _directions(width, width, generator)
    """Where in the residual stream a token keeps its forerunner, apart from itself."""
    seen_DD = _directions(width, width, generator)
    for head in range(min(settings.num_kv_heads, width // head_dim)):
        seen_AD = seen_DD[head * head_dim : (head + 1) * head_dim]
        one_back, induction = (_Head(layer.self_attn, head) for layer in _first_two(model))
        one_back.look(*_one_token_back(shared_D, frequency_R, generator))
        one_back.carry(seen_AD, _EMBEDDING_SCALE * elsewhere_DD @ seen_AD.T)
        slow_A = (frequency_R <= max(_SLOW, float(frequency_R.quantile(0.25)))).float().repeat(2)
        induction.look(slow_A[:, None] * seen_AD, slow_A[:, None] * (seen_AD @ elsewhere_DD.T))
        copied_AD = _directions(width, head_dim, generator)
        induction.carry(copied_AD, _COPIED_STRENGTH * _EMBEDDING_SCALE * copied_AD.T)


def _first_two(model: Decoder) -> list[Layer]:
    return [layer for layer in model.layers[:2] if isinstance(layer, Layer)]


def _one_token_back(shared_D: Tensor, frequency_R: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Queries and keys, AD, that are the same for all tokens, and fit best when the key stands one place earlier."""
    is_fast_R = frequency_R >= min(_FAST, float(frequency_R[0]))
    phase_R = 2 * math.pi * torch.rand(len(frequency_R), generator=generator)
    query_A = torch.cat((phase_R.cos() * is_fast_R, phase_R.sin() * is_fast_R))
    # Turned by one token's angle, a key matches the query of the next place.
    key_A = torch.cat(((phase_R + frequency_R).cos() * is_fast_R, (phase_R + frequency_R).sin() * is_fast_R))
    return torch.outer(query_A, shared_D), torch.outer(key_A, shared_D)


class _Head:
    """The weights of one key-value head and of the query heads that share it."""

    def __init__(self, attention: Attention, head: int) -> None:
        width = attention.head_dim
        group = attention.heads // attention.kv_heads
        keys = slice(head * width, (head + 1) * width)
        self._queries = attention.q_proj.weight[head * group * width : (head + 1) * group * width]
        self._keys = attention.k_proj.weight[keys]
        self._values = attention.v_proj.weight[keys]
        self._outputs = attention.o_proj.weight[:, head * group * width : (head + 1) * group * width]
        self._group = group

    def look(self, query_AD: Tensor, key_AD: Tensor) -> None:
        """Attend where these agree; a little of the random weights stays, so that heads of a group grow apart."""
        self._queries.mul_(_NOISE).add_(query_AD.repeat(self._group, 1))
        self._keys.mul_(_NOISE).add_(key_AD)

    def carry(self, value_AD: Tensor, output_DA: Tensor) -> None:
        """Read these of what is attended to, and write them so."""
        self._values.copy_(value_AD)
        self._outputs.copy_(output_DA.repeat(1, self._group) / self._group)


def _directions(width: int, count: int, generator: torch.Generator) -> Tensor:
    """``count`` orthonormal rows."""
    return torch.linalg.qr(torch.randn(width, count, generator=generator))[0].T.contiguous()

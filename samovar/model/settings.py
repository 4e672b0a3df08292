"""The shape of a decoder of any family, and the one dial that sets it for ours."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from samovar.core.settings import Settings

HEAD_DIM = 64

Activation = Literal["silu", "gelu", "gelu_tanh", "relu", "relu_squared"]


class RopeScaling(Settings):
    """How rotary frequencies are changed for contexts longer than those trained on first."""

    kind: Literal["linear", "llama3", "yarn"]
    """linear: all slowed down. llama3, yarn: fast ones kept, slow ones slowed down, a ramp between them."""
    factor: float = Field(gt=0)
    """By how much slow frequencies are divided."""
    original_positions: int = Field(512, ge=1)
    """Context before scaling, in tokens (llama3, yarn)."""
    low_frequency_factor: float = Field(1.0, gt=0)
    """Turns within the original context up to which a frequency is slow (llama3)."""
    high_frequency_factor: float = Field(4.0, gt=0)
    """Turns within the original context from which a frequency is fast (llama3)."""
    fast_turns: float = Field(32.0, gt=0)
    """Turns within the original context from which a frequency is fast (yarn; beta_fast)."""
    slow_turns: float = Field(1.0, gt=0)
    """Turns within the original context up to which a frequency is slow (yarn; beta_slow)."""
    rounds_ramp: bool = True
    """Whether the ramp between slow and fast begins and ends at whole frequencies (yarn; truncate)."""
    attention_factor: float | None = None
    """What cosines and sines are multiplied by (yarn); by default 1 + ln(factor) / 10."""

    @property
    def yarn_size(self) -> float:
        """What cosines and sines are multiplied by."""
        if self.attention_factor is not None:
            return self.attention_factor
        return 1.0 if self.factor <= 1.0 else 0.1 * math.log(self.factor) + 1.0


class DecoderSettings(Settings):
    """The shape of a decoder. What is not said is as in Qwen3, which is the shape of our own models."""

    family: str = "qwen3"
    """The ``model_type`` under whose names and settings it is saved: a file in ``model/families``."""
    vocab_size: int = Field(ge=2)
    """Rows of the embedding table, in tokens."""
    hidden_size: int = Field(ge=8)
    """Model width."""
    intermediate_size: int = Field(ge=8)
    """Hidden width of the feed-forward block."""
    num_layers: int = Field(ge=1)
    """Decoder layers."""
    num_heads: int = Field(ge=1)
    """Query heads."""
    num_kv_heads: int = Field(ge=1)
    """Key-value heads; divides num_heads."""
    head_dim: int = Field(HEAD_DIM, ge=2, multiple_of=2)
    """Width of a head."""
    max_positions: int = Field(512, ge=8)
    """Longest sequence, in tokens."""

    norm: Literal["rms", "shifted_rms", "layer", "layer_without_bias"] = "rms"
    """Kind of all norms; shifted_rms stores its weight as the distance from one."""
    norm_eps: float = Field(1e-6, gt=0)
    """Added to the mean square, or to the variance, before the root."""
    block: Literal["sequential", "sandwich", "parallel", "parallel_one_norm"] = "sequential"
    """How a layer is wired: attention, then the feed-forward block, a norm before each (sandwich: and after each); or
    both from the same input, each behind a norm of its own or both behind one."""

    position: Literal["rope", "alibi", "learned"] = "rope"
    """How positions are told: rotated queries and keys, a bias for distance, or a learned vector each."""
    rope_theta: float = Field(10_000.0, gt=0)
    """Base of the rotary frequencies."""
    rope_scaling: RopeScaling | None = None
    """How they are changed for longer contexts."""
    rotary_share: float = Field(1.0, gt=0, le=1)
    """Share of a head's width that is rotated, from its beginning."""
    local_rope_theta: float | None = Field(None, gt=0)
    """Base of the rotary frequencies of windowed layers, never scaled; None: as all."""
    alibi_exponent: float = Field(8.0, gt=0)
    """The flattest head's score falls by 2 to the minus this a token."""
    alibi_scale: float = Field(1.0, gt=0)
    """What the bias is multiplied by."""
    alibi_in_bfloat16: bool = False
    """Whether slope times position, counted from the first token, is rounded to bfloat16, as Falcon does."""
    position_offset: int = Field(0, ge=0)
    """Unused rows before the first learned position."""

    attention_bias: bool = False
    """Whether the maps to queries, keys and values have biases."""
    output_bias: bool = False
    """Whether the map out of attention has a bias."""
    qk_norm: bool = True
    """Whether queries and keys are normed, head by head."""
    qkv_clip: float | None = Field(None, gt=0)
    """Queries, keys and values are cut to this size."""
    score_scale: float | None = Field(None, gt=0)
    """What attention scores are multiplied by; by default 1 / sqrt(head_dim)."""
    score_softcap: float | None = Field(None, gt=0)
    """Attention scores are bent into plus or minus this by a tanh."""
    window: int | None = Field(None, ge=1)
    """Tokens that a windowed layer looks back over, its own included."""
    windowed_layers: tuple[int, ...] = ()
    """Layers, from 0, that look no further back than the window."""

    mlp: Literal["gated", "plain"] = "gated"
    """Whether a second map gates the feed-forward block's hidden layer."""
    activation: Activation = "silu"
    """The feed-forward block's activation."""
    mlp_bias: bool = False
    """Whether the feed-forward block's maps have biases."""
    num_experts: int = Field(0, ge=0)
    """Feed-forward blocks to choose from in layers of experts."""
    experts_per_token: int = Field(0, ge=0)
    """Experts that a token passes through."""
    expert_size: int = Field(0, ge=0)
    """Hidden width of an expert."""
    expert_layers: tuple[int, ...] = ()
    """Layers, from 0, that have experts in place of one feed-forward block."""
    norm_topk: bool = True
    """Whether the shares of the chosen experts are scaled to sum to one."""

    embedding_multiplier: float = Field(1.0, gt=0)
    """What embeddings are multiplied by."""
    residual_multiplier: float = Field(1.0, gt=0)
    """What each block's output is multiplied by before it is added."""
    tie_embeddings: bool = True
    """Whether the output head shares the embedding table."""
    head_bias: bool = False
    """Whether the output head has a bias."""
    normed_head: bool = False
    """Whether the output head's rows are scaled to length one."""
    logit_divisor: float = Field(1.0, gt=0)
    """What logits are divided by."""
    logit_softcap: float | None = Field(None, gt=0)
    """Logits are bent into plus or minus this by a tanh."""

    @model_validator(mode="after")
    def _check_heads(self) -> DecoderSettings:
        if self.num_heads % self.num_kv_heads:
            raise ValueError(f"num_kv_heads {self.num_kv_heads} does not divide num_heads {self.num_heads}")
        return self

    @model_validator(mode="after")
    def _check_fits(self) -> DecoderSettings:
        if self.rotary_dim % 2 or not self.rotary_dim:
            raise ValueError(f"rotary_share {self.rotary_share} of head_dim {self.head_dim} is no even number")
        if self.windowed_layers and self.window is None:
            raise ValueError("windowed_layers need a window")
        if self.expert_layers and not (0 < self.experts_per_token <= self.num_experts and self.expert_size):
            raise ValueError(
                f"expert_layers need expert_size and {self.num_experts} >= experts_per_token > 0, "
                f"not {self.experts_per_token}"
            )
        for name in ("windowed_layers", "expert_layers"):
            if any(not 0 <= layer < self.num_layers for layer in getattr(self, name)):
                raise ValueError(f"{name} names a layer outside 0..{self.num_layers - 1}")
        if self.tie_embeddings and self.normed_head:
            raise ValueError("a head with normed rows cannot be the embedding table: tie_embeddings must be false")
        return self

    @property
    def rotary_dim(self) -> int:
        """Numbers of a head that are rotated."""
        return int(self.head_dim * self.rotary_share)

    @property
    def attention_scale(self) -> float:
        """What attention scores are multiplied by."""
        return self.head_dim**-0.5 if self.score_scale is None else self.score_scale

    @property
    def num_matrix_parameters(self) -> int:
        """Parameters of the layers' matrices that a token passes through: of experts, only the chosen ones."""
        return self._matrices(self.experts_per_token)

    @property
    def num_parameters(self) -> int:
        """All parameters, the embedding counted once when it is tied."""
        tables = self.vocab_size * self.hidden_size * (1 if self.tie_embeddings else 2)
        if self.position == "learned":
            tables += (self.max_positions + self.position_offset) * self.hidden_size
        head_bias = self.vocab_size if self.head_bias else 0
        return self._matrices(self.num_experts) + tables + head_bias + self._biases + self._norms

    def flops_per_token(self, context: int) -> float:
        """Training FLOPs a token: 6 a matrix parameter (head included), 12 L S d for attention.

        Source: Chowdhery et al. 2022 (PaLM), arXiv:2204.02311, appendix B.
        """
        matrices = self.num_matrix_parameters + self.vocab_size * self.hidden_size
        return 6.0 * matrices + 12.0 * self.num_layers * context * self.num_heads * self.head_dim

    @property
    def _maps_in_mlp(self) -> int:
        return 3 if self.mlp == "gated" else 2

    def _matrices(self, experts: int) -> int:
        """Parameters of the layers' matrices when ``experts`` of each layer's experts count."""
        attention = self.hidden_size * self.head_dim * 2 * (self.num_heads + self.num_kv_heads)
        plain = self._maps_in_mlp * self.hidden_size * self.intermediate_size
        router = self.hidden_size * self.num_experts
        mixed = self._maps_in_mlp * self.hidden_size * self.expert_size * experts + router
        sparse = len(self.expert_layers)
        return self.num_layers * attention + (self.num_layers - sparse) * plain + sparse * mixed

    @property
    def _biases(self) -> int:
        """Biases of the layers' maps."""
        attention = self.head_dim * (self.num_heads + 2 * self.num_kv_heads) if self.attention_bias else 0
        output = self.hidden_size if self.output_bias else 0
        hidden_maps = self._maps_in_mlp - 1
        plain = hidden_maps * self.intermediate_size + self.hidden_size
        mixed = self.num_experts * (hidden_maps * self.expert_size + self.hidden_size)
        sparse = len(self.expert_layers)
        mlp = ((self.num_layers - sparse) * plain + sparse * mixed) if self.mlp_bias else 0
        return self.num_layers * (attention + output) + mlp

    @property
    def _norms(self) -> int:
        """Parameters of all norms."""
        each = {"sequential": 2, "sandwich": 4, "parallel": 2, "parallel_one_norm": 1}[self.block] * self.hidden_size
        heads = 2 * self.head_dim if self.qk_norm else 0
        return (self.num_layers * (each + heads) + self.hidden_size) * (2 if self.norm == "layer" else 1)


class ModelSettings(Settings):
    """The one dial, and what it may be overruled with."""

    size: int = Field(6, ge=1, le=80)
    """Depth in layers; width, heads and the SwiGLU block follow from it."""
    context: int = Field(512, ge=16, le=131_072)
    """Longest sequence, in tokens."""
    hidden_size: int | None = Field(None, ge=8)
    """Model width; by default 64 for every one and a half layers."""
    num_heads: int | None = Field(None, ge=1)
    """Query heads; by default width / 64."""
    num_kv_heads: int | None = Field(None, ge=1)
    """Key-value heads; by default all heads up to 12 layers, then half of them."""
    intermediate_size: int | None = Field(None, ge=8)
    """Hidden width of SwiGLU; by default 8/3 of the width, rounded up to 64."""
    rope_theta: float = Field(10_000.0, gt=0)
    """Base of the rotary frequencies."""
    qk_norm: bool = True
    """Whether queries and keys are normed, as in Qwen 3; without, the model is of LLaMA's shape and saved as such."""

    def decoder(self, vocab_size: int) -> DecoderSettings:
        """The decoder that the dial gives for a vocabulary of ``vocab_size`` tokens."""
        width = self.hidden_size or HEAD_DIM * max(2, round(2 * self.size / 3))
        heads = self.num_heads or max(1, width // HEAD_DIM)
        kv_heads = heads if self.size <= 12 or heads % 2 else heads // 2
        return DecoderSettings(
            family="qwen3" if self.qk_norm else "llama",
            qk_norm=self.qk_norm,
            vocab_size=-(-vocab_size // 64) * 64,
            hidden_size=width,
            intermediate_size=self.intermediate_size or -(-8 * width // 3 // 64) * 64,
            num_layers=self.size,
            num_heads=heads,
            num_kv_heads=self.num_kv_heads or kv_heads,
            head_dim=HEAD_DIM if width >= HEAD_DIM else width // heads,
            max_positions=self.context,
            rope_theta=self.rope_theta,
        )

    def reasons(self, vocab_size: int) -> list[str]:
        """One line for each number the dial chose, with its reason."""
        shape = self.decoder(vocab_size)
        return [
            f"{shape.num_layers} layers: size {self.size}",
            f"width {shape.hidden_size}: 64 for every one and a half layers, so that depth and width grow together",
            f"{shape.num_heads} heads of {shape.head_dim}, {shape.num_kv_heads} for keys and values",
            f"SwiGLU width {shape.intermediate_size}: 8/3 of the width, so that it costs what a 4x MLP does",
            f"{shape.num_parameters / 1e6:.1f}M parameters, "
            f"{shape.vocab_size * shape.hidden_size / 1e6:.1f}M of them embedding",
        ]

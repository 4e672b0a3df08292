"""The shape of a decoder, and the one dial that sets it."""

from __future__ import annotations

from pydantic import Field, model_validator

from samovar.core.settings import Settings

HEAD_DIM = 64


class DecoderSettings(Settings):
    """The shape of a Qwen3-like decoder."""

    vocab_size: int = Field(ge=2)
    """Rows of the embedding table, in tokens."""
    hidden_size: int = Field(ge=8)
    """Model width."""
    intermediate_size: int = Field(ge=8)
    """Hidden width of the SwiGLU block."""
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
    rope_theta: float = Field(10_000.0, gt=0)
    """Base of the rotary frequencies."""
    norm_eps: float = Field(1e-6, gt=0)
    """Added to the mean square in RMSNorm."""
    tie_embeddings: bool = True
    """Whether the output head shares the embedding table."""

    @model_validator(mode="after")
    def _check_heads(self) -> DecoderSettings:
        if self.num_heads % self.num_kv_heads:
            raise ValueError(f"num_kv_heads {self.num_kv_heads} does not divide num_heads {self.num_heads}")
        return self

    @property
    def num_matrix_parameters(self) -> int:
        """Parameters of the layers' matrices: what a token passes through, without the embedding."""
        attention = self.hidden_size * self.head_dim * 2 * (self.num_heads + self.num_kv_heads)
        return self.num_layers * (attention + 3 * self.hidden_size * self.intermediate_size)

    @property
    def num_parameters(self) -> int:
        """All parameters, the embedding counted once when it is tied."""
        tables = self.vocab_size * self.hidden_size * (1 if self.tie_embeddings else 2)
        norms = self.num_layers * (2 * self.hidden_size + 2 * self.head_dim) + self.hidden_size
        return self.num_matrix_parameters + tables + norms

    def flops_per_token(self, context: int) -> float:
        """Training FLOPs a token: 6 a matrix parameter (head included), 12 L S d for attention.

        Source: Chowdhery et al. 2022 (PaLM), arXiv:2204.02311, appendix B.
        """
        matrices = self.num_matrix_parameters + self.vocab_size * self.hidden_size
        return 6.0 * matrices + 12.0 * self.num_layers * context * self.num_heads * self.head_dim


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

    def decoder(self, vocab_size: int) -> DecoderSettings:
        """The decoder that the dial gives for a vocabulary of ``vocab_size`` tokens."""
        width = self.hidden_size or HEAD_DIM * max(2, round(2 * self.size / 3))
        heads = self.num_heads or max(1, width // HEAD_DIM)
        kv_heads = heads if self.size <= 12 or heads % 2 else heads // 2
        return DecoderSettings(
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

"""The shape of an encoder of any family. What is not said is as in BERT."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from samovar.core.settings import Settings
from samovar.model.settings import Activation, DecoderSettings

Pooling = Literal["mean", "first"]


class EncoderSettings(Settings):
    """The shape of an encoder."""

    family: str
    """The ``model_type`` that it is opened as."""
    vocab_size: int = Field(ge=2)
    """Rows of the embedding table, in tokens."""
    hidden_size: int = Field(ge=8)
    """Model width."""
    embedding_size: int | None = Field(None, ge=1)
    """Width of the embedding tables, whose sum is mapped to the model's; None: the model's."""
    intermediate_size: int = Field(ge=8)
    """Hidden width of the feed-forward block."""
    num_layers: int = Field(ge=1)
    """Layers."""
    num_heads: int = Field(ge=1)
    """Heads; divides hidden_size."""
    max_positions: int = Field(ge=8)
    """Longest sequence, in tokens."""

    position: Literal["learned", "rope", "distance"] = "learned"
    """How positions are told: a learned vector each, rotated queries and keys, or a learned vector for each kind of
    distance, which queries and keys are compared with too."""
    position_offset: int = Field(0, ge=0)
    """Unused rows before the first learned position."""
    rope_theta: float = Field(10_000.0, gt=0)
    """Base of the rotary frequencies."""
    local_rope_theta: float = Field(10_000.0, gt=0)
    """That of windowed layers."""
    num_buckets: int = Field(0, ge=0)
    """Kinds of distances to either side: half of them are one token, the others grow with the distance."""
    max_distance: int = Field(0, ge=0)
    """Tokens from which on all distances are of the last kind."""
    window: int | None = Field(None, ge=1)
    """Tokens to either side of its own that a windowed layer sees."""
    windowed_layers: tuple[int, ...] = ()
    """Layers, from 0, that see no further than the window."""
    num_types: int = Field(2, ge=0)
    """Kinds of tokens in the embedding; 0: it has none."""
    types_by_text: bool = False
    """Whether tokens of the second text of a pair are of the second kind; else all are of the first."""

    block: Literal["post", "pre"] = "post"
    """Whether norms stand behind the residual sums, or before attention (but the first) and the feed-forward block."""
    norm_eps: float = Field(1e-12, gt=0)
    """Added to the variance in LayerNorm."""
    norm_bias: bool = True
    """Whether norms have biases."""
    attention_bias: bool = True
    """Whether the maps of attention have biases."""
    mlp: Literal["plain", "gated"] = "plain"
    """Whether a second map gates the feed-forward block's hidden layer."""
    mlp_bias: bool = True
    """Whether the feed-forward block's maps have biases."""
    activation: Activation = "gelu"
    """The feed-forward block's activation."""

    pooling: Pooling = "mean"
    """What stands for a text as an embedding: the mean of its tokens, or its first token."""
    labels: tuple[str, ...] = ()
    """Names of the classes; none where it is no classifier."""
    head_pooling: Pooling = "first"
    """What the head of classes reads."""
    head_activation: Literal["tanh"] | Activation = "tanh"
    """Between the two maps of that head."""
    head_bias: bool = True
    """Whether the first of them has a bias."""
    head_norm: bool = False
    """Whether a norm stands between them."""

    @model_validator(mode="after")
    def _check_fits(self) -> EncoderSettings:
        if self.hidden_size % self.num_heads:
            raise ValueError(f"num_heads {self.num_heads} does not divide hidden_size {self.hidden_size}")
        if self.windowed_layers and (self.window is None or self.position != "rope"):
            raise ValueError("windowed_layers need a window and rotary positions")
        if self.position == "distance" and not 4 <= self.num_buckets <= self.max_distance:
            raise ValueError(f"{self.num_buckets} kinds of distances, of at most {self.max_distance} tokens, are none")
        return self

    @property
    def table_width(self) -> int:
        """Width of the embedding tables."""
        return self.embedding_size or self.hidden_size

    @property
    def decoder_of_its_size(self) -> DecoderSettings:
        """A decoder with as many weights and products, by which time and memory are reckoned."""
        return DecoderSettings(
            family="gpt2", vocab_size=-(-self.vocab_size * self.table_width // self.hidden_size),
            hidden_size=self.hidden_size,
            intermediate_size=self.intermediate_size, num_layers=self.num_layers, num_heads=self.num_heads,
            num_kv_heads=self.num_heads, head_dim=self.hidden_size // self.num_heads,
            max_positions=self.max_positions, position="rope" if self.position == "rope" else "learned",
            position_offset=max(self.position_offset, 2 * self.num_buckets - self.max_positions),
            norm="layer" if self.norm_bias else "layer_without_bias", attention_bias=self.attention_bias,
            output_bias=self.attention_bias, qk_norm=False, mlp=self.mlp, mlp_bias=self.mlp_bias,
            activation=self.activation, tie_embeddings=True,
            # No kernel does without keeping scores to which distances add, as scores that are bent.
            score_softcap=1.0 if self.position == "distance" else None,
        )  # fmt: skip

    @property
    def num_parameters(self) -> int:
        """Weights of the encoder, without heads; rounded up by no more than a few vectors."""
        return self.decoder_of_its_size.num_parameters

    def flops_per_token(self, context: int) -> float:
        """Of training, forward and backward, at texts of ``context`` tokens; there is no head over the vocabulary.

        Queries and keys are compared with every kind of distance as with tokens.
        """
        shape = self.decoder_of_its_size
        distances = 12.0 * self.num_layers * 2 * self.num_buckets * self.hidden_size
        return shape.flops_per_token(context) - 6.0 * shape.vocab_size * self.hidden_size + distances

"""Settings of an adapter."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.core.settings import Settings


class AdapterSettings(Settings):
    """A low-rank adapter: which maps it stands beside, how large it is, how it is trained."""

    rank: int = Field(16, ge=1)
    """Width of the bottleneck beside each map."""
    alpha: float = Field(32.0, gt=0)
    """What the adapter adds is multiplied by alpha / rank."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of an adapter's inputs left out in training."""
    targets: list[str] | None = Field(None, min_length=1)
    """Linear maps that get one, as q_proj or down_proj; by default all of the layers but those of experts."""
    use_rslora: bool = False
    """Multiply by alpha / sqrt(rank) instead, so that large ranks learn as well (rsLoRA)."""
    use_dora: bool = False
    """Train the length of each row of a weight apart from its direction (DoRA); slower."""
    base_bits: Literal[4, 16] = 16
    """Of the frozen weights while training: 16, or 4 (QLoRA) where memory is short."""
    learning_rate: float = Field(1e-3, gt=0)
    """Peak rate of AdamW, in place of the rates of the stage."""
    merge: bool = True
    """Whether the trained adapter is also merged into a whole model, which is what later stages read."""

    @property
    def scale(self) -> float:
        """What the adapter adds is multiplied by this (Kalajdzievski 2023, arXiv:2312.03732, for rsLoRA)."""
        return self.alpha / (self.rank**0.5 if self.use_rslora else self.rank)

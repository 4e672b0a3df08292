"""Settings of the training stages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.core.settings import Settings
from samovar.model.adapters.settings import AdapterSettings


class LoopSettings(Settings):
    """What every training stage shares: batch, optimizer, schedule, checkpoints."""

    batch_tokens: int = Field(16_384, ge=1)
    """Tokens of one optimizer step."""
    micro_batch_tokens: int = Field(8_192, ge=1)
    """Tokens of one forward and backward pass; lower it when memory runs out."""
    context: int | None = Field(None, ge=16)
    """Length of a training row in tokens; by default the model's context."""
    optimizer: Literal["muon", "adamw"] = "muon"
    """Of the matrices; embeddings and norms always take AdamW."""
    learning_rate: float = Field(0.02, gt=0)
    """Peak rate of the matrices under Muon; under adamw, give about 0.002."""
    adamw_learning_rate: float = Field(0.004, gt=0)
    """Peak rate of embeddings and norms."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled decay of the matrices, per unit of learning rate."""
    warmup_share: float = Field(0.02, ge=0, le=1)
    """Share of the steps over which the rate rises from zero."""
    decay_share: float = Field(0.4, ge=0, le=1)
    """Share of the steps, at the end, over which the rate falls to final_share."""
    final_share: float = Field(0.0, ge=0, le=1)
    """Last rate as a share of the peak."""
    max_gradient_norm: float = Field(1.0, gt=0)
    """Gradients longer than this are scaled down to it."""
    checkpoint_every_s: float = Field(60.0, gt=0)
    """Seconds between checkpoints: the most work that a power cut loses."""
    validations: int = Field(8, ge=1)
    """How many times, evenly spread, the validation loss is measured."""
    compile: Literal["auto", "on", "off"] = "auto"
    """torch.compile; auto: for runs long enough to repay it, where a C++ compiler is found."""
    seed: int = 0
    """Of weights and data order."""


class PretrainSettings(LoopSettings):
    """Next-token training on the corpus."""

    tokens: int = Field(4_000_000, ge=1)
    """Token budget; the corpus is repeated when it is shorter."""
    document_mask: bool = True
    """Whether a token looks only at its own document within a packed row."""
    sketch_induction: bool = True
    """Whether the first two layers begin as a sketch of an induction circuit, so that copying is learnt early."""


class SftSettings(LoopSettings):
    """Supervised fine-tuning on conversations."""

    tokens: int = Field(8_000_000, ge=1)
    """Token budget, prompts and padding included."""
    tasks: dict[str, float] = {}
    """Checkable tasks and their shares of the budget's conversations."""
    chained_share: float = Field(0.25, ge=0, le=1)
    """Share of the tasks' conversations that go on with further questions, as a chat does."""
    conversations: list[str] = []
    """JSONL files of the user's own conversations, relative to the project."""
    conversations_share: float = Field(0.5, ge=0, le=1)
    """Share of the budget for one's own conversations where there are tasks as well."""
    max_epochs: float = Field(4.0, gt=0)
    """How often one's own conversations may be repeated at most."""
    adapter: AdapterSettings | None = None
    """Train a low-rank adapter beside the frozen base instead of all weights; {} takes its defaults."""

"""Settings of the training stages."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from samovar.core.errors import ConfigError
from samovar.core.settings import Settings
from samovar.model.adapters.settings import AdapterSettings
from samovar.train.parallel.settings import ParallelSettings
from samovar.train.schedule import Schedule, rate_share
from samovar.train.trackers import TrackerName

OptimizerName = Literal["muon", "adamw"]


def _as_written(value: Any) -> Any:
    """YAML takes a bare on or off for true or false."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


Switch = Annotated[Literal["auto", "on", "off"], BeforeValidator(_as_written)]


def _some_above_zero(shares: dict[str, float]) -> dict[str, float]:
    if shares and not any(shares.values()):
        raise ValueError("all shares are zero, so that nothing can be drawn by them")
    return shares


Shares = Annotated[dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]], AfterValidator(_some_above_zero)]
"""Name -> how often it is drawn, in proportion to the others."""


class LoopSettings(Settings):
    """What every training stage shares: batch, optimizer, schedule, checkpoints."""

    longest_row: ClassVar[int] = 2048
    """Tokens of a row, at most, where no context is asked for: models have room for a hundred thousand, texts are
    seldom that long."""

    batch_tokens: int = Field(16_384, ge=1)
    """Tokens of one optimizer step: a multiple of the context."""
    micro_batch_tokens: int = Field(8_192, ge=1)
    """Most tokens of one forward and backward pass; lower it when memory runs out. Where it is not set, pretraining,
    fine-tuning and learning from preferences on a GPU take as many as its memory holds."""
    context: int | None = Field(None, ge=16)
    """Length of a training row in tokens; by default the recipe's context, of a model that is trained without a recipe
    its own: 2048 at most, and 1024 where preferences or rewards are learnt from."""
    optimizer: OptimizerName = "muon"
    """Of the matrices; embeddings and norms always take AdamW."""
    learning_rate: float = Field(0.02, gt=0)
    """Peak rate of the matrices under Muon; under adamw, give about 0.002."""
    adamw_learning_rate: float = Field(0.004, gt=0)
    """Peak rate of embeddings and norms."""
    adamw_beta2: float = Field(0.95, gt=0, lt=1)
    """How much of AdamW's average of squared gradients each step leaves; nearer to 1 rare words are learnt better."""
    adamw_floor: float = Field(0.0, ge=0)
    """Added to what AdamW divides the gradient of an embedding table by that is the head as well, in parts of the usual
    size over the table; 0.1 keeps words that a short training seldom reads from drifting all to one place."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled decay of the matrices, per unit of learning rate."""
    rate_factors: dict[str, Annotated[float, Field(gt=0)]] = {}
    """What the rates of parameters are multiplied by, by patterns of their names, such as "embed_tokens.*" or "*norm*";
    of several that fit a name the first one counts."""
    schedule: Schedule = "wsd"
    """How the rate falls: wsd holds the peak until the last decay_share of the steps; cosine and linear fall all along.
    """
    warmup_share: float = Field(0.02, ge=0, le=1)
    """Share of the steps over which the rate rises from zero."""
    decay_share: float = Field(0.4, ge=0, le=1)
    """Share of the steps, at the end, over which the rate of wsd falls to final_share."""
    final_share: float = Field(0.0, ge=0, le=1)
    """Last rate as a share of the peak."""
    max_gradient_norm: float = Field(1.0, gt=0)
    """Gradients longer than this are scaled down to it."""
    ema_decay: float | None = Field(None, gt=0, lt=1)
    """Validate and save a moving average of the weights, of which each step leaves this share (0.999, say)."""
    z_loss: float = Field(0.0, ge=0)
    """Weight of a penalty that keeps logits from drifting (1e-4, say), in objectives that have logits."""
    expert_balance: float = Field(0.001, ge=0)
    """Weight of a penalty that keeps a mixture of experts from sending all tokens to a few; models without experts have
    none."""
    dropout: float = Field(0.0, ge=0, lt=1)
    """Share of embeddings, and of what layers add to them, that is dropped at random."""
    activation_checkpointing: bool = False
    """Keep just the input of every layer and compute it again for the gradient: a third slower, far less memory."""
    checkpoint_every_s: float = Field(60.0, gt=0)
    """Seconds between checkpoints: the most work that a power cut loses."""
    validations: int = Field(8, ge=1)
    """How many times, evenly spread, the validation loss is measured."""
    compile: Switch = "auto"
    """torch.compile; auto: for runs long enough to repay it, where a C++ compiler is found."""
    seed: int = 0
    """Of weights and data order."""
    parallel: ParallelSettings = ParallelSettings()
    """How the run is spread over the processes that torchrun started."""
    trackers: list[TrackerName] = []
    """Who is told the run's numbers beside its own files; wandb stays offline unless WANDB_MODE says otherwise."""

    def row_tokens(self, max_positions: int) -> int:
        """Tokens of a row of a model that has so many positions.

        Raises:
            ConfigError: longer ones are asked for.
        """
        if self.context is not None and self.context > max_positions:
            raise ConfigError(
                f"rows of {self.context} tokens are longer than the {max_positions} that the model has places for",
                hint="lower the context in the recipe",
            )
        return self.context or min(max_positions, self.longest_row)

    def rate_share(self, step: int, num_steps: int) -> float:
        """The learning rates of ``step``, from 0, as a share of their peaks."""
        return rate_share(
            step, num_steps, schedule=self.schedule, warmup_share=self.warmup_share, decay_share=self.decay_share,
            final_share=self.final_share,
        )  # fmt: skip


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
    tasks: Shares = {}
    """Checkable tasks and their shares of the budget's conversations."""
    chained_share: float = Field(0.25, ge=0, le=1)
    """Share of the tasks' conversations that go on with further questions, as a chat does."""
    conversations: list[str] = []
    """JSONL files of the user's own conversations, relative to the project."""
    conversations_share: float = Field(0.5, ge=0, le=1)
    """Share of the budget for one's own conversations where there are tasks as well."""
    documents_share: float = Field(0.0, ge=0, lt=1)
    """Share of the budget for the documents of pretraining, learnt whole, so that they are not forgotten."""
    max_epochs: float = Field(4.0, gt=0)
    """How often one's own conversations may be repeated at most."""
    learn_roles: list[Literal["assistant", "user", "system", "tool"]] = Field(["assistant"], min_length=1)
    """Whose turns are learnt. Of others than the assistant's the header is learnt as well."""
    learn_turns: Literal["all", "last"] = "all"
    """Learn each of the assistant's turns, or only the last of a conversation. A message's own weight wins."""
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    """Share of a target's probability that all tokens are to have alike."""
    embedding_noise: float = Field(0.0, ge=0)
    """Size of the noise on embeddings in training (NEFTune's alpha: 5 is usual), 0 for none."""
    check: Literal["repair", "refuse"] = "repair"
    """One's own conversations from which nothing can be learnt (an empty answer, twice the same, turns that the chat
    template refuses, too long): left out with a word, or refused."""
    adapter: AdapterSettings | None = None
    """Train a low-rank adapter beside the frozen base instead of all weights; {} takes its defaults."""

"""Settings of the stages that learn from rewards."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from samovar.train.question_settings import QuestionSettings
from samovar.train.schedule import Schedule
from samovar.train.settings import OptimizerName


class RlSettings(QuestionSettings):
    """What the stages that learn from rewards share."""

    longest_row: ClassVar[int] = 1024

    iterations: int = Field(40, ge=1)
    """How often the assistant answers, is rewarded, and learns from it."""
    prompts: int = Field(16, ge=1)
    """Questions of an iteration."""
    answers: int = Field(8, ge=1)
    """Answers to each."""
    reward: Literal["tasks", "model"] = "tasks"
    """Who rewards: the tasks' own graders, or the reward model that the recipe trains."""
    epochs: int = Field(1, ge=1)
    """How often the answers of an iteration are learnt from."""
    minibatches: int = Field(1, ge=1)
    """Steps of the optimizer in each of them."""
    clip_low: float = Field(0.2, gt=0, le=1)
    """A token that became less likely than this share below what it was counts no further."""
    clip_high: float = Field(0.28, gt=0)
    """And one that became likelier than this share above it."""
    kl_weight: float = Field(0.0, ge=0)
    """Weight of the divergence from the assistant as it was, as a part of the loss."""
    rollouts_ahead: Literal[0, 1] = 0
    """Iterations by which answers are drawn ahead: with 1 those of the next are drawn while the update runs."""
    importance_cap: float | None = Field(2.0, ge=1)
    """Tokens count by how much likelier training holds them than the engine did that drew them, up to so many times;
    null: all alike."""
    average: Literal["tokens", "answers", "length"] = "tokens"
    """Whether tokens count alike, or answers, or answers as if all were max_tokens long."""
    importance: Literal["token", "answer"] = "token"
    """Whether what became likelier is measured token by token or over whole answers."""
    draws: int = Field(3, ge=1)
    """Draws of questions, at most, to fill an iteration with some whose answers are not all worth the same: nothing can
    be learnt from others."""
    held_out: int = Field(40, ge=1)
    """Questions of the tasks' test split, of each task and language, that are answered at each validation."""
    max_kl: float | None = Field(None, gt=0)
    """Stop when a token's divergence from the assistant as it was is more than so many nats on average."""
    optimizer: OptimizerName = "adamw"
    """Of the matrices; embeddings and norms always take AdamW."""
    learning_rate: float = Field(3e-5, gt=0)
    """Peak rate of the matrices."""
    adamw_learning_rate: float = Field(3e-5, gt=0)
    """Peak rate of embeddings and norms."""
    schedule: Schedule = "wsd"
    """How the rate falls: wsd holds the peak until the last decay_share of the steps; cosine and linear fall all along.
    """
    decay_share: float = Field(0.2, ge=0, le=1)
    """Share of the steps, at the end, over which the rate of wsd falls to final_share."""
    validations: int = Field(4, ge=1)
    """How many times, evenly spread, held-out questions are asked."""

    @model_validator(mode="after")
    def _check_known(self) -> RlSettings:
        if self.ema_decay is not None or self.dropout:
            raise ValueError(
                "answers are drawn by the weights as they are: ema_decay and dropout are for the other stages"
            )
        if self.z_loss:
            raise ValueError("z_loss is for pretraining and fine-tuning: leave it out where rewards are learnt from")
        return self

    def surrogate(self, longest: int) -> dict[str, Any]:
        """What ``objectives/policy.py`` is made of."""
        return {
            "clip_low": self.clip_low,
            "clip_high": self.clip_high,
            "kl_weight": self.kl_weight,
            "average": self.average,
            "importance": self.importance,
            "longest": longest,
        }


class GrpoSettings(RlSettings):
    """Several answers to each question, judged by each other."""

    algorithm: Literal["grpo", "rloo", "reinforce_plus_plus"] = "grpo"
    """How an answer is compared: with the mean of its group, with the others, or also with all of the iteration."""
    divides_by_deviation: bool = False
    """Whether grpo divides by the deviation within the group, as first published."""
    penalty: float = Field(0.0, ge=0)
    """What a nat of an answer's divergence from the assistant as it was costs, in units of reward; of rloo alone, as
    published. kl_weight is for all: of tokens, in the loss."""

    @model_validator(mode="after")
    def _check_penalty(self) -> GrpoSettings:
        if self.penalty and self.algorithm != "rloo":
            raise ValueError(f"penalty is for rloo, and the algorithm is {self.algorithm}: use kl_weight")
        return self


class PpoSettings(RlSettings):
    """A value head says what was to be expected."""

    answers: int = Field(1, ge=1)
    """Answers to each question."""
    prompts: int = Field(128, ge=1)
    """Questions of an iteration."""
    epochs: int = Field(2, ge=1)
    """How often the answers of an iteration are learnt from."""
    minibatches: int = Field(4, ge=1)
    """Steps of the optimizer in each of them."""
    clip_high: float = Field(0.2, gt=0)
    """And one that became likelier than this share above it."""
    draws: int = Field(1, ge=1)
    """Draws of questions, at most, to fill an iteration with some whose answers are not all worth the same."""
    penalty: float = Field(0.02, ge=0)
    """What a nat of divergence from the assistant as it was costs, in units of reward."""
    target_kl: float | None = Field(None, gt=0)
    """Divergence of an answer, in nats, towards which the penalty is moved; without it the penalty stays."""
    discount: float = Field(1.0, gt=0, le=1)
    """What a reward is worth one token earlier, as a share."""
    trace: float = Field(0.95, ge=0, le=1)
    """Lambda of the generalised advantages."""
    value_weight: float = Field(0.1, ge=0)
    """Weight of the value head's error."""
    value_clip: float = Field(0.2, gt=0)
    """How far a value may move in an iteration."""

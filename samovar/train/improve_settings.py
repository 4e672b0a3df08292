"""Settings of self-improvement."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.model.adapters.settings import AdapterSettings
from samovar.train.question_settings import QuestionSettings
from samovar.train.settings import SftSettings


class ImproveSettings(QuestionSettings):
    """Learning from one's own right answers."""

    iterations: int = Field(3, ge=1)
    """How often the assistant answers questions, and is then trained on what it answered rightly."""
    questions: int = Field(1000, ge=1)
    """Questions of an iteration."""
    answers: int = Field(4, ge=1)
    """Answers drawn to each."""
    kept: int = Field(1, ge=1)
    """Right answers to a question that are learnt from, at most, all different: with more of them, easy questions would
    come oftener than hard ones."""
    rationalises: bool = False
    """Whether questions without a right answer are asked again with the result shown, of tasks that know one, and a
    right answer that comes then is learnt from as an answer to the plain question."""
    max_surprise: float = Field(2.0, gt=0)
    """Nats a token that such an answer may take the assistant by surprise under the plain question: what is unlikelier
    repeats the result amid nonsense."""
    temperature: float = Field(1.0, gt=0)
    """Of drawing."""
    begins_with: Literal["first", "last"] = "last"
    """What is trained in each iteration: the one of the last iteration, or the assistant as it was in the beginning, so
    that no slip is trained in twice."""
    keeps_earlier: bool = True
    """Whether right answers of earlier iterations are learnt from again: those of one alone are too few to grow on."""
    epochs: float = Field(2.0, gt=0)
    """How often what is learnt from is gone through in an iteration."""
    remember: float = Field(0.3, ge=0, lt=1)
    """Share of the conversations learnt from that are those of sft, so that they are not forgotten."""
    held_out: int = Field(60, ge=1)
    """Questions of the tasks' test split, of each task and language, that are answered after each iteration."""
    batch_tokens: int = Field(4_096, ge=1)
    """Tokens of one optimizer step: a multiple of the context."""
    micro_batch_tokens: int = Field(4_096, ge=1)
    """Most tokens of one forward and backward pass; lower it when memory runs out."""
    learning_rate: float = Field(0.005, gt=0)
    """Peak rate of the matrices under Muon; under adamw, give about 0.0005."""
    adamw_learning_rate: float = Field(0.001, gt=0)
    """Peak rate of embeddings and norms."""
    validations: int = Field(1, ge=1)
    """How many times, evenly spread, the loss on held-out conversations is measured in an iteration."""
    adapter: AdapterSettings | None = None
    """Train a low-rank adapter in each iteration instead of all weights, and merge it; {} takes its defaults."""

    def fine_tuning(self, tokens: int) -> SftSettings:
        """How an iteration trains, on ``tokens`` tokens at most."""
        shared = {name: getattr(self, name) for name in SftSettings.model_fields if hasattr(self, name)}
        own = {"tasks": {}, "tokens": tokens, "conversations_share": 1.0, "max_epochs": self.epochs}
        return SftSettings.model_validate(shared | own, from_attributes=True)

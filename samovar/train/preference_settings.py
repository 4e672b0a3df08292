"""Settings of the stages that learn from preferences."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from samovar.core.settings import Settings
from samovar.model.adapters.settings import AdapterSettings
from samovar.train.feedback.settings import JudgingSettings
from samovar.train.schedule import Schedule
from samovar.train.settings import LoopSettings, OptimizerName

Loss = Literal["dpo", "ipo", "kto", "orpo", "simpo", "cpo", "robust", "length_normalised"]


class AskedSettings(Settings):
    """What two models are asked, to be set side by side."""

    examples: int = Field(60, ge=1)
    """Held-out questions of each task and language that both models are asked."""
    text_bytes: int = Field(100_000, ge=1)
    """Held-out text that bits per byte are measured on, at most, in bytes."""


class GateSettings(AskedSettings):
    """When a new model takes the place of the old one."""

    max_fall: float = Field(0.05, ge=0, le=1)
    """Promote if no task, in no language, falls by more than this share of its questions."""
    max_bits_per_byte_rise: float = Field(0.05, ge=0)
    """Promote if bits per byte of the held-out documents rise by no more than this share."""


class RewardGateSettings(Settings):
    """When a new reward model takes the place of an earlier one."""

    max_accuracy_fall: float = Field(0.02, ge=0, le=1)
    """Promote if it tells no smaller a share of the held-out preferences apart than the earlier one less this."""


class PreferenceSettings(LoopSettings):
    """What the stages that learn from preferences share."""

    longest_row: ClassVar[int] = 1024

    preferences: list[str] = []
    """Files of preferences (docs/preferences.md has the forms), or folders of them, relative to the project."""
    epochs: float = Field(1.0, gt=0)
    """How often all preferences are gone through."""
    held_out_every: int = Field(20, ge=2)
    """Every so-manieth preference is kept for validation."""
    check: Literal["repair", "refuse"] = "repair"
    """Preferences from which nothing can be learnt (equal answers, an empty one, too long, twice the same): left out
    with a word, or refused."""
    batch_tokens: int = Field(8_192, ge=1)
    """Tokens of one optimizer step, both answers of a pair and padding included: a multiple of the context."""
    optimizer: OptimizerName = "adamw"
    """Of the matrices; embeddings and norms always take AdamW."""
    warmup_share: float = Field(0.1, ge=0, le=1)
    """Share of the steps over which the rate rises from zero."""
    schedule: Schedule = "linear"
    """How the rate falls: wsd holds the peak until the last decay_share of the steps; cosine and linear fall all along.
    """
    validations: int = Field(4, ge=1)
    """How many times, evenly spread, the held-out preferences are looked at."""


class OnPolicySettings(Settings):
    """Learning from the model's own answers, which a reward model scores, or a judge compares by a constitution."""

    judge: str | None = None
    """Folder of the reward model, relative to the project; by default what the stage `reward` made."""
    feedback: JudgingSettings | None = None
    """Have a judge compare the answers to a prompt two by two, by a constitution, in place of a reward model; {} takes
    its defaults."""
    rounds: int = Field(2, ge=1)
    """How often answers are drawn and learnt from."""
    samples: int = Field(4, ge=2)
    """Answers drawn to each prompt; the best and the worst are a pair."""
    prompts: int | None = Field(None, ge=1)
    """Prompts of a round, at most; by default all that the preferences have."""
    temperature: float = Field(1.0, gt=0)
    """Of drawing."""
    max_tokens: int = Field(128, ge=1)
    """Longest answer, in tokens."""

    @model_validator(mode="after")
    def _check_judges(self) -> OnPolicySettings:
        if self.judge is not None and self.feedback is not None:
            raise ValueError("judge is a reward model, and feedback a judge by a constitution: name one of them")
        return self


class DpoSettings(PreferenceSettings):
    """Preference optimisation of the assistant itself."""

    loss: Loss = "dpo"
    """dpo, ipo, robust, length_normalised: pairs, against a reference. simpo, cpo, orpo: pairs, without one.
    kto: single answers, wanted or not (of pairs, both)."""
    beta: float = Field(0.1, gt=0)
    """What log-probabilities are multiplied by to be rewards (of orpo: weight of the odds): 0.1, of simpo 2."""
    gamma: float = Field(0.5, ge=0)
    """By how much simpo has the chosen answer win, in units of the reward."""
    chosen_weight: float = Field(0.0, ge=0)
    """Weight of learning the chosen answer as well, which keeps small models from nonsense; of cpo 1 where it is 0, and
    orpo has its own."""
    flipped_share: float = Field(0.1, ge=0, lt=0.5)
    """Pairs that robust takes to be the wrong way round, as a share."""
    good_weight: float = Field(1.0, ge=0)
    """Weight of the wanted answers under kto; so that the two kinds balance where they are unequally many."""
    bad_weight: float = Field(1.0, ge=0)
    """Weight of the others."""
    on_policy: OnPolicySettings | None = None
    """Draw answers to the prompts of the preferences, have them judged, and learn from the best and the worst of each,
    round by round; {} takes its defaults."""
    is_reference_free: bool = False
    """Compare with a uniform reference in place of the model as it was: dpo without one, for instance."""
    learning_rate: float = Field(1e-4, gt=0)
    """Peak rate of the matrices; papers take 5e-7 to 5e-6 for models of 7 billion parameters, small ones need more."""
    adamw_learning_rate: float = Field(1e-4, gt=0)
    """Peak rate of embeddings and norms."""
    adapter: AdapterSettings | None = None
    """Train a low-rank adapter beside the frozen model instead of all weights; {} takes its defaults."""
    gate: GateSettings = GateSettings()
    """What is measured before and after, and when the new model is kept."""


class RewardSettings(PreferenceSettings):
    """A model that says how good an answer is."""

    base: str | None = Field(None, min_length=1)
    """The model that it begins as, an encoder (ModernBERT, DeBERTa, …) or another decoder: its folder, relative to the
    project, or its id on Hugging Face, as of the recipe's base; by default the assistant."""
    kind: Literal["answers", "steps"] = "answers"
    """answers: a score of whole answers, from pairs. steps: whether each step of a solution is right, from labels."""
    centring: float = Field(0.01, ge=0)
    """Weight of the squared sum of a pair's two scores, which keeps scores around zero."""
    num_models: int = Field(1, ge=1, le=16)
    """Models of an ensemble, alike but for the order of the data and the new head: the mean of their scores counts."""
    learning_rate: float = Field(2e-4, gt=0)
    """Peak rate of the matrices."""
    adamw_learning_rate: float = Field(2e-4, gt=0)
    """Peak rate of embeddings and norms."""
    head_learning_rate: float = Field(1e-3, gt=0)
    """Peak rate of the new head."""
    adapter: AdapterSettings | None = None
    """Train a low-rank adapter and the head beside the frozen model; it is merged in the end."""
    previous: str | None = None
    """Folder of an earlier reward model, relative to the project, to compare with on the held-out preferences; by
    default the newest that this project made before."""
    gate: RewardGateSettings = RewardGateSettings()
    """When the new model is kept; the earlier one stays otherwise."""

    @model_validator(mode="after")
    def _check_adapter(self) -> RewardSettings:
        if self.adapter is not None and not self.adapter.merge:
            raise ValueError("adapter.merge is false, but a reward model is kept whole")
        return self

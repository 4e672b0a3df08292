"""Settings of distillation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.train.preference_settings import GateSettings
from samovar.train.settings import SftSettings


class DistillSettings(SftSettings):
    """Teaching a smaller assistant what a larger one expects."""

    size: int = Field(2, ge=1)
    """The dial of a fresh student; `samovar plan` tells parameters by size."""
    divergence: Literal["forward", "reverse", "jensen_shannon"] = "forward"
    """forward: the student is to expect all that the teacher may say. reverse: nothing that it would not say.
    jensen_shannon: between both."""
    beta: float = Field(0.5, gt=0, lt=1)
    """Of jensen_shannon: the teacher's share of the mixture that both are compared with."""
    temperature: float = Field(1.0, gt=0)
    """Above 1 unlikely tokens count more."""
    hard_share: float = Field(0.0, ge=0, le=1)
    """Weight of the right token itself; the divergence has the rest."""
    teacher_answers: int = Field(0, ge=0)
    """So many questions of the tasks are answered by the teacher first, and learnt from as it answered them."""
    answer_tokens: int = Field(256, ge=1)
    """Longest of these answers."""
    gate: GateSettings = GateSettings()
    """What teacher and student are asked in the end; the student is kept whatever comes of it."""

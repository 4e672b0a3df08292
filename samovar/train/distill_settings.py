"""Settings of distillation."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.train.preference_settings import AskedSettings
from samovar.train.settings import SftSettings


class StudentGateSettings(AskedSettings):
    """When a student is taken, which is smaller and mostly knows less."""

    max_fall: float | None = Field(None, ge=0, le=1)
    """Take the student if in no task, in no language, it is worse than its teacher by more than this share of the
    questions; null: however much worse it is."""
    max_bits_per_byte_rise: float | None = Field(None, ge=0)
    """Take the student if it needs no more bits per byte of the held-out documents than its teacher and this share of
    them; null: however many."""


class DistillSettings(SftSettings):
    """Teaching a smaller assistant what a larger one expects."""

    size: int = Field(2, ge=1)
    """Layers of the student, and the dial of a fresh one; `samovar plan --students` tells what each size takes."""
    begin: Literal["fresh", "layers"] = "fresh"
    """fresh: weights of nothing, as narrow as the dial says. layers: so many of the teacher's own layers, as wide."""
    divergence: Literal["forward", "reverse", "jensen_shannon"] = "forward"
    """forward: the student is to expect all that the teacher may say. reverse: nothing that it would not say.
    jensen_shannon: between both."""
    beta: float = Field(0.5, gt=0, lt=1)
    """Of jensen_shannon: the teacher's share of the mixture that both are compared with."""
    temperature: float = Field(1.0, gt=0)
    """Above 1 unlikely tokens count more."""
    hard_share: float = Field(0.0, ge=0, le=1)
    """Weight of the right token itself; the divergence has the rest."""
    top_k: int | None = Field(None, ge=1, le=4096)
    """Keep on disk so many of the tokens that the teacher thinks likeliest at each target, and what all others have
    together: it then goes through the rows once, for any number of runs and students. None: it goes through every
    batch, and every token counts."""
    on_policy: float = Field(0.0, ge=0, le=1)
    """Share of the steps that learn from answers which the student has just drawn itself."""
    on_policy_after: float = Field(0.5, ge=0, lt=1)
    """Share of all steps before the first of them: a fresh student has nothing to say yet."""
    drawn_at_once: int = Field(8, ge=1)
    """Such steps whose answers are drawn together, by the student as it is at the first of them."""
    teacher_answers: int = Field(0, ge=0)
    """So many questions of the tasks are answered by the teacher first, and learnt from as it answered them."""
    answer_tokens: int = Field(256, ge=1)
    """Longest of these answers, and of the student's own."""
    alone: bool = False
    """Train the same student on the same conversations without a teacher as well, to see what the teacher is worth."""
    gate: StudentGateSettings = StudentGateSettings()
    """What teacher and student are asked in the end, and when the student is taken; where it is not, the teacher
    stays."""

"""A smaller assistant that learns from a larger one: what that expects at every token, and not the token alone.

Conversations are those of fine-tuning, the teacher's own answers to the tasks' questions (Kim and Rush 2016,
arXiv:1606.07947), and what the student itself has just answered (Agarwal et al. 2024, arXiv:2306.13649).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samovar.agent.habits import Habits
from samovar.core.artifact import SCRATCH
from samovar.core.devices import pick_device, training_dtype
from samovar.core.errors import ConfigError
from samovar.core.files import read_json
from samovar.model.checkpoint import load_model, read_settings
from samovar.model.decoder import Decoder
from samovar.tasks.task import Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import KnownRows, Rows
from samovar.train.conversations import own_conversations
from samovar.train.distill_settings import DistillSettings
from samovar.train.drawing import draw_rows, questions
from samovar.train.drawn_rows import DrawnRows
from samovar.train.objectives.distill import Distill
from samovar.train.plan import Plan
from samovar.train.replay import together
from samovar.train.rl.rollouts import Player
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from samovar.train.students import make_student
from samovar.train.teacher_answers import ANSWERS, write_answers
from samovar.train.teacher_cache import cached_rows

ALONE = "alone"
"""Folder within the student's of the same student that had no teacher."""


def distill(
    settings: DistillSettings,
    *,
    teacher: Path,
    student: Path | None,
    out: Path,
    tasks: Mapping[str, Task],
    conversations: Sequence[Path] = (),
    shards: Path | None = None,
    habits: Habits | None = None,
    cache: Path | None = None,
) -> dict[str, Any]:
    """Teach ``student`` what ``teacher`` expects, and leave it in ``out``.

    Args:
        settings: size of a fresh student, divergence, and how it is trained.
        teacher: an assistant's folder.
        student: a model with the same tokenizer; None begins as the settings say.
        out: the student's folder.
        tasks: whose conversations are gone through; ``settings.tasks`` has their shares.
        conversations: JSONL files of further ones.
        shards: the tokens of the teacher's pretraining, for ``settings.documents_share``: the student is to expect
            there what the teacher does as well.
        habits: how both are run where they answer themselves.
        cache: folder where what the teacher expects is kept for further runs; by default for this one.
    Raises:
        ConfigError: the two have other tokenizers, or there is nothing to learn from.
    """
    begin = student or make_student(settings, teacher, out / SCRATCH / "student")
    _check_tokenizers(teacher, begin)
    plain = SftSettings.model_validate(
        {name: getattr(settings, name) for name in SftSettings.model_fields}, from_attributes=True
    )
    habits = habits or Habits()
    spoken = list(conversations)
    metrics: dict[str, Any] = {}
    if settings.teacher_answers:
        path = out / SCRATCH / ANSWERS
        write_answers(settings, teacher, tasks, habits, path)
        spoken.append(path)
        metrics["teacher_answers"] = settings.teacher_answers
    lesson = _Lesson(settings, teacher, out, tasks, spoken, habits, cache or out / SCRATCH)
    metrics |= sft(
        plain, base=begin, out=out, tasks=tasks, conversations=spoken, shards=shards, objective=lesson.objective(),
        arrange=lesson.arrange, title="distill",
    )  # fmt: skip
    if settings.alone:
        metrics[ALONE] = _teach_alone(settings, plain, teacher, student, out, tasks, conversations, shards)
    large, small = (read_settings(folder).num_parameters for folder in (teacher, out))
    return metrics | {"teacher_parameters": large, "parameters": small}


@dataclass(frozen=True)
class _Lesson:
    """What is minimised, and on which rows."""

    settings: DistillSettings
    teacher: Path
    out: Path
    tasks: Mapping[str, Task]
    conversations: Sequence[Path]
    habits: Habits
    cache: Path

    def objective(self) -> Distill:
        """The divergence, with the teacher in memory where batches do not all say what it expects."""
        how, master = self.settings, None
        if how.top_k is None or how.on_policy:
            master = load_model(self.teacher, dtype=training_dtype(pick_device())).to(pick_device())
        return Distill(master, how.divergence, how.beta, how.temperature, how.hard_share)

    def expected(self, rows: KnownRows, plan: Plan) -> Rows:
        """The rows with what the teacher expects, where that is kept."""
        how = self.settings
        if how.top_k is None:
            return rows
        return cached_rows(
            self.teacher, rows, self.cache, top_k=how.top_k, temperature=how.temperature,
            rows_per_batch=plan.rows_per_micro,
        )  # fmt: skip

    def arrange(self, model: Decoder, parts: Sequence[KnownRows], plan: Plan) -> Rows:
        """The rows with what the teacher expects, and with the student's answers in the place of some."""
        how = self.settings
        rows = together([self.expected(part, plan) for part in parts])
        if not how.on_policy:
            return rows
        player = Player(model, Tokenizer.load(self.teacher), self.habits, max_tokens=how.answer_tokens)
        own = list(own_conversations(self.conversations, split="train", seed=how.seed))

        def draw(period: int, folder: Path) -> None:
            asked = questions(
                self.tasks, how.tasks, own, own_share=how.conversations_share, seed=f"{how.seed}/drawn/{period}"
            )
            num_rows = plan.rows_per_step * how.drawn_at_once
            draw_rows(player, asked, folder, num_rows=num_rows, context=plan.context, seed=how.seed + period)

        return DrawnRows(
            rows, draw, self.out / SCRATCH / "drawn", share=how.on_policy,
            first_step=round(how.on_policy_after * plan.num_steps), rows_per_step=plan.rows_per_step,
            steps_at_once=how.drawn_at_once,
        )  # fmt: skip


def _teach_alone(
    settings: DistillSettings,
    plain: SftSettings,
    teacher: Path,
    student: Path | None,
    out: Path,
    tasks: Mapping[str, Task],
    conversations: Sequence[Path],
    shards: Path | None,
) -> dict[str, Any]:
    """Train the student without a teacher: as many tokens of the same kinds, and none of its layers."""
    folder = out / SCRATCH / ALONE
    begin = student or make_student(settings, teacher, folder / SCRATCH / "student", knows_nothing=True)
    metrics = sft(plain, base=begin, out=folder, tasks=tasks, conversations=conversations, shards=shards, title="alone")
    (out / ALONE).mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.is_file():
            shutil.copyfile(path, out / ALONE / path.name)
    return metrics


def _check_tokenizers(teacher: Path, student: Path) -> None:
    theirs, ours = (read_json(folder / "tokenizer.json")["model"] for folder in (teacher, student))
    if theirs != ours:
        raise ConfigError(
            f"{student} has another tokenizer than {teacher}, so that what the one expects says nothing to the other",
            hint="start the student from fresh weights (leave --student out), or teach it the teacher's answers by sft",
        )

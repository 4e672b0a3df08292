"""A smaller assistant that learns from a larger one: what that expects at every token, and not the token alone.

Conversations are those of fine-tuning, or the teacher's own answers to the tasks' questions (Kim and Rush 2016,
arXiv:1606.07947), which say what it would say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from samovar.agent.habits import Habits
from samovar.chat.conversation import Message
from samovar.core.artifact import SCRATCH
from samovar.core.devices import pick_device, training_dtype
from samovar.core.errors import ConfigError
from samovar.core.files import read_json, write_atomic
from samovar.core.progress import Progress
from samovar.model.checkpoint import load_model, read_settings, save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import ModelSettings
from samovar.tasks.task import Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.conversations import task_conversations
from samovar.train.distill_settings import DistillSettings
from samovar.train.objectives.distill import Distill
from samovar.train.rl.rollouts import Player
from samovar.train.settings import SftSettings
from samovar.train.sft import sft

_AT_ONCE = 256
ANSWERS = "answers.jsonl"


def distill(
    settings: DistillSettings,
    *,
    teacher: Path,
    student: Path | None,
    out: Path,
    tasks: Mapping[str, Task],
    conversations: Sequence[Path] = (),
    habits: Habits | None = None,
) -> dict[str, Any]:
    """Teach ``student`` what ``teacher`` expects, and leave it in ``out``.

    Args:
        settings: size of a fresh student, divergence, and how it is trained.
        teacher: an assistant's folder.
        student: a model with the same tokenizer; None begins with fresh weights of ``settings.size``.
        out: the student's folder.
        tasks: whose conversations are gone through; ``settings.tasks`` has their shares.
        conversations: JSONL files of further ones.
        habits: how the teacher is run where it answers itself.
    Raises:
        ConfigError: the two have other tokenizers, or there is nothing to learn from.
    """
    begin = student or _fresh(settings, teacher, out / SCRATCH / "student")
    _check_tokenizers(teacher, begin)
    master = load_model(teacher, dtype=training_dtype(pick_device())).to(pick_device())
    objective = Distill(master, settings.divergence, settings.beta, settings.temperature, settings.hard_share)
    spoken = list(conversations)
    plain = SftSettings.model_validate(
        {name: getattr(settings, name) for name in SftSettings.model_fields}, from_attributes=True
    )
    metrics: dict[str, Any] = {}
    if settings.teacher_answers:
        path = out / SCRATCH / ANSWERS
        if not path.is_file():
            _write_answers(settings, teacher, tasks, habits or Habits(), path)
        spoken.append(path)
        metrics["teacher_answers"] = settings.teacher_answers
    metrics |= sft(plain, base=begin, out=out, tasks=tasks, conversations=spoken, objective=objective, title="distill")
    large, small = (read_settings(folder).num_parameters for folder in (teacher, out))
    return metrics | {"teacher_parameters": large, "parameters": small}


def _fresh(settings: DistillSettings, teacher: Path, folder: Path) -> Path:
    """A model with fresh weights in the teacher's context and vocabulary."""
    tokenizer, shape = Tokenizer.load(teacher), read_settings(teacher)
    student = ModelSettings(size=settings.size, context=shape.max_positions).decoder(tokenizer.vocab_size)
    if student.num_parameters >= shape.num_parameters:
        raise ConfigError(
            f"size {settings.size} is {student.num_parameters:,} parameters, and the teacher has "
            f"{shape.num_parameters:,}",
            hint="lower distill.size",
        )
    if not (folder / "config.json").is_file():
        model = Decoder(student)
        initialize(model, settings.seed, sketches_induction=True)
        save_model(model, folder, tokenizer_folder=teacher)
    return folder


def _check_tokenizers(teacher: Path, student: Path) -> None:
    theirs, ours = (read_json(folder / "tokenizer.json")["model"] for folder in (teacher, student))
    if theirs != ours:
        raise ConfigError(
            f"{student} has another tokenizer than {teacher}, so that what the one expects says nothing to the other",
            hint="start the student from fresh weights (leave --student out), or teach it the teacher's answers by sft",
        )


def _write_answers(
    settings: DistillSettings, teacher: Path, tasks: Mapping[str, Task], habits: Habits, path: Path
) -> None:
    """What the teacher answers, greedily, to questions of the tasks' train split."""
    if not tasks:
        raise ConfigError("the teacher is to answer questions, and there is no task that asks any", hint="name tasks")
    model = load_model(teacher, dtype=torch.float32)
    player = Player(model, Tokenizer.load(teacher), habits, max_tokens=settings.answer_tokens)
    drawn = task_conversations(tasks, settings.tasks, split="train", seed=settings.seed)
    lines: list[str] = []
    with Progress("teacher answers", settings.teacher_answers, "answers") as progress:
        while len(lines) < settings.teacher_answers:
            asked = [next(drawn).messages for _ in range(min(_AT_ONCE, settings.teacher_answers - len(lines)))]
            prompts = [messages[: 1 + _first_question(messages)] for messages in asked]
            for prompt, said in zip(prompts, player.complete(prompts), strict=True):
                messages = [message.model_dump(exclude_defaults=True) for message in [*prompt, *said]]
                lines.append(json.dumps({"messages": messages}, ensure_ascii=False))
            progress.advance(len(prompts))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, "".join(line + "\n" for line in lines))


def _first_question(messages: Sequence[Message]) -> int:
    return next(place for place, message in enumerate(messages) if message.role == "user")

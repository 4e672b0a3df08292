"""What the teacher itself answers, as conversations to learn from. Source: Kim and Rush 2016, arXiv:1606.07947."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import torch

from samovar.agent.habits import Habits
from samovar.chat.conversation import Message
from samovar.core.errors import ConfigError, DataError
from samovar.core.files import json_line, naming_os_errors
from samovar.core.progress import Progress
from samovar.model.checkpoint import load_model
from samovar.tasks.task import Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.conversations import task_conversations
from samovar.train.distill_settings import DistillSettings
from samovar.train.rl.rollouts import Player

_AT_ONCE = 256
_MOST_UNFIT = 200
"""Questions in a row that are too long, after which no other is expected."""
ANSWERS = "answers.jsonl"


def write_answers(
    settings: DistillSettings, teacher: Path, tasks: Mapping[str, Task], habits: Habits, path: Path
) -> None:
    """Leave in ``path`` what the teacher answers, greedily, to questions of the tasks' train split.

    It is written beside, some answers at a time, and renamed when whole; an interrupted run goes on there.

    Raises:
        ConfigError: there is no task that asks anything.
        DataError: all questions are too long for the teacher.
    """
    if path.is_file():
        return
    if not tasks:
        raise ConfigError("the teacher is to answer questions, and there is no task that asks any", hint="name tasks")
    with naming_os_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        begun = path.with_name(f"{path.name}.begun")
        done = _whole_lines(begun)
        player = Player(
            load_model(teacher, dtype=torch.float32), Tokenizer.load(teacher), habits, max_tokens=settings.answer_tokens
        )
        asked = islice(_questions(settings, tasks, player), done, settings.teacher_answers)
        with (
            begun.open("a", encoding="utf-8") as file,
            Progress("teacher answers", settings.teacher_answers, "answers") as progress,
        ):
            progress.start_at(done)
            while some := list(islice(asked, _AT_ONCE)):
                file.write("".join(map(_line, some, player.complete(some))))
                file.flush()
                progress.advance(len(some))
        begun.replace(path)


def _questions(settings: DistillSettings, tasks: Mapping[str, Task], player: Player) -> Iterator[list[Message]]:
    """Those that leave room for an answer, without end.

    Raises:
        DataError: many after each other do not.
    """
    unfit = 0
    for one in task_conversations(tasks, settings.tasks, split="train", seed=settings.seed):
        question = _question(one.messages)
        unfit = 0 if player.room_behind(question) > 0 else unfit + 1
        if not unfit:
            yield question
        elif unfit >= _MOST_UNFIT:
            raise DataError(
                f"{unfit} questions after each other are longer than the teacher's context",
                hint="choose tasks with shorter questions under distill.tasks",
            )


def _whole_lines(path: Path) -> int:
    """How many lines of the file are whole; a last one that is not is cut off."""
    if not path.is_file():
        return 0
    text = path.read_bytes()
    end = text.rfind(b"\n") + 1
    path.write_bytes(text[:end])
    return text.count(b"\n")


def _line(prompt: Sequence[Message], said: Sequence[Message]) -> str:
    messages = [message.model_dump(exclude_defaults=True) for message in (*prompt, *said)]
    return json_line({"messages": messages})


def _question(messages: Sequence[Message]) -> list[Message]:
    """All up to the first question."""
    first = next(place for place, message in enumerate(messages) if message.role == "user")
    return list(messages[: 1 + first])

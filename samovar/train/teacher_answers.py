"""What the teacher itself answers, as conversations to learn from. Source: Kim and Rush 2016, arXiv:1606.07947."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import torch

from samovar.agent.habits import Habits
from samovar.chat.conversation import Conversation, Message
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
_CUT = "null\n"
"""Stands for an answer that is not whole, so that an interrupted run knows which question is next."""


def write_answers(
    settings: DistillSettings, teacher: Path, tasks: Mapping[str, Task], habits: Habits, path: Path
) -> None:
    """Leave in ``path`` what the teacher answers, greedily, to questions of the tasks' train split.

    It is written beside, some answers at a time, and renamed when whole; an interrupted run goes on there.

    Answers that the limit cut are left out: of those no end could be learnt.

    Raises:
        ConfigError: there is no task that asks anything.
        DataError: all questions are too long for the teacher, or all of its answers are cut.
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
                file.write("".join(_line(player, *one) for one in zip(some, player.complete(some), strict=True)))
                file.flush()
                progress.advance(len(some))
        _keep_whole(begun, path, settings)


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


def _line(player: Player, prompt: Sequence[Message], said: Sequence[Message] | None) -> str:
    if said is None:
        return _CUT
    return json_line(Conversation(messages=[*prompt, *said], tools=player.offered).to_openai())


def _keep_whole(begun: Path, path: Path, settings: DistillSettings) -> None:
    kept = path.with_name(f"{path.name}.whole")
    with begun.open(encoding="utf-8") as lines, kept.open("w", encoding="utf-8") as file:
        file.writelines(line for line in lines if line != _CUT)
    if not kept.stat().st_size:
        raise DataError(
            f"all answers of the teacher are longer than {settings.answer_tokens} tokens",
            hint="raise distill.answer_tokens",
        )
    kept.replace(path)
    begun.unlink()


def _question(messages: Sequence[Message]) -> list[Message]:
    """All up to the first question."""
    first = next(place for place, message in enumerate(messages) if message.role == "user")
    return list(messages[: 1 + first])

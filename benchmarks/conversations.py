"""Short conversations to fine-tune on: from public sets, or drawn from Samovar's tasks, which every machine has."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.documents import unpacked
from samovar.chat.conversation import Conversation
from samovar.core.errors import MissingError
from samovar.tasks.registry import load_task
from samovar.tasks.task import assistant, user

_TASKS = ("json_fields", "refusals", "sentiment", "small_talk")
"""Those that call no tool: what is said is all text."""
MARKED_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message.role == 'assistant' -%}"
    "{{- '<|im_start|>assistant\\n' -}}"
    "{%- generation -%}{{- message.content + '<|im_end|>' -}}{%- endgeneration -%}{{- '\\n' -}}"
    "{%- else -%}{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)
"""Our chat template for messages of text, with marks around what the assistant says, as Hugging Face asks for."""
_NOT_SAID_TO_A_PERSON = "/"
_SPEAKERS = {"User 1: ": user, "User 2: ": assistant}


def take(kind: str, count: int, *, data: Path, seed: int = 0) -> list[Conversation]:
    """``count`` conversations, or as many as there are, in an order that the seed gives.

    Args:
        kind: ``small_talk`` (personality_chat_en: a question and an answer), ``personas`` (synthetic_persona_chat:
            about twenty turns), or ``tasks``.
        data: the folder that the first two lie in, each in a folder of its own.
    Raises:
        MissingError: they are not there.
    """
    if kind == "tasks":
        return list(islice(_of_tasks(seed), count))
    every = list(_small_talk(data) if kind == "small_talk" else _personas(data))
    if not every:
        raise MissingError(
            f"there are no conversations of the kind {kind!r} in {data}",
            hint="name a folder with --data or SAMOVAR_DATA, or take --kind tasks",
        )
    return random.Random(seed).sample(every, min(count, len(every)))


def _of_tasks(seed: int) -> Iterator[Conversation]:
    tasks = [load_task(name, seed=seed) for name in _TASKS]
    index = 0
    while True:
        for task in tasks:
            yield task.example("train", index).conversation()
        index += 1


def _small_talk(data: Path) -> Iterator[Conversation]:
    for path in sorted((data / "personality_chat_en").glob("*.tsv.zst")):
        for row in csv.DictReader(_text(path), delimiter="\t", quoting=csv.QUOTE_NONE):
            asked, answer = row["Question"].strip(), row["Answer"].strip()
            if asked and answer and not asked.startswith(_NOT_SAID_TO_A_PERSON):
                yield Conversation(messages=[user(asked), assistant(answer)])


def _personas(data: Path) -> Iterator[Conversation]:
    for path in sorted((data / "synthetic_persona_chat").glob("*.csv.zst")):
        for row in csv.DictReader(_text(path)):
            messages = []
            for line in row["Best Generated Conversation"].splitlines():
                said = next((speaker for speaker in _SPEAKERS if line.startswith(speaker)), None)
                if said is not None:
                    messages.append(_SPEAKERS[said](line.removeprefix(said).strip()))
            while messages and messages[-1].role != "assistant":
                messages.pop()
            # A model's conversations: some have a speaker who goes on, which no chat template was made for.
            if messages and all(one.role == "user" for one in messages[::2]) and len(messages) % 2 == 0:
                yield Conversation(messages=messages)


def _text(path: Path) -> io.TextIOWrapper:
    return io.TextIOWrapper(unpacked(path), encoding="utf-8", errors="replace", newline="")

"""The conversations of a recipe: the checkable tasks it names, and the user's own files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.recipe import Recipe
from samovar.core.errors import ConfigError, MissingError

if TYPE_CHECKING:
    from samovar.chat.conversation import Conversation
    from samovar.tasks.task import Task

ROW_SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".parquet")
"""Of files of conversations and preferences in a folder that the recipe names."""
MADE_PREFERENCES = "preferences.jsonl"
"""What the stage `rlaif` makes for those that learn from preferences."""


def load_tasks(recipe: Recipe, *, seed: int, names: Iterable[str] | None = None) -> dict[str, Task]:
    """The recipe's tasks by name, or those of ``names``, in its languages and with its assistant's name."""
    from samovar.tasks.registry import load_task

    return {
        name: load_task(name, assistant_name=recipe.name, seed=seed, languages=recipe.languages)
        for name in sorted(recipe.sft.tasks if names is None else names)
    }


def check_questions(recipe: Recipe, shares: Mapping[str, float], key: str) -> None:
    """See that there are tasks whose questions the stage ``key`` can ask.

    Raises:
        ConfigError: there is none, or one of that name.
    """
    if not shares:
        raise ConfigError(
            f"{key} has no task whose questions could be asked",
            hint=f"name tasks with their shares under {key}.tasks, or under sft.tasks",
        )
    load_tasks(recipe, seed=0, names=shares)


def task_config(recipe: Recipe) -> dict[str, Any]:
    """The parts of the recipe that determine the tasks' conversations."""
    return {"name": recipe.name, "languages": list(recipe.languages), "tasks": dict(sorted(recipe.sft.tasks.items()))}


def sample_conversations(recipe: Recipe, count: int) -> Iterator[Conversation]:
    """``count`` training conversations of the tasks, drawn by their shares."""
    from samovar.train.conversations import task_conversations

    tasks = load_tasks(recipe, seed=recipe.sft.seed)
    return islice(task_conversations(tasks, recipe.sft.tasks, split="train", seed=recipe.sft.seed), count)


def conversation_files(root: Path, recipe: Recipe) -> list[Path]:
    """The JSONL files of the user's own conversations that the recipe names; of a folder, all that are in it.

    Raises:
        MissingError: one is not there.
    """
    return named_files(root, recipe.sft.conversations, "sft.conversations")


def conversations_fingerprint(root: Path, recipe: Recipe) -> dict[str, str]:
    """Changes when the user's own conversations do; empty where the recipe names none.

    Raises:
        MissingError: one is not there.
    """
    paths = conversation_files(root, recipe)
    return {"conversations": content_fingerprint(paths)} if paths else {}


def named_files(root: Path, names: Sequence[str], key: str) -> list[Path]:
    """The files of rows that ``key`` of the recipe names; of a folder, all that are in it.

    Raises:
        MissingError: one is not there.
    """
    found: list[Path] = []
    for name in names:
        path = root / name
        if path.is_dir():
            found += sorted(inner for suffix in ROW_SUFFIXES for inner in path.glob(f"*{suffix}"))
        elif path.is_file():
            found.append(path)
        else:
            raise MissingError(f"{path} does not exist: {key} names it", hint="add it, or take it out of the recipe")
    return list(dict.fromkeys(found))


def preference_files(root: Path, names: Sequence[str], key: str, inputs: Mapping[str, Path]) -> list[Path]:
    """The files of preferences that ``key`` names, and what the stage ``rlaif`` made where it is among ``inputs``.

    Raises:
        MissingError: one is not there.
    """
    made = [inputs["rlaif"] / MADE_PREFERENCES] if "rlaif" in inputs else []
    return [*named_files(root, names, key), *(path for path in made if path.stat().st_size)]


def check_preferences(recipe: Recipe, names: Sequence[str], key: str) -> None:
    """See that the stage ``key`` will have preferences to learn from.

    Raises:
        ConfigError: nobody names or makes any.
    """
    if not names and recipe.rlaif is None:
        raise ConfigError(
            f"{key}.preferences names nothing to learn from", hint="name files there, or add the section rlaif"
        )


def content_fingerprint(paths: list[Path]) -> str:
    """Changes when the content of a file does."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]

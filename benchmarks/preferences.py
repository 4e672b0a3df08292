"""Pairs of answers to learn from: public ones, or drawn from Samovar's tasks, which every machine has."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.documents import unpacked
from samovar.chat.preferences import Pair, read_preference
from samovar.core.errors import MissingError
from samovar.tasks.registry import load_task

KINDS = ("tasks", "instructions", "harmless")
_FILES = {
    "instructions": "llms_from_scratch_instructions/instruction-data-with-preference.json.zst",
    "harmless": "hh_rlhf_harmless_test/harmless-base_test.jsonl.gz",
}
_TASKS = ("json_fields", "refusals", "sentiment", "small_talk")
"""Those that call no tool: what is said is all text."""


def take_pairs(kind: str, count: int, *, data: Path, seed: int = 0) -> list[Pair]:
    """``count`` pairs, or as many as there are, in an order that the seed gives.

    Args:
        kind: ``instructions`` (llms_from_scratch_instructions: polite and rude answers to short requests), ``harmless``
            (hh_rlhf_harmless_test: talks of several turns), or ``tasks`` (the answer, and that to another question).
        data: the folder that the first two lie in, each in a folder of its own.
    Raises:
        MissingError: they are not there.
    """
    if kind == "tasks":
        return list(islice(_of_tasks(seed), count))
    path = data / _FILES[kind]
    if not path.is_file():
        raise MissingError(f"{path} does not exist", hint="name a folder with --data or SAMOVAR_DATA, or --kind tasks")
    every = [one for row in _rows(path) for one in read_preference(row) if isinstance(one, Pair)]
    return random.Random(seed).sample(every, min(count, len(every)))


def as_row(pair: Pair) -> dict[str, Any]:
    """The pair in TRL's conversational form."""
    parts = {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
    return {name: [{"role": one.role, "content": one.content} for one in part] for name, part in parts.items()}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path) if path.suffix == ".gz" else unpacked(path) as file:
        text = file.read().decode()
    yield from json.loads(text) if text.lstrip().startswith("[") else map(json.loads, filter(None, text.split("\n")))


def _of_tasks(seed: int) -> Iterator[Pair]:
    tasks = [load_task(name, seed=seed) for name in _TASKS]
    index = 0
    while True:
        for task in tasks:
            one, other = task.example("train", index), task.example("train", index + len(task.languages))
            if one.reference != other.reference:
                yield Pair(one.prompt, one.reference, other.reference)
        index += 1

"""Samovar's GRPO: the engine draws with the live weights, the loop learns from what was drawn."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from samovar.agent.habits import Habits
from samovar.chat.conversation import Message
from samovar.tasks.task import Example
from samovar.train.rl.reinforce import reinforce
from samovar.train.rl.rollouts import Rollout
from samovar.train.rl.settings import GrpoSettings


class Questions:
    """The job's prompts as a task, in their order."""

    languages = ("en",)

    def __init__(self, path: Path) -> None:
        self._prompts = [json.loads(line)["prompt"] for line in path.read_text(encoding="utf-8").splitlines()]

    def example(self, split: str, index: int) -> Example:
        """A prompt; held-out ones are the same."""
        prompt = tuple(Message(**message) for message in self._prompts[index % len(self._prompts)])
        return Example("questions", "en", prompt, (), {})

    def examples(self, split: str, count: int, start: int = 0) -> list[Example]:
        """The first prompts."""
        return [self.example(split, index) for index in range(start, start + count)]

    def grade(self, example: Example, completion: Sequence[Message]) -> float:
        """Nothing is right here."""
        return 0.0


def letters(rollouts: Sequence[Rollout]) -> list[float]:
    """The share of vowels: cheap, and different for every answer."""
    return [vowels(one.completion[-1].content) for one in rollouts]


def vowels(text: str) -> float:
    """The share of vowels among the letters of ``text``."""
    return sum(letter in "aeiou" for letter in text.lower()) / max(1, len(text))


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Go through the job's iterations; those after the warm-up count, drawing and learning together."""
    torch.set_num_threads(job["threads"])
    settings = GrpoSettings(
        iterations=job["steps"], prompts=job["prompts"], answers=job["answers"], max_tokens=job["max_tokens"],
        draws=1, average="answers", divides_by_deviation=True, learning_rate=job["learning_rate"],
        adamw_learning_rate=job["learning_rate"], context=job["context"], held_out=1, validations=1, hardest=0.0,
        easiest=1.0, warmup_share=0, decay_share=0, checkpoint_every_s=1e9,
        micro_batch_tokens=job["micro_batch_tokens"],
    )  # fmt: skip
    with TemporaryDirectory() as folder:
        out = Path(folder)
        reinforce(
            settings, base=Path(job["model"]), out=out, tasks={"questions": Questions(Path(job["questions"]))},  # type: ignore[dict-item]
            shares={}, habits=Habits(tools=()), rewarding=letters, is_quiet=True,
        )  # fmt: skip
        rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()][1:]
    counted = rows[job["warmup_steps"] :]
    seconds = sum(row["rollout_seconds"] + row["update_seconds"] for row in counted)
    answers = sum(row["answers"] for row in counted)
    return {
        "answers_per_second": answers / seconds,
        "answers": answers,
        "answer_tokens": sum(row["answer_tokens"] for row in counted) / len(counted),
        "drawing_seconds": [row["rollout_seconds"] for row in counted],
        "learning_seconds": [row["update_seconds"] for row in counted],
        "first_reward": rows[0]["reward"],
        "last_reward": rows[-1]["reward"],
        "rewards": [round(now["reward"] - before["reward"], 4) for before, now in pairwise(rows)],
    }

"""Samovar's GRPO and PPO: the engine draws with the live weights, the loop learns from what was drawn."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from samovar.agent.habits import Habits
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.devices import training_dtype
from samovar.engine.batch import BLOCK_SIZE
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import load_model
from samovar.tasks.task import Example
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.rl.engines import AT_ONCE
from samovar.train.rl.reinforce import reinforce
from samovar.train.rl.rollouts import Player, Rollout
from samovar.train.rl.settings import GrpoSettings, PpoSettings
from samovar.train.trainable import open_trainable

_TURNS = 10
"""Of rollouts and of the engine alone, at least: a median of fewer swings with the machine."""


class Questions:
    """The job's prompts as a task, in their order."""

    languages = ("en",)

    def __init__(self, path: Path) -> None:
        with path.open(encoding="utf-8") as file:
            self._prompts = [json.loads(line)["prompt"] for line in file]

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
    questions = Questions(Path(job["questions"]))
    with TemporaryDirectory() as folder:
        out = Path(folder)
        reinforce(
            settings_of(job), base=Path(job["model"]), out=out, tasks={"questions": questions},  # type: ignore[dict-item]
            shares={}, habits=Habits(tools=()), rewarding=letters, is_quiet=True,
        )  # fmt: skip
        rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()][1:]
    counted = rows[job["warmup_steps"] :]
    seconds = sum(row["rollout_seconds"] + row["update_seconds"] for row in counted)
    answers = sum(row["answers"] for row in counted)
    tokens = sum(row["answers"] * row["answer_tokens"] for row in counted)
    by_rollouts, by_engine = by_turns(job, questions)
    return {
        "answers_per_second": answers / seconds,
        "answers": answers,
        "answer_tokens": sum(row["answer_tokens"] for row in counted) / len(counted),
        "drawn_tokens_per_second": tokens / sum(row["drawing_seconds"] for row in counted),
        "rollout_tokens_per_second": by_rollouts,
        "offline_tokens_per_second": by_engine,
        "share_of_offline": by_rollouts / by_engine,
        "drawing_seconds": [row["drawing_seconds"] for row in counted],
        "waiting_seconds": [row["rollout_seconds"] for row in counted],
        "learning_seconds": [row["update_seconds"] for row in counted],
        "mismatch": [row["mismatch"] for row in counted],
        "mismatch_kl": [row["mismatch_kl"] for row in counted],
        "first_reward": rows[0]["reward"],
        "last_reward": rows[-1]["reward"],
        "rewards": [round(now["reward"] - before["reward"], 4) for before, now in pairwise(rows)],
    }


def settings_of(job: dict[str, Any]) -> GrpoSettings | PpoSettings:
    """The job as a recipe has it."""
    shared = {
        "iterations": job["steps"], "max_tokens": job["max_tokens"], "draws": 1, "context": job["context"],
        "learning_rate": job["learning_rate"], "adamw_learning_rate": job["learning_rate"], "held_out": 1,
        "validations": 1, "hardest": 0.0, "easiest": 1.0, "warmup_share": 0, "decay_share": 0,
        "checkpoint_every_s": 1e9, "micro_batch_tokens": job["micro_batch_tokens"], "rollouts_ahead": job["ahead"],
        "compile": "on" if job["compile"] else "off",
    }  # fmt: skip
    if job["method"] == "ppo":
        several = job["prompts"] * job["answers"]
        return PpoSettings(**shared, prompts=several, epochs=job["epochs"], minibatches=job["minibatches"])
    return GrpoSettings(**shared, prompts=job["prompts"], answers=job["answers"], average="answers",
                        divides_by_deviation=True)  # fmt: skip


def by_turns(job: dict[str, Any], questions: Questions) -> tuple[float, float]:
    """Tokens a second of rollouts with live weights, and of an engine that knows all prompts beforehand.

    By turns, since the machine is faster at one moment than at another; medians.
    """
    folder = Path(job["model"])
    tokenizer, dtype = Tokenizer.load(folder), training_dtype(torch.device("cpu"))
    times = 1 if job["method"] == "ppo" else job["answers"]
    asked = questions.examples("train", job["prompts"] * job["answers"] // times)
    live = open_trainable(folder, None, seed=0)
    live.compute_dtype = dtype
    player = Player(live, tokenizer, Habits(tools=()), max_tokens=job["max_tokens"])
    prompts = [ids for one in asked for ids in [prompt_ids(one.prompt, tokenizer)] * times]
    most = len(prompts) * (max(map(len, prompts)) + job["max_tokens"] + BLOCK_SIZE)
    model = load_model(folder, dtype=dtype)
    engine = Engine(model, tokenizer, max_batch=min(AT_ONCE, len(prompts)), cache_tokens=most, way="auto")

    def played(seed: int) -> int:
        return sum(one.num_tokens for group in player.play(asked, times=times, seed=seed) for one in group)

    def generated(seed: int) -> int:
        engine.forget_prefixes()
        said = engine.generate(prompts, Sampling(temperature=1.0, seed=seed, max_tokens=job["max_tokens"]))
        return sum(len(one.ids) for one in said)

    rates: dict[Callable[[int], int], list[float]] = {played: [], generated: []}
    for number in range(job["warmup_steps"] + max(_TURNS, job["steps"])):
        for way, found in rates.items():
            began = time.perf_counter()
            tokens = way(number)
            found.append(tokens / (time.perf_counter() - began))
    drawn, offline = (statistics.median(found[job["warmup_steps"] :]) for found in rates.values())
    return drawn, offline

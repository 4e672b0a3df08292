"""TRL's GRPOTrainer on the same model, tokenizer, prompts and reward, generating with transformers.

Its settings are its own but for what the job says, and that nothing is saved. Nothing of Samovar's library is imported,
so that it can run in an environment of its own.
"""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer


class Watch(TrainerCallback):  # type: ignore[misc]
    """Notes the time after each step, and stops when the job's time is over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started = 0.0
        self.ended_at: list[float] = []
        self.rewards: list[float] = []
        self.lengths: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Before the first prompts."""
        self._started = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """After the optimizer."""
        self.ended_at.append(time.perf_counter() - self._started)
        if self.ended_at[-1] > self._seconds and len(self.ended_at) > 2:
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **others: Any) -> None:
        """Every step."""
        if logs and "reward" in logs:
            self.rewards.append(float(logs["reward"]))
            self.lengths.append(float(logs["completions/mean_length"]))


def vowels(completions: list[Any], **others: Any) -> list[float]:
    """The share of vowels in each answer."""
    texts = [one if isinstance(one, str) else one[-1]["content"] for one in completions]
    return [sum(letter in "aeiou" for letter in text.lower()) / max(1, len(text)) for text in texts]


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train; the steps after the warm-up count, drawing and learning together."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    lines = Path(job["questions"]).read_text(encoding="utf-8").splitlines()
    dataset = Dataset.from_list([json.loads(line) for line in lines])
    watch = Watch(job["seconds"])
    answers = job["prompts"] * job["answers"]
    with TemporaryDirectory() as out:
        config = GRPOConfig(
            output_dir=out,
            use_cpu=True,
            bf16=job["bfloat16"],
            learning_rate=job["learning_rate"],
            num_generations=job["answers"],
            max_completion_length=job["max_tokens"],
            per_device_train_batch_size=answers,
            max_steps=job["peer_steps"],
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            logging_steps=1,
            **job["settings"],
        )
        trainer = GRPOTrainer(
            model=job["model"], reward_funcs=vowels, args=config, train_dataset=dataset, processing_class=tokenizer,
            callbacks=[watch],
        )  # fmt: skip
        trainer.train()
    first = min(job["warmup_steps"], len(watch.ended_at) - 1) - 1
    seconds = watch.ended_at[-1] - watch.ended_at[first]
    counted = (len(watch.ended_at) - 1 - first) * answers
    return {
        "answers_per_second": counted / seconds,
        "answers": counted,
        "answer_tokens": sum(watch.lengths[first + 1 :]) / len(watch.lengths[first + 1 :]),
        "step_seconds": [round(end - begin, 3) for begin, end in pairwise(watch.ended_at[first:])],
        "first_reward": watch.rewards[0],
        "last_reward": watch.rewards[-1],
    }

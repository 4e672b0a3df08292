"""TRL's DPOTrainer on the same model, tokenizer and pairs.

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
from trl import DPOConfig, DPOTrainer


class Watch(TrainerCallback):  # type: ignore[misc]
    """Notes the time after each step, and stops when the job's steps are done or its time is over."""

    def __init__(self, steps: int, seconds: float) -> None:
        self._steps, self._seconds = steps, seconds
        self._started = 0.0
        self.ended_at: list[float] = []
        self.losses: list[float] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Before the first batch is read."""
        self._started = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """After the optimizer."""
        self.ended_at.append(time.perf_counter() - self._started)
        is_late = self.ended_at[-1] > self._seconds and len(self.ended_at) > 4
        if len(self.ended_at) >= self._steps or is_late:
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **others: Any) -> None:
        """Every step."""
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train; the steps after the warm-up count. A reference computed beforehand is not counted: it is free."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    lines = Path(job["pairs"]).read_text(encoding="utf-8").splitlines()
    dataset = Dataset.from_list([json.loads(line) for line in lines])
    watch = Watch(job["peer_steps"], job["seconds"])
    with TemporaryDirectory() as out:
        config = DPOConfig(
            output_dir=out,
            use_cpu=True,
            beta=job["beta"],
            learning_rate=job["learning_rate"],
            max_length=job["context"],
            num_train_epochs=1e4,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            logging_steps=1,
            **job["settings"],
        )
        started = time.perf_counter()
        trainer = DPOTrainer(
            model=job["model"], args=config, train_dataset=dataset, processing_class=tokenizer, callbacks=[watch]
        )
        prepared = time.perf_counter() - started
        trainer.train()
    first = min(job["warmup_steps"], len(watch.ended_at) - 1) - 1
    seconds = watch.ended_at[-1] - watch.ended_at[first]
    pairs = (len(watch.ended_at) - 1 - first) * config.per_device_train_batch_size
    return {
        "pairs_per_second": pairs / seconds,
        "pairs": pairs,
        "pairs_of_the_set": len(dataset),
        "step_seconds": [round(end - begin, 4) for begin, end in pairwise(watch.ended_at[first:])],
        "first_step_seconds": round(watch.ended_at[0], 2),
        "seconds_to_prepare": round(prepared, 2),
        "first_loss": round(watch.losses[0], 4),
        "last_loss": round(sum(watch.losses[-5:]) / len(watch.losses[-5:]), 4),
    }

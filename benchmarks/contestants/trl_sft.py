"""TRL's SFTTrainer on the same model, tokenizer and conversations, learning what the assistant says.

Its settings are its own but for what the job says, the loss on the assistant's tokens alone, and that nothing is saved.
It reads the chat template that marks what the assistant says.
"""

from __future__ import annotations

import time
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer

from benchmarks.contestants.samovar_sft import speed
from benchmarks.contestants.trl_parts import read_rows
from benchmarks.conversations import MARKED_TEMPLATE


class CountingTrainer(SFTTrainer):  # type: ignore[misc]
    """Counts the targets that a loss was computed on: the first token of a row has nothing that it is guessed from."""

    num_targets = 0
    losses: list[float]

    def compute_loss(self, model: Any, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Of the trainer."""
        self.num_targets += int((inputs["labels"][:, 1:] != -100).sum())
        loss = super().compute_loss(model, inputs, *args, **kwargs)
        self.losses.append(float(loss.detach()))
        return loss


class Watch(TrainerCallback):  # type: ignore[misc]
    """Notes the time and the targets after each step, and stops when the job's time is over."""

    def __init__(self, seconds: float, warmup_steps: int) -> None:
        self.trainer: CountingTrainer | None = None
        self._seconds, self._warmup_steps = seconds, warmup_steps
        self._started = 0.0
        self.ended_at: list[float] = []
        self.targets: list[int] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Before the first batch is read."""
        self._started = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """After the optimizer."""
        assert self.trainer is not None
        self.ended_at.append(time.perf_counter() - self._started)
        self.targets.append(self.trainer.num_targets)
        has_enough = len(self.ended_at) > self._warmup_steps + 1
        if has_enough and self.ended_at[-1] - self.ended_at[self._warmup_steps - 1] >= self._seconds:
            control.should_training_stop = True


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the asked seconds; the steps after the warm-up count."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    tokenizer.chat_template = MARKED_TEMPLATE
    dataset = Dataset.from_list([{"messages": row["messages"]} for row in read_rows(job["conversations"])])
    watch = Watch(job["seconds"], job["warmup_steps"])
    with TemporaryDirectory() as out:
        config = SFTConfig(
            output_dir=out,
            use_cpu=True,
            assistant_only_loss=True,
            num_train_epochs=1e4,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            **job["settings"],
        )
        started = time.perf_counter()
        trainer = CountingTrainer(
            model=job["model"], args=config, train_dataset=dataset, processing_class=tokenizer, callbacks=[watch]
        )
        prepared = time.perf_counter() - started
        watch.trainer = trainer
        trainer.losses = []
        trainer.train()
    return {
        **speed(watch.ended_at, watch.targets, job["warmup_steps"]),
        "targets_of_the_set": sum(_num_targets(row) for row in trainer.train_dataset),
        "conversations": len(dataset),
        "seconds_to_prepare": round(prepared, 2),
        "first_loss": round(trainer.losses[0], 4),
        "last_loss": round(trainer.losses[-1], 4),
    }


def _num_targets(row: dict[str, Any]) -> int:
    return sum(label != -100 for label in row["labels"])

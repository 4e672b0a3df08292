"""Hugging Face's Trainer on a Qwen3 model of the same shape as ours."""

from __future__ import annotations

import time
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import (
    Qwen3Config,
    Qwen3ForCausalLM,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from benchmarks.contestants.timing import train_outcome
from benchmarks.shape import random_tokens
from samovar.model.families.qwen3 import to_hf_config
from samovar.model.settings import DecoderSettings


class Rows(Dataset[dict[str, Tensor]]):
    """Rows of random tokens; the model moves the labels by one itself."""

    def __init__(self, num_rows: int, context: int, vocab_size: int) -> None:
        tokens = torch.from_numpy(random_tokens(num_rows * context, vocab_size).astype("int64"))
        self._rows = tokens.view(num_rows, context)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        return {"input_ids": self._rows[number], "labels": self._rows[number]}


class Clock(TrainerCallback):
    """Notes when each step began and when the last ended, and its loss."""

    def __init__(self) -> None:
        self.started_at: list[float] = []
        self.losses: list[float] = []

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any
    ) -> None:
        """Before the first batch is read."""
        self.started_at.append(time.perf_counter())

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **others: Any) -> None:
        """After the optimizer."""
        self.started_at.append(time.perf_counter())

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float],
        **others: Any,
    ) -> None:
        """After each step, as the arguments say."""
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for the asked steps."""
    torch.set_num_threads(job["threads"])
    shape = DecoderSettings(**job["shape"])
    model = Qwen3ForCausalLM(Qwen3Config(**{**to_hf_config(shape), "use_cache": False}))
    num_steps = job["warmup_steps"] + job["timed_steps"]
    rows = Rows(num_steps * job["step_tokens"] // job["context"], job["context"], shape.vocab_size)
    clock = Clock()
    with TemporaryDirectory() as out:
        Trainer(model=model, args=_arguments(job, num_steps, out), train_dataset=rows, callbacks=[clock]).train()
    num_parameters = sum(parameter.numel() for parameter in model.parameters())
    return train_outcome(job, step_started_at=clock.started_at, losses=clock.losses, num_parameters=num_parameters)


def _arguments(job: dict[str, Any], num_steps: int, out: str) -> TrainingArguments:
    return TrainingArguments(
        output_dir=out,
        use_cpu=True,
        bf16=job["bfloat16"],
        torch_compile=job["compile"],
        max_steps=num_steps,
        per_device_train_batch_size=job["micro_tokens"] // job["context"],
        gradient_accumulation_steps=job["step_tokens"] // job["micro_tokens"],
        learning_rate=1e-3,
        lr_scheduler_type="constant",
        adam_beta2=0.95,
        max_grad_norm=1.0,
        report_to=[],
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        seed=0,
    )

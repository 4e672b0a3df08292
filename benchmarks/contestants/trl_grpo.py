"""TRL's GRPOTrainer on the same model, tokenizer, prompts and reward, generating with transformers.

Its settings are its own but for what the job says, and that nothing is saved. Nothing of Samovar's library is imported,
so that it can run in an environment of its own.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoTokenizer
from trl import GRPOConfig, GRPOTrainer

from benchmarks.contestants.trl_parts import QUIETLY, Watch, read_rows, vowels


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train; the steps after the warm-up count, drawing and learning together."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    dataset = Dataset.from_list(read_rows(job["questions"]))
    watch = Watch(seconds=job["seconds"])
    answers = job["prompts"] * job["answers"]
    with TemporaryDirectory() as out:
        config = GRPOConfig(
            output_dir=out,
            bf16=job["bfloat16"],
            learning_rate=job["learning_rate"],
            num_generations=job["answers"],
            max_completion_length=job["max_tokens"],
            per_device_train_batch_size=answers,
            max_steps=job["peer_steps"],
            **QUIETLY,
            **job["settings"],
        )
        trainer = GRPOTrainer(
            model=job["model"], reward_funcs=vowels, args=config, train_dataset=dataset, processing_class=tokenizer,
            callbacks=[watch],
        )  # fmt: skip
        trainer.train()
    counted = watch.counted(job["warmup_steps"])
    lengths = watch.logged("completions/mean_length")[counted.first + 1 :]
    return {
        "answers_per_second": counted.steps * answers / counted.seconds,
        "answers": counted.steps * answers,
        "answer_tokens": sum(lengths) / len(lengths),
        "step_seconds": counted.step_seconds,
        "first_reward": watch.logged("reward")[0],
        "last_reward": watch.logged("reward")[-1],
    }

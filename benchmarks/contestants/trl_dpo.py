"""TRL's DPOTrainer on the same model, tokenizer and pairs.

Its settings are its own but for what the job says, and that nothing is saved. Nothing of Samovar's library is imported,
so that it can run in an environment of its own.
"""

from __future__ import annotations

import time
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer

from benchmarks.contestants.trl_parts import QUIETLY, Watch, read_rows


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train; the steps after the warm-up count. A reference computed beforehand is not counted: it is free."""
    torch.set_num_threads(job["threads"])
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    dataset = Dataset.from_list(read_rows(job["pairs"]))
    watch = Watch(steps=job["peer_steps"], seconds=job["seconds"], least=4)
    with TemporaryDirectory() as out:
        config = DPOConfig(
            output_dir=out,
            beta=job["beta"],
            learning_rate=job["learning_rate"],
            max_length=job["context"],
            num_train_epochs=1e4,
            **QUIETLY,
            **job["settings"],
        )
        started = time.perf_counter()
        trainer = DPOTrainer(
            model=job["model"], args=config, train_dataset=dataset, processing_class=tokenizer, callbacks=[watch]
        )
        prepared = time.perf_counter() - started
        trainer.train()
    counted, losses = watch.counted(job["warmup_steps"]), watch.logged("loss")
    pairs = counted.steps * config.per_device_train_batch_size
    return {
        "pairs_per_second": pairs / counted.seconds,
        "pairs": pairs,
        "pairs_of_the_set": len(dataset),
        "step_seconds": counted.step_seconds,
        "first_step_seconds": round(watch.ended_at[0], 2),
        "seconds_to_prepare": round(prepared, 2),
        "first_loss": round(losses[0], 4),
        "last_loss": round(sum(losses[-5:]) / len(losses[-5:]), 4),
    }

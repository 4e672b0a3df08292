"""transformers' ``generate``: reading a prompt, and writing at each batch size."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from benchmarks.shape import random_tokens


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Tokens a second of reading and of writing at each batch size; the best of a few calls."""
    torch.set_num_threads(job["threads"])
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=getattr(torch, job["dtype"])).eval()
    calls = range(job["calls"] + 1)
    outcome = {"prefill": max(job["prefill_tokens"] / _seconds(model, 1, job["prefill_tokens"], 1) for _ in calls)}
    for batch in job["batches"]:
        reading = min(_seconds(model, batch, job["prompt_tokens"], 1) for _ in calls)
        whole = min(_seconds(model, batch, job["prompt_tokens"], job["new_tokens"]) for _ in calls)
        outcome[f"decode_{batch}"] = batch * (job["new_tokens"] - 1) / (whole - reading)
    return outcome


def _seconds(model: Any, batch: int, length: int, new_tokens: int) -> float:
    config = GenerationConfig(
        do_sample=False, min_new_tokens=new_tokens, max_new_tokens=new_tokens, eos_token_id=None, pad_token_id=0
    )
    model.generation_config = config
    tokens_BT = torch.from_numpy(random_tokens(batch * length, 4096 if model.config.vocab_size > 4096 else 300))
    tokens_BT = tokens_BT.long().reshape(batch, length)
    started = perf_counter()
    with torch.inference_mode():
        model.generate(tokens_BT, attention_mask=torch.ones_like(tokens_BT), generation_config=config)
    return perf_counter() - started

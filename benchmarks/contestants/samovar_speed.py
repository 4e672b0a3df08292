"""Samovar's engine: reading a prompt, and writing beside others."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

import torch

from benchmarks.shape import random_tokens
from samovar.engine.engine import Engine
from samovar.engine.native.native_decoder import NativeDecoder
from samovar.engine.request import Sampling


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Tokens a second of reading and of writing at each batch size; the best of a few calls.

    ``weight_bytes`` is what a step reads: packed, the weights are not those of the file.
    """
    torch.set_num_threads(job["threads"])
    model, form, dtype = Path(job["model"]), job["cache_form"], getattr(torch, job["dtype"])
    outcome: dict[str, Any] = {}
    for batch in job["batches"]:
        context = job["prompt_tokens"] + job["new_tokens"] + 1
        engine = Engine.load(model, max_batch=batch, dtype=dtype, max_context=context, cache_form=form)
        prompts = _prompts(engine, batch, job["prompt_tokens"])
        outcome[f"decode_{batch}"] = max(_decode(engine, prompts, job["new_tokens"]) for _ in range(job["calls"] + 1))
    context = job["prefill_tokens"] + 2
    engine = Engine.load(model, max_batch=1, dtype=dtype, max_context=context, cache_form=form)
    outcome["prefill"] = max(_prefill(engine, job["prefill_tokens"], number) for number in range(job["calls"] + 1))
    if isinstance(forward := engine._stepper.forward, NativeDecoder):
        return outcome | {"way": "native", "weight_bytes": forward.weight_bytes}
    return outcome | {"way": f"torch: {engine.why_not_native}"}


def _prompts(engine: Engine, count: int, length: int, seed: int = 0) -> list[list[int]]:
    tokens = random_tokens((count + seed) * length, min(engine.tokenizer.vocab_size, engine.model.settings.vocab_size))
    return tokens.reshape(-1, length)[seed:].tolist()


def _prefill(engine: Engine, length: int, number: int) -> float:
    """A prompt that no cache knows, to its first token."""
    (prompt,) = _prompts(engine, 1, length, seed=number)
    started = perf_counter()
    engine.generate([prompt], Sampling(temperature=0, max_tokens=1, ignore_eos=True))
    return length / (perf_counter() - started)


def _decode(engine: Engine, prompts: list[list[int]], new_tokens: int) -> float:
    """From the moment when every prompt is read to the last token."""
    sampling = Sampling(temperature=0, max_tokens=new_tokens, ignore_eos=True)
    begun = {engine.add(prompt, sampling): False for prompt in prompts}
    while not all(begun.values()):
        for delta in engine.step():
            begun[delta.request_id] = True
    started, num_tokens = perf_counter(), 0
    while engine.has_work:
        num_tokens += sum(len(delta.ids) for delta in engine.step())
    if num_tokens < len(prompts):
        raise RuntimeError(f"{num_tokens} tokens were left to time: ask for more new tokens")
    return num_tokens / (perf_counter() - started)

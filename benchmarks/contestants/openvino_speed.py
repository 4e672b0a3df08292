"""OpenVINO GenAI's ContinuousBatchingPipeline: reading a prompt, and writing beside others.

Nothing of Samovar's library is imported, so that it can run in an environment of its own. Axes: B batch, T prompt.
"""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import openvino
import openvino_genai

_CACHE_BLOCK = 16
"""Tokens of a block of the cache, at least."""


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Tokens a second of reading and of writing at each batch size; the best of a few calls and of its precisions."""
    found = {hint: _speeds(job, hint) for hint in job["hints"]}
    best = {name: max(one[name] for one in found.values()) for name in found[job["hints"][0]]}
    return {**best, "by_hint": found, "build": openvino_genai.get_version()}


def _speeds(job: dict[str, Any], hint: str) -> dict[str, float]:
    calls = range(job["calls"] + 1)
    draw = np.random.default_rng(0)  # which token stands where does not change the work
    vocabulary = json.loads((Path(job["model"]) / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    speeds = {}
    for batch in job["batches"]:
        prompts_BT = draw.integers(0, vocabulary, (batch, job["prompt_tokens"]))
        writer = pipeline(job, hint, batch, job["prompt_tokens"], job["new_tokens"])
        speeds[f"decode_{batch}"] = max(decode(writer, prompts_BT, job["new_tokens"]) for _ in calls)
    reader = pipeline(job, hint, 1, job["prefill_tokens"], 1)
    prompts_BT = draw.integers(0, vocabulary, (len(calls), job["prefill_tokens"]))
    speeds["prefill"] = max(_prefill(reader, prompts_BT[number : number + 1]) for number in calls)
    return speeds


def pipeline(job: dict[str, Any], hint: str, batch: int, prompt_tokens: int, new_tokens: int) -> Any:
    """One that reads all prompts in one step and remembers none of them.

    Args:
        job: ``model`` is a folder in OpenVINO's format; ``threads`` are all that it may use.
        hint: the precision between products of weights, bf16 or f32.
        batch: requests at a time.
        prompt_tokens: of each.
        new_tokens: of each.
    """
    scheduling = openvino_genai.SchedulerConfig()
    scheduling.max_num_seqs = batch
    scheduling.max_num_batched_tokens = batch * prompt_tokens
    scheduling.num_kv_blocks = batch * ((prompt_tokens + new_tokens) // _CACHE_BLOCK + 1)
    scheduling.enable_prefix_caching = False
    settings = {"INFERENCE_NUM_THREADS": job["threads"], "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": hint}
    return openvino_genai.ContinuousBatchingPipeline(job["model"], scheduling, "CPU", settings)


def begin(pipeline: Any, prompts_BT: np.ndarray, new_tokens: int) -> list[Any]:
    """Let the pipeline read every prompt; gives a handle for each, whose first token is there."""
    greedily = openvino_genai.GenerationConfig()
    greedily.max_new_tokens, greedily.ignore_eos, greedily.do_sample = new_tokens, True, False
    handles = [
        pipeline.add_request(number, openvino.Tensor(prompts_BT[number : number + 1].astype(np.int64)), greedily)
        for number in range(len(prompts_BT))
    ]
    pipeline.step()
    if not all(handle.can_read() for handle in handles):
        raise RuntimeError(f"one step did not read {len(handles)} prompts of {prompts_BT.shape[1]} tokens")
    return handles


def finish(pipeline: Any, handles: list[Any]) -> list[list[int]]:
    """Let it write to the end; gives all that was written, the first tokens too."""
    while pipeline.has_non_finished_requests():
        pipeline.step()
    return [handle.read_all()[0].generated_ids for handle in handles]


def _prefill(pipeline: Any, prompt_BT: np.ndarray) -> float:
    """A prompt that no cache knows, to its first token."""
    started = perf_counter()
    begin(pipeline, prompt_BT, 1)
    return prompt_BT.size / (perf_counter() - started)


def decode(pipeline: Any, prompts_BT: np.ndarray, new_tokens: int) -> float:
    """Tokens a second from the moment when every prompt is read to the last token."""
    handles = begin(pipeline, prompts_BT, new_tokens)
    started = perf_counter()
    written = finish(pipeline, handles)
    return sum(len(ids) - 1 for ids in written) / (perf_counter() - started)

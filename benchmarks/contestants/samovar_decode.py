"""Samovar's engine on a batch of prompts, greedily, to a fixed length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from benchmarks.contestants.timing import decode_outcome
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer

_NO_TOKEN = -1


class EndlessTokenizer(Tokenizer):
    """The same tokenizer without tokens that end an answer: every answer has the asked length."""

    eos_id = _NO_TOKEN
    document_end_id = _NO_TOKEN


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Answer the prompts at each batch size."""
    torch.set_num_threads(job["threads"])
    folder = Path(job["model"])
    prompts = json.loads(Path(job["prompts"]).read_text(encoding="utf-8"))
    model, tokenizer = load_model(folder, dtype=getattr(torch, job["dtype"])), EndlessTokenizer.load(folder)
    sampling = Sampling(temperature=0, max_tokens=job["new_tokens"])

    def generator(batch: int) -> Any:
        engine = Engine(model, tokenizer, max_batch=batch)
        return lambda: [answer.ids for answer in engine.generate(prompts[:batch], sampling)]

    return decode_outcome(job, generator)

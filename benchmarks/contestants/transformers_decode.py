"""transformers' ``generate`` on a batch of prompts, greedily, to a fixed length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, GenerationConfig

from benchmarks.contestants.timing import decode_outcome


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Answer the prompts at each batch size."""
    torch.set_num_threads(job["threads"])
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=getattr(torch, job["dtype"])).eval()
    prompts_BT = torch.tensor(json.loads(Path(job["prompts"]).read_text(encoding="utf-8")))
    config = GenerationConfig(
        do_sample=False,
        min_new_tokens=job["new_tokens"],
        max_new_tokens=job["new_tokens"],
        eos_token_id=None,
        pad_token_id=0,
    )
    model.generation_config = config

    def generator(batch: int) -> Any:
        inputs_BT = prompts_BT[:batch]
        length = inputs_BT.shape[1]

        def generate() -> list[list[int]]:
            with torch.inference_mode():
                mask_BT = torch.ones_like(inputs_BT)
                return model.generate(inputs_BT, attention_mask=mask_BT, generation_config=config)[:, length:].tolist()

        return generate

    return decode_outcome(job, generator)

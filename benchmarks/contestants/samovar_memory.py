"""Samovar's own training loop in a process of its own: how much memory does it come to hold?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from samovar.brew.forecast import PROCESS_BYTES
from samovar.brew.memory import StageMemory
from samovar.core.devices import memory_in_use
from samovar.core.errors import ResourceError
from samovar.model.adapters.attach import attach
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.train.batches import IGNORED, Batch, Rows
from samovar.train.loop import train
from samovar.train.objectives import next_token
from samovar.train.settings import LoopSettings


class RandomRows(Rows):
    """As many rows as are asked for, of random tokens; how many of a row are targets differs from row to row."""

    def __init__(self, vocab_size: int, context: int, target_share: float) -> None:
        self._vocab_size, self._context, self._target_share = vocab_size, context, target_share

    def __len__(self) -> int:
        return 1024

    def batch(self, numbers: np.ndarray) -> Batch:
        """Random rows, of one document each."""
        draw = np.random.default_rng(numbers)
        tokens_BT = torch.from_numpy(draw.integers(0, self._vocab_size, (len(numbers), self._context)))
        target_BT = tokens_BT.clone()
        if self._target_share < 1.0:
            shares = draw.uniform(0.5, 1.5, len(numbers)) * self._target_share
            for row, share in enumerate(shares):
                target_BT[row, int(share * self._context) :] = IGNORED
        return Batch(tokens_BT, target_BT, torch.zeros_like(tokens_BT, dtype=torch.int32))


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Train for a few steps; gives what the process held before the model was made, and the most after that."""
    torch.set_num_threads(job["threads"])
    shape = DecoderSettings(**job["shape"])
    memory, before = StageMemory(), memory_in_use()
    model = _model(shape, job["adapter_rank"])
    settings = LoopSettings(
        batch_tokens=job["batch_tokens"],
        micro_batch_tokens=job["micro_tokens"],
        optimizer=job["optimizer"],
        compile="on" if job["compile"] else "off",
        validations=1,
        checkpoint_every_s=1e9,
    )
    rows = RandomRows(shape.vocab_size, job["context"], job["target_share"])
    with tempfile.TemporaryDirectory() as folder:
        train(
            model, next_token, rows, settings,
            tokens=job["steps"] * job["batch_tokens"], context=job["context"], out=Path(folder), title="memory",
            validate=dict,
        )  # fmt: skip
    taken = memory.taken_bytes()
    if taken is None:
        raise ResourceError("the peak of this process's memory is not known", hint="measure on Linux")
    # Of what was there before, it counts Python and its libraries.
    return {"grown_bytes": taken - min(before, PROCESS_BYTES), "before_bytes": before}


def _model(shape: DecoderSettings, adapter_rank: int) -> Decoder:
    if not adapter_rank:
        return Decoder(shape)
    model = Decoder(shape).to(torch.bfloat16)
    attach(model, AdapterSettings(rank=adapter_rank), seed=0)
    return model

"""A GPU takes as many tokens at a time as it has memory for, unless somebody says how many."""

from __future__ import annotations

import pytest
import torch

from samovar.model.adapters.settings import AdapterSettings
from samovar.model.settings import ModelSettings
from samovar.train.memory_model import training_memory
from samovar.train.micro_batches import MOST_TOKENS, filling_gpu
from samovar.train.parallel.degrees import Degrees
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.world import BY_ITSELF
from samovar.train.settings import LoopSettings

SHAPE = ModelSettings(size=12, context=1024).decoder(32_768)
LARGE = LoopSettings(batch_tokens=2**19)


def size_on(monkeypatch: pytest.MonkeyPatch, settings: LoopSettings, *, free_gib: float, data: int = 1) -> int:
    """Tokens of a micro-batch on a GPU with so much free memory."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (int(free_gib * 2**30), 0))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 0)
    grid = Grid(BY_ITSELF, Degrees(replicate=data), torch.device("cuda"))
    return filling_gpu(settings, SHAPE, context=1024, grid=grid).micro_batch_tokens


def test_a_large_gpu_takes_much_and_a_small_one_what_it_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert size_on(monkeypatch, LARGE, free_gib=140) == MOST_TOKENS
    found = size_on(monkeypatch, LARGE, free_gib=24)
    assert LARGE.micro_batch_tokens <= found < MOST_TOKENS
    needed = training_memory(
        SHAPE, context=1024, micro_batch_tokens=found, batch_tokens=2**19, optimizer="muon", is_on_gpu=True
    ).on_gpu
    assert needed <= 24 * 2**30
    assert size_on(monkeypatch, LARGE, free_gib=1) == LARGE.micro_batch_tokens


def test_not_more_than_a_step_has_for_each_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert size_on(monkeypatch, LoopSettings(batch_tokens=16_384), free_gib=140) == 16_384
    assert size_on(monkeypatch, LoopSettings(batch_tokens=65_536), free_gib=140, data=4) == 16_384


def test_a_size_that_is_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = LoopSettings(batch_tokens=2**19, micro_batch_tokens=8_192)
    assert size_on(monkeypatch, asked, free_gib=140) == 8_192


def test_a_processor_takes_what_it_took() -> None:
    assert filling_gpu(LARGE, SHAPE, context=1024, grid=ALONE) is LARGE
    here = Grid(BY_ITSELF, Degrees(), torch.device("cpu"))
    assert filling_gpu(LARGE, SHAPE, context=1024, grid=here, adapter=AdapterSettings()) is LARGE

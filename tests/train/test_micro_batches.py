"""A GPU takes as many tokens at a time as it has memory for, unless somebody says how many."""

from __future__ import annotations

import pytest
import torch

from samovar.model.adapters.settings import AdapterSettings
from samovar.model.settings import ModelSettings
from samovar.train.dpo import in_whole_steps
from samovar.train.memory_model import training_memory
from samovar.train.micro_batches import MOST_TOKENS, filling_gpu
from samovar.train.parallel.degrees import Degrees
from samovar.train.parallel.grid import ALONE, Grid
from samovar.train.parallel.world import BY_ITSELF, World
from samovar.train.settings import LoopSettings

SHAPE = ModelSettings(size=12, context=1024).decoder(32_768)
LARGE = LoopSettings(batch_tokens=2**19)


def size_on(
    monkeypatch: pytest.MonkeyPatch, settings: LoopSettings, *, free_gib: float, data: int = 1, used_gib: float = 0.0
) -> int:
    """Tokens of a micro-batch on a GPU with so much free memory, and so much that this process uses."""
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (int(free_gib * 2**30), 0))
    for name in ("memory_reserved", "memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda device: int(used_gib * 2**30))
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


def test_any_number_of_rows_falls_into_equal_micro_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for rows in (135, 192, 24, 37):
        found = size_on(monkeypatch, LoopSettings(batch_tokens=rows * 1024), free_gib=140)
        assert found % 1024 == 0
        assert rows % (found // 1024) == 0 or found == LARGE.micro_batch_tokens
        assert found >= LARGE.micro_batch_tokens
    assert size_on(monkeypatch, LoopSettings(batch_tokens=192 * 1024), free_gib=140) == 96 * 1024


def test_what_else_this_process_holds_is_not_free(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = 4 * SHAPE.num_parameters / 2**30
    alone = size_on(monkeypatch, LARGE, free_gib=40)
    # Its own weights are counted as what is needed; a teacher beside it is not to be had.
    assert size_on(monkeypatch, LARGE, free_gib=40 - weights, used_gib=weights) == alone
    assert size_on(monkeypatch, LARGE, free_gib=10, used_gib=30 + weights) < alone


def test_few_preferences_leave_a_gpu_its_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = in_whole_steps(LARGE, 1024, 100)
    assert size_on(monkeypatch, settings, free_gib=140) == 96 * 1024, "all rows of the step"
    asked = LoopSettings(batch_tokens=2**19, micro_batch_tokens=4096)
    assert size_on(monkeypatch, in_whole_steps(asked, 1024, 100), free_gib=140) == 4096


def test_all_processes_take_what_the_first_one_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Second(World):
        def agreed(self, value: str) -> str:
            assert int(value) > 16_384, "it has more room itself"
            return "16384"

    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (140 * 2**30, 0))
    for name in ("memory_reserved", "memory_allocated"):
        monkeypatch.setattr(torch.cuda, name, lambda device: 0)
    grid = Grid(Second(rank=1, size=2), Degrees(replicate=2), torch.device("cuda"))
    assert filling_gpu(LARGE, SHAPE, context=1024, grid=grid).micro_batch_tokens == 16_384


def test_a_size_that_is_asked_for_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = LoopSettings(batch_tokens=2**19, micro_batch_tokens=8_192)
    assert size_on(monkeypatch, asked, free_gib=140) == 8_192


def test_a_processor_takes_what_it_took() -> None:
    assert filling_gpu(LARGE, SHAPE, context=1024, grid=ALONE) is LARGE
    here = Grid(BY_ITSELF, Degrees(), torch.device("cpu"))
    assert filling_gpu(LARGE, SHAPE, context=1024, grid=here, adapter=AdapterSettings()) is LARGE

"""The context that is taken where none is asked for."""

from __future__ import annotations

import pytest
import torch

from samovar.engine import cache
from samovar.engine.cache import SlotCache, affordable_context
from samovar.model.settings import DecoderSettings

SHAPE = DecoderSettings(
    vocab_size=64,
    hidden_size=32,
    intermediate_size=64,
    num_layers=3,
    num_heads=4,
    num_kv_heads=2,
    head_dim=16,
    max_positions=131_072,
)
CPU = torch.device("cpu")


def taken(num_slots: int, free_bytes: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(cache, "_free_bytes", lambda device: free_bytes)
    return affordable_context(SHAPE, num_slots=num_slots, dtype=torch.float32, device=CPU)


def test_half_of_the_free_memory_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    context = taken(4, 10_000_000, monkeypatch)
    slots = SlotCache(SHAPE, num_slots=4, max_context=context, dtype=torch.float32, device=CPU)
    taken_bytes = slots.keys_LNKSA.nbytes + slots.values_LNKSA.nbytes
    assert 4_900_000 < taken_bytes <= 5_000_000
    assert taken(8, 10_000_000, monkeypatch) == context // 2


def test_never_more_than_the_model_reads_and_never_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken(4, 10**13, monkeypatch) == 131_072
    assert taken(4, 100, monkeypatch) == 16

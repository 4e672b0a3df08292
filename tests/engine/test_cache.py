"""How large the cache becomes, and what is copied and rounded in it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from samovar.core.errors import ResourceError
from samovar.engine import cache
from samovar.engine.batch import Memory
from samovar.engine.cache import CacheForm, CacheSize, block_bytes, copy_blocks, make_memory, size_cache, write
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


def sized(
    free: int, monkeypatch: pytest.MonkeyPatch, *, form: CacheForm = "plain", max_batch: int = 4, **asked: Any
) -> CacheSize:
    monkeypatch.setattr(cache, "free_bytes", lambda device: free)
    wanted = {"max_context": None, "cache_tokens": None} | asked
    return size_cache(SHAPE, max_batch=max_batch, form=form, dtype=torch.float32, device=CPU, **wanted)


def made(num_blocks: int, form: CacheForm) -> Memory:
    return make_memory(SHAPE, num_blocks, form=form, dtype=torch.float32, device=CPU)


def test_half_of_the_free_memory_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    size = sized(10_000_000, monkeypatch)
    memory = made(size.num_blocks, "plain")
    taken_bytes = (memory.keys_LPKSA.nbytes + memory.values_LPKSA.nbytes) * size.num_blocks // memory.num_blocks
    assert 4_900_000 < taken_bytes <= 5_000_000
    assert size.max_context == size.num_blocks * 16


def test_what_packed_weights_will_take_is_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sized(10_000_000, monkeypatch, reserved_bytes=4_000_000) == sized(6_000_000, monkeypatch)
    assert sized(10_000_000, monkeypatch, reserved_bytes=11_000_000) == (1, 16)


def test_never_more_than_all_answers_need_and_never_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sized(10**13, monkeypatch) == (4 * 131_072 // 16, 131_072)
    assert sized(10**13, monkeypatch, max_context=100) == (4 * 7, 100)
    assert sized(100, monkeypatch) == (1, 16)


def test_what_is_asked_for_is_given_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    each = block_bytes(SHAPE, "plain", torch.float32)
    # One answer of the whole context always fits, be it more than half of what is free.
    assert sized(100 * each, monkeypatch, max_context=1280) == (80, 1280)
    assert sized(100 * each, monkeypatch, cache_tokens=333) == (21, 336)
    for asked in ({"max_context": 1616}, {"cache_tokens": 1616}):
        with pytest.raises(ResourceError, match="1616 tokens"):
            sized(100 * each, monkeypatch, **asked)


@pytest.mark.parametrize("form", ["plain", "bfloat16", "int8"])
def test_the_size_is_that_of_the_tensors(form: CacheForm) -> None:
    memory = made(9, form)
    tensors = (memory.keys_LPKSA, memory.values_LPKSA, memory.key_scale_LPKS, memory.value_scale_LPKS)
    assert sum(one.nbytes for one in tensors if one is not None) == 10 * block_bytes(SHAPE, form, torch.float32)


@pytest.mark.parametrize(("form", "error"), [("plain", 0.0), ("bfloat16", 2**-8), ("int8", 0.5 / 127)])
def test_what_is_written_is_what_is_read(form: CacheForm, error: float) -> None:
    memory = made(3, form)
    slots = torch.tensor([17, 18, 40])
    key, value = torch.randn(2, 3, 2, 16)
    read_key, read_value = write(memory, 1, slots, key, value)
    for new, read in ((key, read_key), (value, read_value)):
        assert float((new - read).abs().max()) <= error * float(new.abs().max())
    kept = memory.keys_LPKSA[1, 2, :, 8].float()
    if memory.key_scale_LPKS is not None:
        kept = kept * memory.key_scale_LPKS[1, 2, :, 8].unsqueeze(-1)
    torch.testing.assert_close(kept, read_key[2])
    before = memory.keys_LPKSA[:, 2].clone()
    copy_blocks(memory, [(2, 3), (1, 2)])
    assert torch.equal(memory.keys_LPKSA[:, 3], before)
    assert torch.equal(memory.values_LPKSA[:, 2], memory.values_LPKSA[:, 1])
    assert not memory.keys_LPKSA[0].any()

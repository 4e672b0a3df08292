"""Batches over a memory in blocks, written out plainly, for tests of who computes them."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from samovar.engine.batch import BLOCK_SIZE, Batch, Memory
from samovar.model.settings import DecoderSettings


def memory_for(settings: DecoderSettings, num_blocks: int, dtype: torch.dtype = torch.float32) -> Memory:
    """A memory full of nonsense, so that who reads what nobody wrote is caught."""
    shape = (settings.num_layers, num_blocks, settings.num_kv_heads, BLOCK_SIZE, settings.head_dim)
    if dtype == torch.int8:
        keys, values = (torch.full(shape, 127, dtype=dtype) for _ in range(2))
        return Memory(keys, values, torch.full(shape[:-1], 1e4), torch.full(shape[:-1], 1e4))
    return Memory(torch.full(shape, torch.nan, dtype=dtype), torch.full(shape, torch.nan, dtype=dtype))


class Writer:
    """Gives sequences their blocks, in an order that is not theirs, and makes batches of what they read next."""

    def __init__(self, num_blocks: int) -> None:
        self._free = list(range(num_blocks - 1, 0, -1))[::2] + list(range(num_blocks - 1, 0, -1))[1::2]
        self._blocks: dict[int, list[int]] = {}
        self._read: dict[int, int] = {}

    def batch(self, new: dict[int, list[int]], *, all_rows: bool = False) -> Batch:
        """The next tokens of each sequence; wanted are all of them, or the last of each."""
        places = []
        for name, tokens in new.items():
            blocks, start = self._blocks.setdefault(name, []), self._read.get(name, 0)
            self._read[name] = start + len(tokens)
            while len(blocks) * BLOCK_SIZE < self._read[name]:
                blocks.append(self._free.pop())
            places += [(position, blocks[position // BLOCK_SIZE]) for position in range(start, self._read[name])]
        starts = list(itertools.accumulate(map(len, new.values()), initial=0))
        table = torch.zeros(len(new), max(len(self._blocks[name]) for name in new), dtype=torch.int32)
        for row, name in enumerate(new):
            table[row, : len(self._blocks[name])] = torch.tensor(self._blocks[name])
        rows = range(starts[-1]) if all_rows else [start - 1 for start in starts[1:]]
        return Batch(
            token_N=torch.tensor(list(itertools.chain(*new.values()))),
            position_N=torch.tensor([position for position, _ in places]),
            query_start_B1=torch.tensor(starts, dtype=torch.int32),
            context_B=torch.tensor([self._read[name] for name in new], dtype=torch.int32),
            block_table_BP=table,
            slot_N=torch.tensor([block * BLOCK_SIZE + position % BLOCK_SIZE for position, block in places]),
            row_R=torch.tensor(list(rows)),
            longest_context=max(self._read[name] for name in new),
        )


def tokens(count: int, vocab_size: int, seed: int) -> list[int]:
    """Random ids."""
    drawn: Tensor = torch.randint(vocab_size, (count,), generator=torch.Generator().manual_seed(seed))
    return drawn.tolist()

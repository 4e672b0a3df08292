"""Keys and values of live sequences: one slot, a row of fixed length, for each.

Axes: L layers, N slots, K key-value heads, S positions, A head width, B rows of this forward pass, T new tokens.

Slots and not pages: attention on a processor then reads its keys where they lie, without a gather, and decoding needs
no table. For 64 rows of 320 positions and 4 heads of 64, attention over slots takes 2.8 ms on one AVX512 core, and
gathering pages of 16 first would take 9.7 ms more.
"""

from __future__ import annotations

import math

import psutil
import torch
from torch import Tensor

from samovar.core.errors import ResourceError
from samovar.core.progress import short_bytes
from samovar.model.settings import DecoderSettings

# Decoding looks at keys up to the longest live sequence, rounded up to whole vector registers and no further: for large
# batches the step waits for the memory that these keys are read from.
ROUND = 16
SHORTEST = 16
"""Tokens of context that are tried however little memory there is."""


class SlotCache:
    """The memory, allocated once, and the views of it that a forward pass uses."""

    def __init__(
        self, settings: DecoderSettings, *, num_slots: int, max_context: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        shape = (settings.num_layers, num_slots, settings.num_kv_heads, max_context, settings.head_dim)
        _check_memory(2 * math.prod(shape) * dtype.itemsize, num_slots, max_context, device)
        # Zeros, not empty: a masked key still meets a weight of zero, and zero times NaN is NaN.
        self.keys_LNKSA = torch.zeros(shape, dtype=dtype, device=device)
        self.values_LNKSA = torch.zeros(shape, dtype=dtype, device=device)
        self.max_context = max_context
        self.device = device

    def swap(self, first: int, second: int, length: int) -> None:
        """Exchange the first ``length`` positions of two slots."""
        for memory in (self.keys_LNKSA, self.values_LNKSA):
            rows = memory[:, [first, second], :, :length]
            memory[:, [second, first], :, :length] = rows

    def decoding(self, positions: list[int], longest: int) -> DecodeView:
        """A view for one new token in each of the slots 0, 1, … at ``positions``; ``longest`` is the last one live."""
        return DecodeView(self, positions, longest)

    def prefilling(self, slots: list[int], starts: list[int], length: int) -> FreshPrefillView | PrefillView:
        """A view for ``length`` new tokens in each of ``slots``, from ``starts`` on."""
        if any(starts):
            return PrefillView(self, slots, starts, length)
        return FreshPrefillView(self, slots, length)

    def branching(self, slot: int, start: int, length: int) -> BranchView:
        """A view for rows of ``length`` tokens, each of which might follow the first ``start`` ones of ``slot``."""
        return BranchView(self, slot, start, length)


class DecodeView:
    """One new token a row, in rows 0, 1, … of the memory: attention reads the memory itself."""

    def __init__(self, cache: SlotCache, positions: list[int], longest: int) -> None:
        self._cache = cache
        self._rows = len(positions)
        self._position_B = torch.tensor(positions, device=cache.device)
        self._row_B = torch.arange(self._rows, device=cache.device)
        self.positions_BT = self._position_B.unsqueeze(1)
        self.mask_B1TS: Tensor | None = None
        self.num_keys = longest + 1
        if self._rows > 1:
            self.num_keys = min(-(-self.num_keys // ROUND) * ROUND, cache.max_context)
            key_position_S = torch.arange(self.num_keys, device=cache.device)
            self.mask_B1TS = (key_position_S <= self.positions_BT)[:, None, None, :]

    def update(self, layer: int, key_BKTA: Tensor, value_BKTA: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new token's key and value; give all of each row."""
        keys_NKSA, values_NKSA = self._cache.keys_LNKSA[layer], self._cache.values_LNKSA[layer]
        keys_NKSA[self._row_B, :, self._position_B] = key_BKTA[:, :, 0]
        values_NKSA[self._row_B, :, self._position_B] = value_BKTA[:, :, 0]
        return keys_NKSA[: self._rows, :, : self.num_keys], values_NKSA[: self._rows, :, : self.num_keys]


class FreshPrefillView:
    """The beginning of prompts: nothing earlier to look at, so attention is plainly causal and reads no memory.

    Shorter rows are padded behind; what padding leaves in memory lies where the row's next tokens will be written.
    """

    def __init__(self, cache: SlotCache, slots: list[int], length: int) -> None:
        self._cache, self.num_keys = cache, length
        self._slot_B = torch.tensor(slots, device=cache.device)
        self.positions_BT = torch.arange(length, device=cache.device).expand(len(slots), -1)
        self.mask_B1TS: Tensor | None = None

    def update(self, layer: int, key_BKTA: Tensor, value_BKTA: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new keys and values; they are all there is to look at."""
        self._cache.keys_LNKSA[layer][self._slot_B, :, : self.num_keys] = key_BKTA
        self._cache.values_LNKSA[layer][self._slot_B, :, : self.num_keys] = value_BKTA
        return key_BKTA, value_BKTA


class PrefillView:
    """Further chunks of prompts, in any slots: earlier keys are gathered."""

    def __init__(self, cache: SlotCache, slots: list[int], starts: list[int], length: int) -> None:
        self._cache = cache
        self._slot_B = torch.tensor(slots, device=cache.device)
        step_T = torch.arange(length, device=cache.device)
        # Padding behind a row may reach beyond the memory; the last position is never a prompt's, so it can take it.
        self.positions_BT = (torch.tensor(starts, device=cache.device)[:, None] + step_T).clamp(
            max=cache.max_context - 1
        )
        self.num_keys = min(max(starts) + length, cache.max_context)
        key_position_S = torch.arange(self.num_keys, device=cache.device)
        self.mask_B1TS: Tensor | None = (key_position_S <= self.positions_BT[:, :, None]).unsqueeze(1)

    def update(self, layer: int, key_BKTA: Tensor, value_BKTA: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new keys and values; give all of each row."""
        keys_NKSA, values_NKSA = self._cache.keys_LNKSA[layer], self._cache.values_LNKSA[layer]
        keys_NKSA[self._slot_B[:, None], :, self.positions_BT] = key_BKTA.transpose(1, 2)
        values_NKSA[self._slot_B[:, None], :, self.positions_BT] = value_BKTA.transpose(1, 2)
        return keys_NKSA[self._slot_B, :, : self.num_keys], values_NKSA[self._slot_B, :, : self.num_keys]


class BranchView:
    """What might come next for one sequence, in several ways beside each other, looked at and not kept."""

    def __init__(self, cache: SlotCache, slot: int, start: int, length: int) -> None:
        self._cache, self._slot, self._start = cache, slot, start
        self.num_keys = start + length
        self.positions_BT = torch.arange(start, start + length, device=cache.device).unsqueeze(0)
        key_position_S = torch.arange(self.num_keys, device=cache.device)
        self.mask_B1TS: Tensor | None = (key_position_S <= self.positions_BT[:, :, None]).unsqueeze(1)

    def update(self, layer: int, key_BKTA: Tensor, value_BKTA: Tensor) -> tuple[Tensor, Tensor]:
        """All that every branch may look at: the sequence so far, then the branch's own."""
        rows = len(key_BKTA)
        keys_KSA, values_KSA = (
            memory[layer, self._slot, :, : self._start] for memory in (self._cache.keys_LNKSA, self._cache.values_LNKSA)
        )
        return (
            torch.cat((keys_KSA.expand(rows, -1, -1, -1), key_BKTA), dim=2),
            torch.cat((values_KSA.expand(rows, -1, -1, -1), value_BKTA), dim=2),
        )


def affordable_context(settings: DecoderSettings, *, num_slots: int, dtype: torch.dtype, device: torch.device) -> int:
    """The longest context to take where none is asked for: the model's, or what half of the free memory holds."""
    bytes_a_token = 2 * settings.num_layers * settings.num_kv_heads * settings.head_dim * dtype.itemsize * num_slots
    return max(SHORTEST, min(settings.max_positions, _free_bytes(device) // 2 // bytes_a_token))


def _free_bytes(device: torch.device) -> int:
    return psutil.virtual_memory().available if device.type == "cpu" else torch.cuda.mem_get_info(device)[0]


def _check_memory(size_bytes: int, num_slots: int, max_context: int, device: torch.device) -> None:
    free_bytes = _free_bytes(device)
    if size_bytes > free_bytes:
        raise ResourceError(
            f"the cache for {num_slots} answers of {max_context} tokens takes {short_bytes(size_bytes)}, "
            f"and {short_bytes(free_bytes)} are free",
            hint="answer fewer at once (max_batch), or shorten the context (max_context)",
        )

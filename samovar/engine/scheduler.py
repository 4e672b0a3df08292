"""Who has which slot, and whose prompt is read next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from samovar.engine.sequence import Sequence

# A shorter common beginning is not worth the slower, masked way of reading the rest of a prompt.
MIN_REUSE = 16


class Chunk(NamedTuple):
    """A part of a prompt to be read: ``length`` tokens from ``sequence.num_cached`` on."""

    sequence: Sequence
    length: int

    @property
    def is_last(self) -> bool:
        """Whether the answer begins after it."""
        return self.sequence.num_cached + self.length == len(self.sequence.ids)


class Swap(NamedTuple):
    """Two slots whose contents must be exchanged, and how many positions of them."""

    first: int
    second: int
    length: int


class Scheduler:
    """Waiting requests, first come first served, and the slots of those being answered.

    A free slot remembers the tokens it last held, so that the next turn of a conversation reads just what is new.
    """

    def __init__(self, num_slots: int, *, max_context: int, prefill_tokens: int) -> None:
        self.waiting: deque[Sequence] = deque()
        self.slots: list[Sequence | None] = [None] * num_slots
        self._remembered: list[list[int]] = [[] for _ in range(num_slots)]
        self._freed: list[int] = list(range(num_slots))
        """Free slots, the one left longest ago first."""
        self._reading: list[Sequence] = []
        """Those whose prompt is not wholly read, in order of arrival."""
        self._max_context = max_context
        self._prefill_tokens = prefill_tokens

    @property
    def has_work(self) -> bool:
        """Whether any request waits or runs."""
        return bool(self.waiting) or len(self._freed) < len(self.slots)

    @property
    def num_free(self) -> int:
        """Slots that nobody has."""
        return len(self._freed)

    def live(self) -> list[Sequence]:
        """Those with a slot, in the order of slots."""
        return [sequence for sequence in self.slots if sequence is not None]

    def decoding(self) -> list[Sequence]:
        """Those whose prompt is read, in the order of slots."""
        return [sequence for sequence in self.live() if sequence.is_read]

    def admit(self) -> None:
        """Give free slots to those who wait."""
        while self.waiting and self._freed:
            sequence = self.waiting.popleft()
            slot, num_common = self._best_slot(sequence.ids)
            self._freed.remove(slot)
            self._remembered[slot] = []
            self.slots[slot] = sequence
            sequence.slot, sequence.num_cached = slot, num_common
            self._reading.append(sequence)

    def release(self, sequence: Sequence) -> None:
        """Take a sequence out, wherever it is."""
        if sequence.slot < 0:
            self.waiting.remove(sequence)
            return
        if sequence in self._reading:
            self._reading.remove(sequence)
        # The last position stays open: while the slot is free, decoding writes behind what is remembered.
        self._remembered[sequence.slot] = sequence.ids[: min(sequence.num_cached, self._max_context - 1)]
        self.slots[sequence.slot] = None
        self._freed.append(sequence.slot)
        sequence.slot = -1

    def next_chunks(self) -> list[Chunk]:
        """What to read in one padded batch: the oldest prompt, and others of like length while the budget lasts."""
        if not self._reading:
            return []
        first = self._reading[0]
        chunks: list[Chunk] = []
        longest = total = 0
        for sequence in self._reading:
            length = min(len(sequence.ids) - sequence.num_cached, self._prefill_tokens)
            padded = (len(chunks) + 1) * max(longest, length)
            # Padding costs as much as text: at most a quarter of the batch may be padding.
            fits = padded <= self._prefill_tokens and padded * 3 <= (total + length) * 4
            # Prompts with nothing cached take a faster way through attention; they are not mixed with others.
            if not chunks or (fits and bool(sequence.num_cached) == bool(first.num_cached)):
                chunks.append(Chunk(sequence, length))
                longest, total = max(longest, length), total + length
        return chunks

    def has_read(self, chunks: Iterable[Chunk]) -> None:
        """Note that the chunks are in the cache."""
        for chunk in chunks:
            if chunk.is_last:
                self._reading.remove(chunk.sequence)
                chunk.sequence.is_read = True
            chunk.sequence.num_cached += chunk.length

    def make_dense(self) -> list[Swap]:
        """Swaps that bring live slots to the front, when most rows of a decoding batch would be empty."""
        live = self.live()
        if not live or live[-1].slot + 1 <= 2 * len(live):
            return []
        swaps = []
        for sequence in reversed(live):
            hole = min(self._freed)
            if hole > sequence.slot:
                break
            swaps.append(Swap(sequence.slot, hole, max(sequence.num_cached, len(self._remembered[hole]))))
            self._freed[self._freed.index(hole)] = sequence.slot
            self._remembered[sequence.slot], self._remembered[hole] = self._remembered[hole], []
            self.slots[sequence.slot], self.slots[hole] = None, sequence
            sequence.slot = hole
        return swaps

    def row_position(self, slot: int) -> int:
        """Where the next token of a slot goes: for a row that only fills the batch, where it does no harm."""
        sequence = self.slots[slot]
        return sequence.num_cached if sequence is not None else len(self._remembered[slot])

    def _best_slot(self, ids: list[int]) -> tuple[int, int]:
        """The free slot that shares the longest beginning with ``ids``, and its length; else the one freed first."""
        # The last token of a prompt is always read anew: its logits begin the answer.
        common = {slot: _common_length(self._remembered[slot], ids[:-1]) for slot in self._freed}
        best = max(self._freed, key=lambda slot: common[slot])
        return (best, common[best]) if common[best] >= MIN_REUSE else (self._freed[0], 0)


def _common_length(first: list[int], second: list[int]) -> int:
    length = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        length += 1
    return length

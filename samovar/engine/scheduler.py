"""Who is read and written in the next step, and who must wait.

First come, first served. A prompt is admitted when there is a row for it, blocks for all of it, and a further block for
each sequence that runs. Answers take blocks as they grow: how long they will be is not known, and blocks kept for the
longest would stand empty most of the time. When no block is left, the sequence that came last gives all of its own back
and waits in front; what it had said is read again later, much of it out of blocks that are still known. So memory never
runs out, and nobody waits forever: the sequence that came first is never interrupted, and alone it always fits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence as Many
from typing import NamedTuple

from samovar.engine.batch import BLOCK_SIZE
from samovar.engine.blocks import BlockPool
from samovar.engine.cache import blocks_for
from samovar.engine.sequence import NO_DRAFT, Sequence

MOST_PASSED = 64
"""Sequences that others may go before in one step, because their beginning is just being read."""


class Chunk(NamedTuple):
    """What a step computes of a sequence: ``length`` tokens from ``sequence.num_cached`` on, and drafts behind them."""

    sequence: Sequence
    length: int
    is_last: bool
    """Whether it reaches the end, so that a token is chosen after it."""

    @property
    def num_drafted(self) -> int:
        """Drafted tokens that are computed behind it."""
        return len(self.sequence.draft.ids) if self.is_last else 0


class Copy(NamedTuple):
    """A block whose content must be in another before the next forward pass."""

    source: int
    target: int


class Scheduler:
    """Waiting and running sequences, and the blocks they hold."""

    def __init__(self, pool: BlockPool, *, max_batch: int, prefill_tokens: int) -> None:
        self.pool = pool
        self.waiting: deque[Sequence] = deque()
        """In order of arrival."""
        self.running: list[Sequence] = []
        """In order of arrival."""
        self.num_preempted = 0
        """How often a sequence had to give its blocks back."""
        self._max_batch = max_batch
        self._prefill_tokens = prefill_tokens
        self._copies: list[Copy] = []
        self._last: list[Chunk] = []
        """The last step, where each chunk was one token of an answer."""

    @property
    def has_work(self) -> bool:
        """Whether any request waits or runs."""
        return bool(self.waiting or self.running)

    def schedule(self) -> list[Chunk]:
        """The next step: a token for every answer, and as much of the prompts as the budget holds.

        Where it is the last one again, each answer a token further, it is the same list.
        """
        if self._goes_on():
            return self._last
        chunks: list[Chunk] = []
        budget = self._prefill_tokens
        had_to_preempt = False
        for sequence in list(self.running):
            if had_to_preempt and sequence not in self.running:  # it has just given its blocks back
                continue
            length = unread = sequence.num_unread
            if unread != 1 or not sequence.is_read:  # an answer has one, nearly always
                free = 1 if sequence.is_read else 0
                length = min(unread, free + budget)
                budget -= length - free
                if length <= 0:
                    continue
            if not self._has_own_space(sequence, length):
                had_to_preempt |= self._make_space(sequence, length)
            if not had_to_preempt or sequence in self.running:
                chunks.append(Chunk(sequence, length, length == unread))
        if not had_to_preempt:
            chunks += self._admit(budget)
        can_go_on = all(
            chunk.is_last and chunk.length == 1 and chunk.sequence.is_read and not chunk.num_drafted for chunk in chunks
        )
        self._last = chunks if can_go_on else []
        return chunks

    def is_settled(self, sequences: Many[Sequence]) -> bool:
        """Whether the next step is one token more of each of these and of nobody else, if none of them ends."""
        return (
            self.running == sequences
            and (not self.waiting or len(self.running) >= self._max_batch)
            # A block each, and one to copy into.
            and self.pool.num_free >= 2 * len(sequences)
        )

    def take_copies(self) -> list[Copy]:
        """The copies to make before what was scheduled is computed."""
        copies, self._copies = self._copies, []
        return copies

    def has_read(self, sequence: Sequence, num_tokens: int) -> None:
        """Note that so many more of its tokens are in the cache."""
        sequence.num_cached += num_tokens
        sequence.is_read |= sequence.num_cached >= sequence.prompt_length
        if sequence.num_cached // BLOCK_SIZE > len(sequence.numbers):
            self._remember(sequence)

    def fork(self, parent: Sequence, child: Sequence) -> None:
        """Let ``child``, whose tokens begin as its parent's do, run beside it on the same blocks, or wait."""
        if len(self.running) >= self._max_batch or parent not in self.running or not child.may_reuse:
            self.waiting.append(child)
            return
        # The next token is chosen after the last: where that one is cached already, the child reads it once more.
        child.num_cached, child.is_read = min(parent.num_cached, len(parent.ids) - 1), parent.is_read
        child.blocks = parent.blocks[: blocks_for(child.num_cached)]
        child.numbers = parent.numbers[: child.num_cached // BLOCK_SIZE]
        self.pool.hold(child.blocks)
        self.running.append(child)

    def release(self, sequence: Sequence) -> None:
        """Take a sequence out, wherever it is."""
        self._last = []
        if sequence in self.running:
            self.running.remove(sequence)
            self._let_go(sequence)
        else:
            self.waiting.remove(sequence)

    def check(self) -> None:
        """Raises AssertionError where a block is lost or counted wrongly, or a sequence's blocks are not its own."""
        self.pool.check([sequence.blocks for sequence in self.running])
        for sequence in self.running:
            assert len(sequence.blocks) >= blocks_for(sequence.num_cached), "a cached token has no block"
            assert len(sequence.numbers) <= sequence.num_cached // BLOCK_SIZE, "a block is known before it is full"
        for sequence in self.waiting:
            assert not sequence.blocks, "a waiting sequence holds blocks"
            assert not sequence.num_cached, "a waiting sequence counts cached tokens"

    def _goes_on(self) -> bool:
        """Whether the next step is the last one again; then blocks are taken for it."""
        sequences = [chunk.sequence for chunk in self._last]
        if not sequences or not self.is_settled(sequences):
            return False
        if any(sequence.num_unread != 1 or sequence.draft.ids for sequence in sequences):
            return False
        for sequence in sequences:
            # A block that was begun is the sequence's own since then.
            if sequence.num_cached % BLOCK_SIZE == 0:
                self._make_space(sequence, 1)
        return True

    def _admit(self, budget: int) -> list[Chunk]:
        """Those who come next, while rows, blocks and the budget last."""
        chunks: list[Chunk] = []
        passed_over: list[Sequence] = []
        while self.waiting and budget > 0 and len(self.running) < self._max_batch and len(passed_over) < MOST_PASSED:
            sequence = self.waiting.popleft()
            blocks, numbers = self._find(sequence)
            if self._is_being_read(sequence, len(blocks)):
                passed_over.append(sequence)
                continue
            if not self._place(sequence, blocks, numbers):
                self.waiting.appendleft(sequence)
                break
            length = min(sequence.num_unread, budget)
            budget -= length
            self._own(sequence)
            chunks.append(Chunk(sequence, length, length == sequence.num_unread))
        self.waiting.extendleft(reversed(passed_over))
        return chunks

    def _find(self, sequence: Sequence) -> tuple[list[int], list[int]]:
        """What is known of a beginning; the last token is always read, as the next one is chosen there."""
        if not sequence.may_reuse:
            return [], []
        return self.pool.find(sequence.ids[:-1], sequence.adapter)

    def _is_being_read(self, sequence: Sequence, num_known: int) -> bool:
        """Whether a prompt that is read right now begins alike for further blocks: these are soon known, and need not
        be computed twice."""
        if not sequence.may_reuse:
            return False
        end = (num_known + 1) * BLOCK_SIZE
        if end >= len(sequence.ids):
            return False
        beginning = sequence.ids[:end]
        return any(
            not other.is_read and other.adapter == sequence.adapter and other.ids[:end] == beginning
            for other in self.running
        )

    def _place(self, sequence: Sequence, blocks: list[int], numbers: list[int]) -> bool:
        """Hold blocks for all tokens of a sequence, where there are enough."""
        self.pool.hold(blocks)
        num_more = blocks_for(len(sequence.ids)) - len(blocks)
        if self.pool.num_free < num_more + (len(self.running) + 1 if self.running else 0):
            self.pool.let_go(blocks)
            return False
        sequence.blocks, sequence.numbers = blocks, numbers
        sequence.num_cached = len(blocks) * BLOCK_SIZE
        if not sequence.has_run:
            sequence.has_run, sequence.num_reused = True, min(sequence.num_cached, sequence.prompt_length)
        sequence.blocks += [self.pool.take() for _ in range(num_more)]
        self.running.append(sequence)
        return True

    def _has_own_space(self, sequence: Sequence, length: int) -> bool:
        """Whether the next tokens go into a block that nobody else has and nobody knows: nearly always, in answers."""
        end = sequence.num_cached + length + len(sequence.draft.ids)
        place, offset = divmod(sequence.num_cached, BLOCK_SIZE)
        return bool(offset) and end <= (place + 1) * BLOCK_SIZE and self.pool.is_private(sequence.blocks[place])

    def _make_space(self, sequence: Sequence, length: int) -> bool:
        """Blocks for the next ``length`` tokens and the drafts; whether somebody had to give theirs back for it."""
        had_to_preempt = False
        if not self._has_space(sequence, length + len(sequence.draft.ids)):
            sequence.draft = NO_DRAFT
        while not self._has_space(sequence, length):
            last = self.running[-1]
            self._preempt(last)
            had_to_preempt = True
            if last is sequence:
                return True
        for _ in range(self._num_missing(sequence, length + len(sequence.draft.ids))):
            sequence.blocks.append(self.pool.take())
        self._own(sequence)
        return had_to_preempt

    def _has_space(self, sequence: Sequence, length: int) -> bool:
        is_copied = self._is_shared_where_written(sequence)
        return self._num_missing(sequence, length) + is_copied <= self.pool.num_free

    def _num_missing(self, sequence: Sequence, length: int) -> int:
        return max(0, blocks_for(sequence.num_cached + length) - len(sequence.blocks))

    def _is_shared_where_written(self, sequence: Sequence) -> bool:
        place = sequence.num_cached // BLOCK_SIZE
        return place < len(sequence.blocks) and self.pool.is_shared(sequence.blocks[place])

    def _own(self, sequence: Sequence) -> None:
        """Nobody else may look at the block that the next token is written into: it is copied, or forgotten."""
        place = sequence.num_cached // BLOCK_SIZE
        for number, block in enumerate(sequence.blocks[place:], place):
            if self.pool.is_shared(block):
                sequence.blocks[number] = self.pool.take()
                if number == place:
                    self._copies.append(Copy(block, sequence.blocks[number]))
                self.pool.let_go([block])
            else:
                self.pool.forget(block)

    def _remember(self, sequence: Sequence) -> None:
        """Make known the blocks that have become full."""
        while (len(sequence.numbers) + 1) * BLOCK_SIZE <= sequence.num_cached:
            place = len(sequence.numbers)
            tokens = sequence.ids[place * BLOCK_SIZE : (place + 1) * BLOCK_SIZE]
            before = sequence.numbers[-1] if sequence.numbers else sequence.adapter
            sequence.numbers.append(self.pool.remember(sequence.blocks[place], tokens, before))

    def _preempt(self, sequence: Sequence) -> None:
        self.running.remove(sequence)
        self._let_go(sequence)
        self.waiting.appendleft(sequence)
        self.num_preempted += 1

    def _let_go(self, sequence: Sequence) -> None:
        own = set(sequence.blocks)
        self._copies = [copy for copy in self._copies if copy.target not in own]
        self.pool.let_go(sequence.blocks)
        sequence.blocks, sequence.numbers = [], []
        sequence.draft = NO_DRAFT
        sequence.num_cached, sequence.is_read = 0, False

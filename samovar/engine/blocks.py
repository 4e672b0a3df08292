"""Who has which block of the cache, and which free blocks still hold a text that may come again.

A block is held by as many sequences as begin with its tokens. A full one is known by its tokens and by the block before
it, so that a chain of known blocks is a beginning of a text; tokens are compared, and a block is told by a number that
is never given again: no two texts can be taken for each other. A block that nobody holds stays known until its place is
needed; the one let go longest ago goes first, and of a sequence the end before the beginning.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from itertools import count

from samovar.engine.batch import BLOCK_SIZE, PADDING_BLOCK

Before = int | str | None
"""What a block stands behind: the number of a known text; or, of a first block, the adapter that made it."""


class BlockPool:
    """The blocks of a cache, counted."""

    def __init__(self, num_blocks: int) -> None:
        """``num_blocks``: of the cache, the one for padding included."""
        self._references = [0] * num_blocks
        self._free: OrderedDict[int, None] = OrderedDict.fromkeys(
            block for block in range(num_blocks) if block != PADDING_BLOCK
        )
        """In the order in which they are taken."""
        self._known: dict[tuple[Before, tuple[int, ...]], int] = {}
        self._key: dict[int, tuple[Before, tuple[int, ...]]] = {}
        self._number: dict[int, int] = {}
        """Of each known block's text, with all that stands before it."""
        self._numbers = count()

    @property
    def num_free(self) -> int:
        """Blocks that nobody holds."""
        return len(self._free)

    @property
    def num_blocks(self) -> int:
        """Blocks that can be held."""
        return len(self._references) - 1

    def is_shared(self, block: int) -> bool:
        """Whether several sequences hold it, so that none may write there."""
        return self._references[block] > 1

    def is_private(self, block: int) -> bool:
        """Whether one sequence holds it, and nobody else can come to."""
        return self._references[block] == 1 and block not in self._key

    def take(self) -> int:
        """A block of one's own; there must be a free one. What it was known by is forgotten."""
        block, _ = self._free.popitem(last=False)
        self.forget(block)
        self._references[block] = 1
        return block

    def hold(self, blocks: Iterable[int]) -> None:
        """Hold known or held blocks once more."""
        for block in blocks:
            if not self._references[block]:
                del self._free[block]
            self._references[block] += 1

    def let_go(self, blocks: Sequence[int]) -> None:
        """Hold the blocks of a sequence, given in their order, once less."""
        for block in reversed(blocks):
            self._references[block] -= 1
            if not self._references[block]:
                self._free[block] = None
                if block not in self._key:
                    self._free.move_to_end(block, last=False)

    def find(self, ids: Sequence[int], adapter: str | None) -> tuple[list[int], list[int]]:
        """The known blocks that ``ids`` begin with, and the numbers of their texts."""
        blocks: list[int] = []
        numbers: list[int] = []
        before: Before = adapter
        for start in range(0, len(ids) - BLOCK_SIZE + 1, BLOCK_SIZE):
            block = self._known.get((before, tuple(ids[start : start + BLOCK_SIZE])))
            if block is None:
                break
            before = self._number[block]
            blocks.append(block)
            numbers.append(before)
        return blocks, numbers

    def remember(self, block: int, tokens: Sequence[int], before: Before) -> int:
        """Make a full block known; gives the number of its text, which another block may have already."""
        key = (before, tuple(tokens))
        known = self._known.setdefault(key, block)
        if known not in self._number:
            self._key[block] = key
            self._number[block] = next(self._numbers)
        return self._number[known]

    def forget(self, block: int) -> None:
        """What stands in the block is not to be found again."""
        key = self._key.pop(block, None)
        if key is not None:
            del self._known[key]
            del self._number[block]

    def forget_all(self) -> None:
        """No text is to be found again: the weights have changed."""
        for block in list(self._key):
            self.forget(block)

    def check(self, held: Iterable[Sequence[int]]) -> None:
        """Compare the counts with the blocks that sequences hold.

        Raises:
            AssertionError: a block is lost, held without a holder, free and held at once, or known wrongly.
        """
        holders = Counter(block for blocks in held for block in blocks)
        assert PADDING_BLOCK not in holders, "the block for padding is held"
        for block in range(len(self._references)):
            assert self._references[block] == holders[block], (
                f"block {block} counts {self._references[block]} holders and has {holders[block]}"
            )
            is_free = block != PADDING_BLOCK and not holders[block]
            assert (block in self._free) == is_free, f"block {block} is lost, or free and held at once"
        assert {key: block for block, key in self._key.items()} == self._known, "what is known contradicts itself"
        assert self._number.keys() == self._key.keys(), "known blocks have no numbers"

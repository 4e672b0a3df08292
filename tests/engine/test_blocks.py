"""The pool of the cache's blocks: which beginnings are known, who holds what, what goes first."""

from __future__ import annotations

import random

import pytest

from samovar.engine.blocks import BlockPool


def test_a_beginning_belongs_to_the_adapter_that_read_it() -> None:
    pool = BlockPool(10)
    ids = list(range(32))
    block = pool.take()
    pool.remember(block, ids[:16], "one")
    assert pool.find(ids, "one")[0] == [block]
    assert pool.find(ids, None)[0] == pool.find(ids, "two")[0] == []


def test_equal_tokens_after_other_tokens_are_another_text() -> None:
    pool = BlockPool(10)
    first, second = [1] * 16, [2] * 16
    one, two, tail = (pool.take() for _ in range(3))
    number_one = pool.remember(one, first, None)
    pool.remember(two, second, None)
    pool.remember(tail, [3] * 16, number_one)
    assert pool.find(first + [3] * 16, None)[0] == [one, tail]
    assert pool.find(second + [3] * 16, None)[0] == [two]
    pool.let_go([one, two, tail])
    pool.check([])
    # A block that is taken again is no longer what it was, nor is what stood behind it.
    while one not in (taken := [pool.take()]):
        pass
    assert pool.find(first + [3] * 16, None)[0] == []
    assert taken == [one]


def test_the_end_let_go_first_and_the_oldest_goes_first() -> None:
    pool = BlockPool(6)
    chains = [[pool.take(), pool.take()] for _ in range(2)]
    for place, (begin, end) in enumerate(chains):
        pool.remember(end, [9] * 16, pool.remember(begin, [place] * 16, None))
    for chain in chains:
        pool.let_go(chain)
    order = [pool.take() for _ in range(5)]
    assert order[1:] == [chains[0][1], chains[0][0], chains[1][1], chains[1][0]]


@pytest.mark.parametrize("seed", range(3))
def test_the_pool_counts_right_whatever_happens(seed: int) -> None:
    rng, pool, held = random.Random(seed), BlockPool(20), list[list[int]]()
    for _ in range(400):
        what = rng.random()
        if what < 0.4 and pool.num_free >= 3:
            ids = [rng.randrange(2) for _ in range(48)]
            blocks, numbers = pool.find(ids, None)
            pool.hold(blocks)
            if pool.num_free >= 3 - len(blocks):
                blocks += [pool.take() for _ in range(3 - len(blocks))]
                for place in range(len(numbers), 3):
                    tokens = ids[16 * place : 16 * place + 16]
                    numbers.append(pool.remember(blocks[place], tokens, numbers[-1] if numbers else None))
            held.append(blocks)
        elif what < 0.6 and held:
            pool.hold(other := rng.choice(held))
            held.append(list(other))
        elif held:
            pool.let_go(held.pop(rng.randrange(len(held))))
        pool.check(held)

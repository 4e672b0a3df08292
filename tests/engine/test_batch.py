"""What a forward pass is told: the same whether it is kept from step to step or made anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import astuple, fields

import pytest
import torch

from samovar.engine.batch import BLOCK_SIZE, PADDING_BLOCK, Batch, BlockTable, Piece, make_batch
from samovar.engine.chunks import Batches, piece
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling


def test_a_batch_says_where_every_token_stands() -> None:
    pieces = [
        Piece(7, [5, 6, 8], 15, [3, 9], [0, 2]),
        Piece(4, [1], 0, [2], [0], adapter="one"),
        Piece(9, [2, 3], 32, [6, 1, 4], []),
    ]
    batch = make_batch(pieces)
    assert batch.token_N.tolist() == [5, 6, 8, 1, 2, 3]
    assert batch.position_N.tolist() == [15, 16, 17, 0, 32, 33]
    assert batch.slot_N.tolist() == [3 * 16 + 15, 9 * 16, 9 * 16 + 1, 2 * 16, 4 * 16, 4 * 16 + 1]
    assert batch.query_start_B1.tolist() == [0, 3, 4, 6]
    assert batch.context_B.tolist() == [18, 1, 34]
    assert batch.row_R.tolist() == [0, 2, 3]
    assert batch.block_table_BP[:, :3].tolist() == [[3, 9, 0], [2, 0, 0], [6, 1, 4]]
    assert not batch.block_table_BP[:, 3:].any()
    assert (batch.longest_context, batch.adapters, batch.sequence_ids) == (34, (None, "one", None), (7, 4, 9))
    whole = [batch.token_N, batch.position_N, batch.slot_N, batch.row_R]
    assert {one.dtype for one in whole} == {torch.int64}
    assert {one.dtype for one in (batch.query_start_B1, batch.context_B, batch.block_table_BP)} == {torch.int32}
    assert batch.block_table_BP.is_contiguous()


@pytest.mark.parametrize("seed", range(4))
def test_a_kept_table_is_what_a_new_one_would_be(seed: int) -> None:
    rng, table = random.Random(seed), BlockTable()
    blocks: list[list[int]] = []
    for _ in range(200):
        match rng.randrange(4):
            case 0:
                blocks.append([rng.randrange(1, 50) for _ in range(rng.randrange(1, 9))])
            case 1 if blocks:
                rng.choice(blocks).append(rng.randrange(1, 50))
            case 2 if blocks:
                own = rng.choice(blocks)
                del own[rng.randrange(1, len(own) + 1) :]
            case _ if blocks:
                del blocks[rng.randrange(len(blocks))]
        rng.shuffle(blocks)
        if not blocks:
            continue
        pieces = [Piece(row, [row], len(own) * BLOCK_SIZE - 1, own, [0]) for row, own in enumerate(blocks)]
        kept, new = make_batch(pieces, table), make_batch(pieces)
        width = max(map(len, blocks))
        for one in (kept, new):
            assert one.block_table_BP[:, :width].tolist() == [
                own + [PADDING_BLOCK] * (width - len(own)) for own in blocks
            ]
            assert not (one.block_table_BP[:, width:] != PADDING_BLOCK).any()
        for mine, its in zip(astuple(kept), astuple(new), strict=True):
            if isinstance(mine, torch.Tensor) and mine.ndim == 1:
                assert torch.equal(mine, its)


@pytest.mark.parametrize("way", ["native", "eager"])
def test_a_batch_that_is_moved_on_is_the_one_that_would_be_written(
    make_engine: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    move_on, num_moved = Batches._move_on, 0

    def checked(self: Batches, found: Batch) -> None:
        nonlocal num_moved
        num_moved += 1
        move_on(self, found)
        anew = make_batch([piece(chunk) for chunk in self._chunks])
        for field in fields(Batch):
            ours, theirs = getattr(found, field.name), getattr(anew, field.name)
            if field.name == "block_table_BP":
                width = min(ours.shape[1], theirs.shape[1])  # there may be more padding
                assert ours[:, width:].eq(PADDING_BLOCK).all()
                assert theirs[:, width:].eq(PADDING_BLOCK).all()
                ours, theirs = ours[:, :width], theirs[:, :width]
            assert torch.equal(ours, theirs) if isinstance(theirs, torch.Tensor) else ours == theirs, field.name

    monkeypatch.setattr(Batches, "_move_on", checked)
    engine = make_engine(way=way, max_batch=3)
    prompts = [[40 + place for place in range(length)] for length in (3, 17, 31, 5)]
    together = engine.generate(prompts, Sampling(temperature=0.8, seed=1, max_tokens=40, ignore_eos=True))
    assert num_moved > 60
    alone = [
        make_engine(way=way).generate([prompt], Sampling(temperature=0.8, seed=seed, max_tokens=40, ignore_eos=True))[0]
        for seed, prompt in enumerate(prompts, 1)
    ]
    assert [one.ids for one in together] == [one.ids for one in alone]

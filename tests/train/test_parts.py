"""Optimizer, schedule, order of rows, shards and packing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.chat.rows import Row
from samovar.core.errors import CorruptError, DataError
from samovar.data.shards import open_split, write_index, write_split
from samovar.train.batches import IGNORED, Order, ShardRows
from samovar.train.optimizers import orthogonalize
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.schedule import rate_share

END = 9


def write_digits(folder: Path, texts: list[str]) -> None:
    """Shards of a toy encoding: every digit is its own token, 9 ends a document."""
    counts = write_split(
        texts,
        lambda batch: [[int(letter) for letter in text] for text in batch],
        document_end_id=END,
        vocab_size=10,
        folder=folder,
        split="train",
    )
    write_index(folder, vocab_size=10, document_end_id=END, splits={"train": counts})


def test_orthogonalize_brings_singular_values_near_one() -> None:
    for shape in ((3, 32, 32), (2, 16, 48), (2, 48, 16)):
        values = torch.linalg.svdvals(orthogonalize(torch.randn(shape, generator=torch.Generator().manual_seed(0))))
        assert 0.3 < values.min() < values.max() < 1.4
    # Against the exact polar factor: the direction is kept.
    matrix = torch.randn(1, 24, 24, generator=torch.Generator().manual_seed(2))
    u, _, vh = torch.linalg.svd(matrix)
    cosine = torch.nn.functional.cosine_similarity(orthogonalize(matrix).flatten(), (u @ vh).flatten(), dim=0)
    assert cosine > 0.95


def test_the_schedule_warms_up_stays_and_decays() -> None:
    shares = [rate_share(s, 100, warmup_share=0.1, decay_share=0.4, final_share=0.1) for s in range(100)]
    assert shares[0] == pytest.approx(0.1)
    assert shares[9:60] == [1.0] * 51
    assert shares[80] == pytest.approx(0.1 + 0.9 * 20 / 40)
    assert shares[99] == pytest.approx(0.1 + 0.9 * 1 / 40)


@given(st.integers(1, 40), st.integers(1, 6), st.integers(1, 4), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_every_epoch_shows_every_row_once(num_rows: int, per_micro: int, micros: int, seed: int) -> None:
    def order() -> Order:
        return Order(num_rows, rows_per_step=per_micro * micros, rows_per_micro=per_micro, seed=seed)

    steps = -(-3 * num_rows // (per_micro * micros))
    one = order()
    seen = [int(row) for step in range(steps) for batch in one.micro_batches(step) for row in batch]
    for epoch in range(3):
        assert sorted(seen[epoch * num_rows : (epoch + 1) * num_rows]) == list(range(num_rows))
    # A run that starts in the middle gets what it would have got.
    late = [int(row) for batch in order().micro_batches(steps - 1) for row in batch]
    assert late == seen[-len(late) :]


def test_rows_cut_the_stream_and_keep_documents_apart(tmp_path: Path) -> None:
    write_digits(tmp_path, ["123", "45", "678"])
    rows = ShardRows(open_split(tmp_path, "train"), 4, END, document_mask=True)
    assert len(rows) == 2
    batch = rows.batch(np.array([0, 1]))
    assert batch.tokens_BT.tolist() == [[1, 2, 3, 9], [4, 5, 9, 6]]
    assert batch.target_BT.tolist() == [[2, 3, 9, IGNORED], [5, 9, IGNORED, 7]]
    assert batch.document_BT is not None
    assert batch.document_BT.tolist() == [[0, 0, 0, 0], [0, 0, 0, 1]]


def test_a_short_shard_is_named(tmp_path: Path) -> None:
    write_digits(tmp_path, ["123456"])
    shard = tmp_path / "train-00000.bin"
    shard.write_bytes(shard.read_bytes()[:6])
    with pytest.raises(CorruptError, match="hold 3 tokens, the index says 7"):
        open_split(tmp_path, "train")


def test_an_empty_corpus_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no token"):
        write_digits(tmp_path, [])
    with pytest.raises(DataError, match="shorter than one"):
        Order(0, rows_per_step=1, rows_per_micro=1, seed=0)


@given(st.lists(st.integers(1, 24), min_size=1, max_size=400), st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_packing_keeps_every_conversation_whole(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    draw = np.random.default_rng(seed)
    # Each conversation says its own number, as often as it is long.
    made = [Row([number + 1] * length, (draw.random(length) < 0.5).tolist()) for number, length in enumerate(lengths)]
    usable = [row for row in made if len(row.ids) <= 17 and any(row.is_target[1:])]
    if not usable:
        with pytest.raises(DataError, match="no conversation can be trained on"):
            pack_rows(made, folder, context=16, vocab_size=1000, pad_id=0, max_rows=10_000)
        return
    counts = pack_rows(made, folder, context=16, vocab_size=1000, pad_id=0, max_rows=10_000)
    assert counts["conversations"] == len(usable)
    assert counts["tokens"] == sum(len(row.ids) for row in usable)
    rows = PackedRows(folder)
    batch = rows.batch(np.arange(len(rows)))
    assert int((batch.target_BT != IGNORED).sum()) <= counts["targets"]
    assert batch.document_BT is not None
    for tokens, documents in zip(batch.tokens_BT.tolist(), batch.document_BT.tolist(), strict=True):
        owners = {(token, document) for token, document in zip(tokens, documents, strict=True) if token}
        assert len({token for token, _ in owners}) == len(owners) == len({document for _, document in owners})


def test_only_marked_tokens_are_targets(tmp_path: Path) -> None:
    row = Row([1, 2, 3, 4, 5], [False, False, True, False, True])
    pack_rows([row], tmp_path, context=6, vocab_size=10, pad_id=0, max_rows=4)
    batch = PackedRows(tmp_path).batch(np.array([0]))
    assert batch.tokens_BT.tolist() == [[1, 2, 3, 4, 5, 0]]
    assert batch.target_BT.tolist() == [[IGNORED, 3, IGNORED, 5, IGNORED, IGNORED]]

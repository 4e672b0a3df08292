"""Optimizer, schedule, order of rows, shards and packing."""

from __future__ import annotations

from itertools import chain, repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.chat.rows import Row
from samovar.core.errors import ConfigError, CorruptError, DataError
from samovar.data.document import Document
from samovar.data.shards import open_split, write_documents, write_index
from samovar.train import packing
from samovar.train.batches import IGNORED, Order, ShardRows
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.plan import Plan
from samovar.train.rates import rate_factors
from samovar.train.schedule import Schedule, rate_share
from samovar.train.settings import LoopSettings

END = 9


def write_digits(folder: Path, texts: list[str]) -> None:
    """Shards of a toy encoding: every digit is its own token, 9 ends a document."""
    counts = write_documents(
        [Document(str(number), text, "") for number, text in enumerate(texts)],
        lambda: lambda batch: [[int(letter) for letter in text] for text in batch],
        document_end_id=END,
        vocab_size=10,
        folder=folder,
        split="train",
    )
    write_index(folder, vocab_size=10, document_end_id=END, splits={"train": counts})


def shares(num_steps: int, schedule: Schedule, **changes: float) -> list[float]:
    given = {"warmup_share": 0.1, "decay_share": 0.4, "final_share": 0.1} | changes
    return [rate_share(step, num_steps, schedule=schedule, **given) for step in range(num_steps)]


def test_wsd_warms_up_stays_and_decays() -> None:
    found = shares(100, "wsd")
    assert found[0] == pytest.approx(0.1)
    assert found[9:60] == [1.0] * 51
    assert found[80] == pytest.approx(0.1 + 0.9 * 20 / 40)
    assert found[99] == pytest.approx(0.1 + 0.9 * 1 / 40)


def test_linear_and_cosine_fall_from_the_warm_up_on() -> None:
    """Ten steps of warm-up leave ninety to fall in: step 40 has two thirds of the fall before it, step 55 a half."""
    linear, cosine = shares(100, "linear"), shares(100, "cosine")
    assert linear[:11] == cosine[:11] == pytest.approx([*(step / 10 for step in range(1, 11)), 1.0])
    assert [linear[55], cosine[55]] == pytest.approx([0.1 + 0.9 / 2] * 2)
    assert linear[40] == pytest.approx(0.1 + 0.9 * 2 / 3)
    assert cosine[40] == pytest.approx(0.1 + 0.9 * 0.75)
    assert linear[99] == pytest.approx(0.1 + 0.9 / 90)
    assert 0.1 < cosine[99] < 0.1004
    assert cosine == sorted(cosine[:10]) + sorted(cosine[10:], reverse=True)
    # With a decay as long as all that follows the warm-up, wsd is linear.
    assert shares(100, "wsd", decay_share=0.9) == pytest.approx(linear)


@pytest.mark.parametrize("schedule", ["wsd", "cosine", "linear"])
def test_the_shortest_runs_have_a_rate(schedule: Schedule) -> None:
    for num_steps in (1, 2, 3):
        found = shares(num_steps, schedule, warmup_share=0.0, final_share=0.0, decay_share=1.0)
        assert found[0] == 1.0
        assert all(0.0 < share <= 1.0 for share in found)


def test_factors_of_rates_by_the_first_pattern_that_fits() -> None:
    names = ["embed_tokens.weight", "layers.0.mlp.up_proj.weight", "layers.11.self_attn.q_norm.weight", "norm.weight"]
    found = rate_factors(names, {"layers.0.*": 0.5, "*norm*": 2.0, "*": 3.0})
    assert found == dict(zip(names, [3.0, 0.5, 2.0, 2.0], strict=True))
    assert rate_factors(names, {}) == dict.fromkeys(names, 1.0)
    with pytest.raises(ConfigError, match=r"'lm_head\.\*', which decides for no parameter") as caught:
        rate_factors(names, {"lm_head.*": 2.0})
    assert "layers.*.self_attn.q_norm.weight" in str(caught.value.hint)
    with pytest.raises(ConfigError, match=r"'norm\.weight', which"):
        rate_factors(names, {"*norm*": 2.0, "norm.weight": 3.0})


def loop_settings(**changes: object) -> LoopSettings:
    return LoopSettings.model_validate({"batch_tokens": 1024, "micro_batch_tokens": 512} | changes)


def test_a_step_falls_into_whole_rows_and_equal_micro_batches() -> None:
    plan = Plan(loop_settings(micro_batch_tokens=384), tokens=10_000, context=64, num_rows=100)
    assert (plan.rows_per_step, plan.rows_per_micro, plan.num_steps) == (16, 4, 10)
    assert [len(numbers) for numbers in plan.micro_batches(3)] == [4, 4, 4, 4]
    assert plan.num_tokens == 10_240
    assert plan.validate_at == {round(10 * i / 8) for i in range(1, 9)}


@pytest.mark.parametrize(
    ("changes", "context", "what", "hint"),
    [
        ({}, 100, "batch_tokens is 1024, which does not divide into rows of 100", "1000 or 1100"),
        ({}, 2048, "batch_tokens is 1024, which does not divide into rows of 2048", "2048"),
        ({"micro_batch_tokens": 32}, 64, "micro_batch_tokens is 32, which is less than one row of 64", "64"),
        ({"batch_tokens": 61 * 64}, 64, "61 rows of a step, which divide into micro-batches of 1 where 8", "56 or 64"),
    ],
)
def test_a_batch_that_does_not_divide_is_refused(changes: dict, context: int, what: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=what) as caught:
        Plan(loop_settings(**changes), tokens=10_000, context=context, num_rows=100)
    assert hint in str(caught.value.hint)


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


def test_packing_ends_where_no_more_rows_fit_though_they_go_on_without_end(tmp_path: Path) -> None:
    fits, long = Row([1] * 5, [True] * 5), Row([1] * 9, [True] * 9)
    counts = pack_rows(chain([fits], repeat(long)), tmp_path, context=6, vocab_size=10, pad_id=0, max_rows=4)
    assert counts["rows"] == counts["conversations"] == 1
    with pytest.raises(DataError, match="no conversation can be trained on"):
        pack_rows(repeat(long), tmp_path / "none", context=6, vocab_size=10, pad_id=0, max_rows=4)


def test_only_marked_tokens_are_targets(tmp_path: Path) -> None:
    row = Row([1, 2, 3, 4, 5], [False, False, True, False, True])
    pack_rows([row], tmp_path, context=6, vocab_size=10, pad_id=0, max_rows=4)
    batch = PackedRows(tmp_path).batch(np.array([0]))
    assert batch.tokens_BT.tolist() == [[1, 2, 3, 4, 5, 0]]
    assert batch.target_BT.tolist() == [[IGNORED, 3, IGNORED, 5, IGNORED, IGNORED]]


def test_of_many_conversations_those_are_counted_that_the_rows_had_room_for(tmp_path: Path) -> None:
    made = [Row([1] * 3, [False, True, True])] * 1000
    counts = pack_rows(made, tmp_path, context=6, vocab_size=10, pad_id=0, max_rows=2)
    assert counts | {"too_long": 0, "without_target": 0} == counts
    assert [counts[name] for name in ("rows", "conversations", "tokens", "targets")] == [2, 4, 12, 8]
    rows = PackedRows(tmp_path)
    assert int((rows.batch(np.arange(2)).target_BT != IGNORED).sum()) == counts["targets"] <= len(rows) * rows.context


@pytest.mark.parametrize("at_once", [3, 8, 4096])
def test_the_heaviest_rows_are_those_with_the_most_targets_and_the_first_of_these(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    made = [Row([1] * 7, [False] * (7 - count) + [True] * count) for count in (2, 5, 1, 5, 3, 6, 5, 2)]
    pack_rows(made, tmp_path, context=6, vocab_size=10, pad_id=0, max_rows=9)
    monkeypatch.setattr(packing, "_ROWS_AT_ONCE", at_once)
    assert PackedRows(tmp_path).heaviest(4).tolist() == [5, 1, 3, 6]

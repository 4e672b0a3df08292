"""The mixture: shares worked by hand, the same choice in whatever order, repeats that never cross into validation."""

from __future__ import annotations

import logging
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from samovar.data.corpus_writer import CorpusWriter, split_score
from samovar.data.document import Document
from samovar.data.mixture import copies as copies_module
from samovar.data.mixture.copies import BUCKETS, bucket_below, bucket_of
from samovar.data.mixture.groups import folder_groups
from samovar.data.mixture.plan import plan_mixture, wanted_shares
from samovar.data.mixture.repeats import is_repeat, original_id, repeat_of
from samovar.data.steps.balance import Balance, BalanceSettings


def test_shares_worked_by_hand() -> None:
    sizes = {"big": 900, "small": 100}
    assert wanted_shares(sizes, alpha=1, shares={}) == pytest.approx({"big": 0.9, "small": 0.1})
    assert wanted_shares(sizes, alpha=0.5, shares={}) == pytest.approx({"big": 0.75, "small": 0.25})  # 30 : 10
    assert wanted_shares(sizes, alpha=0, shares={}) == pytest.approx({"big": 0.5, "small": 0.5})
    three = {"a": 500, "b": 400, "c": 100}
    assert wanted_shares(three, alpha=1, shares={"a": 0.2}) == pytest.approx({"a": 0.2, "b": 0.64, "c": 0.16})
    # A named group that is not there leaves its share to the others; one that is named with 0 goes.
    assert wanted_shares(three, alpha=1, shares={"x": 0.5, "c": 0.0}) == pytest.approx({"a": 5 / 9, "b": 4 / 9, "c": 0})
    assert wanted_shares(sizes, alpha=1, shares={"big": 0.3, "small": 0.1}) == pytest.approx(
        {"big": 0.75, "small": 0.25}
    )


def test_a_group_at_its_limit_leaves_its_place_to_the_others() -> None:
    # A third each of 900; c may give 4 * 20 = 80, so a and b share the other 820.
    plan = plan_mixture({"a": 600, "b": 280, "c": 20}, alpha=0)
    assert {name: one.characters for name, one in plan.items()} == pytest.approx({"a": 410, "b": 410, "c": 80})
    assert plan["c"].is_capped
    assert not plan["a"].is_capped
    assert plan["b"].epochs == pytest.approx(410 / 280)
    # One limit reached brings the next group to its own.
    plan = plan_mixture({"a": 10, "b": 60, "c": 930}, alpha=0, max_epochs_of={"b": 6})
    assert {name: one.characters for name, one in plan.items()} == pytest.approx({"a": 40, "b": 360, "c": 600})
    # Nobody may give more: less comes out than was asked for.
    plan = plan_mixture({"a": 10, "b": 30}, budget=1000, max_epochs=2)
    assert {name: one.characters for name, one in plan.items()} == pytest.approx({"a": 20, "b": 60})


@given(
    st.dictionaries(st.text(max_size=3), st.integers(0, 10**12), max_size=8),
    st.floats(0, 2),
    st.floats(0.1, 20),
    st.integers(1, 10**13),
)
def test_a_plan_keeps_to_its_limits(sizes: dict[str, int], alpha: float, max_epochs: float, budget: int) -> None:
    plan = plan_mixture(sizes, alpha=alpha, max_epochs=max_epochs, budget=budget)
    total = sum(one.characters for one in plan.values())
    most = sum(sizes.values()) * max_epochs
    assert total == pytest.approx(min(budget, most), rel=1e-6, abs=1e-6)
    assert all(plan[name].characters <= size * max_epochs * (1 + 1e-6) for name, size in sizes.items())


def test_the_groups_of_folders() -> None:
    assert folder_groups(["/x/docs/mail/2024", "/x/docs/mail", "/x/docs/contracts/old", "/x/docs"]) == {
        "/x/docs/mail/2024": "mail",
        "/x/docs/mail": "mail",
        "/x/docs/contracts/old": "contracts",
        "/x/docs": "docs",
    }
    assert folder_groups(["documents", "python-docs"]) == {"documents": "documents", "python-docs": "python-docs"}
    assert folder_groups(["s3://bank/a/b", "s3://bank/c"]) == {"s3://bank/a/b": "a", "s3://bank/c": "c"}
    assert folder_groups(["only/here"]) == {"only/here": "here"}


def test_the_bucket_that_comes_nearest() -> None:
    sums = np.array([0, 40, 0, 30, 30])
    assert bucket_below(sums, 100, is_needed=False) == 5
    assert bucket_below(sums, 54, is_needed=False) == 2  # 40 is nearer than 70
    assert bucket_below(sums, 56, is_needed=False) == 4
    assert bucket_below(sums, 5, is_needed=False) == 0
    assert bucket_below(sums, 5, is_needed=True) == 2  # something of the group must stay


def documents(**counts: int) -> list[Document]:
    """Documents of 10 characters, in the folders named."""
    return [
        Document(f"docs/{folder}/{i}", f"{folder:>5.5}{i:05}", f"docs/{folder}/{i}", {"language": folder[:2]})
        for folder, count in counts.items()
        for i in range(count)
    ]


def mixed(given_documents: list[Document], *, seed: int = 0, **settings: Any) -> tuple[Balance, list[Document]]:
    step = Balance(BalanceSettings(**settings), seed=seed)
    return step, list(step(iter(given_documents)))


def by_folder(kept: list[Document]) -> Counter[str]:
    return Counter(document.source.split("/")[1] for document in kept)


def test_as_it_is_nothing_changes() -> None:
    given_documents = documents(web=90, bank=10)
    step, kept = mixed(given_documents)
    assert kept == given_documents
    assert not step.tally.dropped
    assert step.warnings() == []


def test_a_mixture_worked_by_hand(caplog: pytest.LogCaptureFixture) -> None:
    # 900 and 100 documents; with alpha 0.5 three quarters and one quarter of 1000: 750 of web, 250 of bank.
    with caplog.at_level(logging.WARNING):
        step, kept = mixed(documents(web=900, bank=100), alpha=0.5)
    counts = by_folder(kept)
    assert counts["web"] == pytest.approx(750, abs=2)
    assert counts["bank"] == pytest.approx(250, abs=2)
    times = Counter(original_id(one.id) for one in kept if "/bank/" in one.id)
    assert len(times) == 100
    assert set(times.values()) == {2, 3}
    assert step.tally.dropped == {"left out of the mixture": 900 - counts["web"]}
    assert step.tally.documents_in == 1000
    assert step.tally.documents_out == len(kept)
    assert step.tally.characters_out == sum(len(one.text) for one in kept)
    rows = step.metrics()["groups"]
    assert rows["bank"]["share"] == pytest.approx(0.25, abs=0.003)
    assert rows["bank"]["epochs"] == pytest.approx(2.5, abs=0.02)
    assert rows["web"]["characters_in"] == 9000
    assert len(step.warnings()) == 1
    assert "source bank is over-sampled: it comes 2.5" in caplog.text


def test_every_copy_has_its_id_and_stands_apart_from_the_others() -> None:
    given_documents = documents(web=100, bank=100)
    _, kept = mixed(given_documents, shares={"bank": 0.5, "web": 0.5}, budget_characters=8000)
    assert len(kept) == 800
    assert len({one.id for one in kept}) == 800
    epochs = Counter(one.meta.get("epoch", "1") for one in kept)
    assert epochs == {"1": 200, "2": 200, "3": 200, "4": 200}
    assert {one.meta["epochs"] for one in kept} == {"4"}
    assert all(is_repeat(one) == ("epoch" in one.meta) for one in kept)
    places: dict[str, list[int]] = {}
    for place, one in enumerate(kept):
        places.setdefault(original_id(one.id), []).append(place)
    assert min(b - a for found in places.values() for a, b in zip(sorted(found), sorted(found)[1:], strict=False)) > 190
    firsts = [one.id for one in kept if not is_repeat(one)]
    assert firsts == [one.id for one in given_documents]


def test_the_choice_depends_on_ids_and_seed_alone() -> None:
    given_documents = documents(web=300, bank=40)
    shuffled = random.Random(1).sample(given_documents, len(given_documents))
    chosen = {one.id for one in mixed(given_documents, alpha=0.3)[1]}
    assert {one.id for one in mixed(shuffled, alpha=0.3)[1]} == chosen
    assert {one.id for one in mixed(given_documents, alpha=0.3, seed=1)[1]} != chosen


def test_a_share_that_cannot_be_had_is_said() -> None:
    step, kept = mixed(documents(web=990, bank=10), shares={"bank": 0.5, "lost": 0.1})
    counts = by_folder(kept)
    assert counts["bank"] == 40  # four times, and no more
    assert counts["web"] == pytest.approx(960, abs=2)
    said = "\n".join(step.warnings())
    assert "source bank is over-sampled: it comes 4.00 times" in said
    assert "source bank has 4.0% of the characters, not the 55.6% wanted: it may come at most 4 times" in said
    assert "source lost is in the settings, and no document is of it" in said
    titles = [table.title for table in step.tables()]
    assert titles == ["The mixture", "Warnings on the mixture"]


def test_any_meta_makes_groups_and_what_has_none_is_one() -> None:
    given_documents = documents(russian=50, english=50)
    given_documents += [Document("x", "0123456789", "docs/x", {})]
    step, kept = mixed(given_documents, by="language", shares={"en": 0.0})
    assert set(step.metrics()["groups"]) == {"ru", "en", "not known"}
    assert by_folder(kept)["english"] == 0


def test_a_budget_keeps_proportions() -> None:
    step, kept = mixed(documents(web=4000, bank=1000), budget_characters=5000)
    assert sum(len(one.text) for one in kept) == pytest.approx(5000, abs=30)
    assert by_folder(kept)["bank"] == pytest.approx(100, abs=2)
    assert step.warnings() == []


def test_no_group_vanishes_for_want_of_room() -> None:
    given_documents = [*documents(web=50), Document("docs/one/long", "x" * 5000, "docs/one/long", {})]
    _, kept = mixed(given_documents, alpha=1, budget_characters=200)
    assert by_folder(kept)["one"] == 1


def test_groups_beyond_the_bound_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies_module, "MAX_GROUPS", 3)
    step, kept = mixed(documents(a=50, b=40, c=30, d=20, e=10))
    assert {name: row["documents"] for name, row in step.metrics()["groups"].items()} == {
        "a": 50,
        "b": 40,
        "(other)": 60,
    }
    assert len(kept) == 150


def test_nothing_in_nothing_out() -> None:
    step, kept = mixed([])
    assert kept == []
    assert step.tables() == []


def test_what_cannot_be_meant_is_refused() -> None:
    for wrong in ({"shares": {"a": 0.7, "b": 0.7}}, {"shares": {"a": -1}}, {"max_epochs_of": {"a": 0}}):
        with pytest.raises(ValidationError):
            BalanceSettings(**wrong)


def test_buckets_are_even() -> None:
    buckets = [bucket_of(f"doc {i}", 0) for i in range(8192)]
    assert 0 <= min(buckets) < max(buckets) < BUCKETS
    assert sum(bucket < BUCKETS // 4 for bucket in buckets) == pytest.approx(2048, abs=120)


def test_ids_of_copies() -> None:
    document = Document("a#epoch7x", "t", "s", {})
    assert original_id(repeat_of(document, 12).id) == "a#epoch7x"
    assert not is_repeat(Document("notes#epoch2", "t", "s", {}))
    assert repeat_of(document, 2).meta == {"epoch": "2"}


@pytest.mark.parametrize("share", [0.2, 0.001])
def test_copies_never_cross_into_validation(tmp_path: Path, share: float) -> None:
    _, kept = mixed(documents(web=60, bank=20), alpha=0)
    written: dict[str, list[str]] = {}
    with CorpusWriter(tmp_path, validation_share=share, seed=3) as writer:
        for document in kept:
            writer.add(document)
        writer.finish()
    import pyarrow.parquet as pq

    for split in ("train", "validation"):
        table = pq.read_table(tmp_path / f"{split}-00000.parquet")
        written[split] = table["id"].to_pylist()
    originals = {split: {original_id(one) for one in ids} for split, ids in written.items()}
    assert not originals["train"] & originals["validation"]
    assert len(written["validation"]) == len(originals["validation"])
    assert all((split_score(one, 3) < share) == (one in originals["validation"]) for one in originals["train"])
    assert {one.id for one in kept} == {
        *written["train"],
        *written["validation"],
        *(one.id for one in kept if is_repeat(one) and original_id(one.id) in originals["validation"]),
    }

"""Repeated lines and paragraphs: the first stays, nothing is lost to what was dropped, memory is bounded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.data.document import Document
from samovar.data.duplicates.units import units_of
from samovar.data.steps import line_dedup
from samovar.data.steps.exact_dedup import ExactDedup, ExactDedupSettings
from samovar.data.steps.line_dedup import LineDedup, LineDedupSettings

FOOTER = "This message is confidential; write to ivan.petrov@example.org when it is not for you."
LINES = st.lists(st.sampled_from(["", " ", "one", "two", "three ", "Three", "\t"]), max_size=8).map("\n".join)


def dedup(texts: Sequence[str], **options: Any) -> tuple[LineDedup, list[str]]:
    step = LineDedup(LineDedupSettings(**options))
    return step, [one.text for one in step(Document(str(i), text, "test") for i, text in enumerate(texts))]


def test_the_first_of_a_repeated_paragraph_stays() -> None:
    texts = [f"A letter of its own about one thing.\n\n{FOOTER}", f"{FOOTER.upper()}\n\nAnother\nletter " + "x" * 90]
    step, kept = dedup(texts)
    assert kept == [texts[0], "Another\nletter " + "x" * 90]
    assert step.tally.edits == {"repeated paragraph": 1}
    (table,) = step.tables()
    assert table.rows[0][1] == "1"
    assert "confidential" in table.rows[0][0]
    assert "petrov" not in table.rows[0][0]


def test_lines_keep_what_stands_between_them() -> None:
    step, kept = dedup(["a header of some length\n  body", "x\na  header of some length\n\n  body 2\nend"], unit="line",
                       min_characters=10, min_kept_share=0.1)  # fmt: skip
    assert kept == ["a header of some length\n  body", "x\n\n  body 2\nend"]
    assert step.tally.edits == {"repeated line": 1}


def test_short_ones_and_repeats_within_a_document_stay() -> None:
    refrain = "and the long refrain of this song comes again and again and again"
    texts = [f"Yes.\n\n{refrain}\n\nverse\n\n{refrain}", "Yes.\n\nNo."]
    assert dedup(texts)[1] == texts


def test_a_document_that_loses_most_is_dropped_and_holds_nothing_against_others() -> None:
    own = "A paragraph that stands in the second and in the third document, and is long enough."
    texts = [FOOTER * 3, f"{FOOTER * 3}\n\n{own}", own]
    step, kept = dedup(texts)
    assert kept == [texts[0], own]
    assert step.tally.dropped == {"mostly paragraphs of earlier documents": 1}
    (sample,) = step.tally.dropped_samples["mostly paragraphs of earlier documents"].items
    assert sample.detail == "1 of 2 paragraphs, 75% of the characters"


def test_nothing_left_is_dropped_whatever_the_share() -> None:
    step, kept = dedup([FOOTER, FOOTER + "\n\n "], min_kept_share=0)
    assert kept == [FOOTER]
    assert sum(step.tally.dropped.values()) == 1


@pytest.mark.parametrize("unit", ["line", "paragraph"])
@given(text=st.text(st.sampled_from("\n\n\n \ta\u2028\r"), max_size=30))
@settings(deadline=None)
def test_units_and_separators_are_the_text(unit: Any, text: str) -> None:
    units = units_of(text, unit)
    assert len(units.separators) == max(0, len(units.units) - 1)
    assert units.without([False] * len(units.units)) == text
    assert all("\n\n" not in one for one in units.units)


@pytest.mark.parametrize("unit", ["line", "paragraph"])
@given(texts=st.lists(LINES, max_size=6), share=st.sampled_from([0.0, 0.5, 1.0]), batch=st.integers(1, 4))
@settings(deadline=None)
def test_batches_do_not_matter_and_once_is_enough(unit: str, texts: list[str], share: float, batch: int) -> None:
    options = {"unit": unit, "min_characters": 3, "min_kept_share": share}
    _, once = dedup(texts, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_dedup, "_BATCH_DOCUMENTS", batch)
        assert dedup(texts, **options)[1] == once
    assert dedup(once, **options)[1] == once
    alone = LineDedup(LineDedupSettings(**options))  # type: ignore[arg-type]
    judged = [alone.settle(one, alone.judge(one)) for one in (Document("1", text, "test") for text in texts)]
    assert [one.text for one in judged if one is not None] == once


def test_planted_lines_are_all_found_with_hashes_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.data.duplicates.seen.MAX_IN_MEMORY", 64)
    monkeypatch.setattr(line_dedup, "_BATCH_DOCUMENTS", 10)
    rng = random.Random(1)
    own = iter([f"line {number} of its own, {rng.random()}" for number in range(4000)])
    planted = [f"planted line {number}, {rng.random()}" for number in range(300)]
    texts, expected, placed = [], [], set()
    for _ in range(400):
        lines = [(next(own), True) for _ in range(6)]
        for line in rng.sample(planted, 3):
            lines.insert(rng.randrange(7), (line, line not in placed))
            placed.add(line)
        texts.append("\n".join(line for line, _ in lines))
        expected.append("\n".join(line for line, stays in lines if stays))
    step, kept = dedup(texts, unit="line", min_characters=10)
    assert kept == expected
    assert step.tally.edits["repeated line"] == 1200 - len(placed)
    assert list(step.scratch.glob("seen-*.bin"))


def test_exact_dedup_finds_copies_whose_hashes_are_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.data.duplicates.seen.MAX_IN_MEMORY", 50)
    step = ExactDedup(ExactDedupSettings())
    texts = [f"text  {number % 700}" for number in range(1000)]
    kept = list(step(Document(str(i), text, "test") for i, text in enumerate(texts)))
    assert [one.id for one in kept] == [str(number) for number in range(700)]
    assert step.tally.dropped == {"same text as an earlier document": 300}
    assert list(step.scratch.glob("seen-*.bin"))

"""The benchmark of toxicity counts as it says."""

from __future__ import annotations

import pytest

from benchmarks.toxicity import BOTH, LEARNED, LISTS, is_judged, score, summarize, tables

LABELS = ["hate", "hate", "offensive", "neither", "neither"]
CALLED = [["toxic", "hate"], [], ["toxic", "hate"], ["toxic", "offensive"], []]


def test_score_by_hand() -> None:
    # Called: three, of which two are labelled hate or offensive; of those there are three.
    assert score(LABELS, CALLED, "toxic") == {
        "labelled": 3, "called": 3, "precision": 0.6667, "recall": 0.6667, "f1": 0.6667
    }  # fmt: skip
    assert score(LABELS, CALLED, "hate") == {
        "labelled": 2, "called": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5
    }  # fmt: skip
    assert score(LABELS, CALLED, "offensive")["f1"] == 0
    assert score(["neither"], [[]], "hate") == {
        "labelled": 0, "called": 0, "precision": None, "recall": None, "f1": None
    }  # fmt: skip


def test_copies_of_a_tweet_are_on_one_side() -> None:
    texts = [f"a tweet, number {number}" for number in range(2000)]
    assert all(is_judged(text) == is_judged(text.upper() + "  ") for text in texts)
    assert 330 < sum(map(is_judged, texts)) < 470


def test_the_summary_has_all_and_its_tables_are_whole() -> None:
    texts = {"tweets": ["x" * 10] * 5, "pages": ["y" * 100] * 2}
    outcome = {
        "called": {"tweets": CALLED, "pages": [["toxic", "hate"], []]},
        "learned": {"tweets": CALLED[::-1], "pages": [[], []]},
        "seconds": {"tweets": 0.5, "pages": 2.0},
        "seconds_to_start": 1.5,
        "versions": {},
    }
    slow = {**outcome, "seconds": {"tweets": 5.0, "pages": 2.0}}
    body = summarize(LABELS, texts, {LISTS: [outcome], BOTH: [outcome, slow, slow], "peer": [slow]})
    assert set(body["quality"]) == {LISTS, BOTH, LEARNED, "peer"}
    assert list(body["quality"]["peer"]) == ["toxic"]
    assert body["quality"][LEARNED]["hate"]["recall"] == 0
    assert body["pages_called"] == {LISTS: 1, BOTH: 1, "peer": 1}
    assert body["speed"][LISTS]["tweets"]["texts_per_second"]["median"] == 10
    assert body["speed"][BOTH]["tweets"]["texts_per_second"] == {"median": 1.0, "low": 1.0, "high": 10.0}
    assert body["speed"][LISTS]["pages"]["megabytes_per_second"] == pytest.approx(1e-4, abs=5e-4)
    assert body["sets"]["labels"] == {"hate": 2, "offensive": 1, "neither": 2}
    assert "samovar, learned filter alone" in tables(body)

"""The classifier against hand-worked values and plain readings of its definitions; quality learnt from examples."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import CorruptError, DataError, MissingError
from samovar.data.classify.classifier import TextClassifier
from samovar.data.classify.examples import document_examples, labelled_examples
from samovar.data.classify.features import Extractor, words_of
from samovar.data.classify.held_out import area_under_curve, at_threshold, calibrate, measure
from samovar.data.classify.logistic import fit, minimise, sigmoid
from samovar.data.classify.training import FOLDS, Example, _folds, train
from samovar.data.document import Document
from samovar.data.splitting import evenly_cut
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.learned_quality import LearnedQualitySettings
from samovar.data.steps.step import Dropped, Marked, Step

pytest.importorskip("numba")

GOOD = ("the river flows past the mill", "сила равна произведению массы на ускорение", "a proof begins with a lemma")
BAD = ("BUY NOW cheap pills!!!", "жми сюда, скидка 90 %", "click here to win a prize")


def made_examples(num: int, seed: int = 0) -> list[Example]:
    rng = random.Random(seed)
    words = ["alpha", "beta", "gamma", "delta", "книга", "дом", "вода", "свет"]
    return [
        Example(f"{rng.choice(pool)} {' '.join(rng.choices(words, k=5))} {number}", label)
        for number in range(num)
        for label, pool in (("good", GOOD), ("bad", BAD))
    ]


def step_of(**options: object) -> Step:
    return make_step(step_classes()["learned_quality"].settings_class(step="learned_quality", **options), seed=0)


def test_features_by_a_plain_reading() -> None:
    # One word of two letters: itself, and the runs of three and four letters of ^ab$.
    assert len(Extractor().row("ab").buckets) == 1 + 2 + 1
    # ^abc$ has three runs of three, two of four and one of five; the pair and the second word come once more.
    row = Extractor().row("abc abc")
    assert len(row.buckets) == 1 + 1 + 6
    values = sorted(set(np.round(row.values / row.values.min(), 5).tolist()))
    assert values == [1.0, pytest.approx(1 + math.log(2), abs=1e-4)]
    assert float((row.values**2).sum()) == pytest.approx(1, abs=1e-5)
    assert words_of("Ёлка 2024!!! don't") == ["ёлка", "0000", "!!!", "don", "'", "t"]


def test_case_digits_and_capitals() -> None:
    extractor = Extractor()

    def buckets(text: str) -> set[int]:
        return set(extractor.row(text).buckets.tolist())

    assert buckets("Дом 17") == buckets("дом 39")
    assert len(buckets("ДОМ") - buckets("дом")) == 1  # the feature of a word in capitals
    assert buckets("a b") != buckets("b a")


@settings(deadline=None)
@given(st.text(st.characters(codec=None), max_size=200))
def test_any_text_has_features_of_length_one(text: str) -> None:
    row = Extractor().row(text)
    assert len(set(row.buckets.tolist())) == len(row.buckets)
    assert not len(row.values) or float((row.values**2).sum()) == pytest.approx(1, abs=1e-4)


def test_long_texts_are_read_in_stretches() -> None:
    text = "".join(chr(97 + number % 26) for number in range(1000))
    cut = evenly_cut(text, 100)
    assert [len(part) for part in cut.split("\n")] == [25] * 4
    assert cut.startswith(text[:25])
    assert cut.endswith(text[-25:])
    assert evenly_cut(text, 1000) == text


def test_minimise_finds_the_least_of_a_quadratic() -> None:
    matrix = np.diag([1.0, 10.0, 100.0]) + 0.1
    wanted = np.array([3.0, -2.0, 0.5])

    def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
        away = point - wanted
        return 1 + float(away @ matrix @ away) / 2, matrix @ away

    assert minimise(objective, np.zeros(3)) == pytest.approx(wanted, abs=0.05)


def test_the_gradient_is_nought_where_training_ends() -> None:
    examples = made_examples(40)
    rows = Extractor().rows(example.text for example in examples)
    are_good = np.array([example.label == "good" for example in examples])
    model = fit(rows, are_good, 1 << 20, c=2.0)
    dense = np.zeros((len(rows), 1 << 20), dtype=np.float32)
    for number in range(len(rows)):
        span = slice(rows.starts[number], rows.starts[number + 1])
        dense[number, rows.buckets_E[span]] = rows.values_E[span]
    margins = dense @ model.weights_F + model.bias
    assert margins == pytest.approx(model.margins(rows), abs=1e-4)
    residuals = (sigmoid(margins.astype(np.float64)) - are_good) / len(rows)
    gradient = residuals @ dense + model.weights_F / (2.0 * len(rows))
    start = (0.5 - are_good) / len(rows) @ dense
    assert np.abs(gradient).max() < 0.02 * np.abs(start).max()
    assert abs(residuals.sum()) < 0.01


def test_area_under_the_curve_by_pairs() -> None:
    margins = np.array([0.1, 0.4, 0.4, 0.8, 0.3])
    are_positive = np.array([False, True, False, True, False])
    # Six pairs: 0.4 beats 0.1 and 0.3 and ties with 0.4; 0.8 beats all three.
    assert area_under_curve(margins, are_positive) == pytest.approx(5.5 / 6)


def test_threshold_by_hand() -> None:
    found = at_threshold(np.array([0.9, 0.8, 0.4, 0.2]), np.array([True, False, True, False]), 0.4)
    assert (found.precision, found.recall, found.share) == (pytest.approx(2 / 3), 1.0, 0.75)
    assert math.isnan(at_threshold(np.array([0.1]), np.array([True]), 0.4).precision)


def test_calibration_recovers_what_made_the_labels() -> None:
    rng = np.random.default_rng(0)
    margins = rng.normal(0, 2, 20_000)
    are_positive = rng.random(20_000) < sigmoid(1.5 * margins - 0.7)
    calibration = calibrate(margins, are_positive)
    assert calibration.slope == pytest.approx(1.5, abs=0.08)
    assert calibration.offset == pytest.approx(-0.7, abs=0.08)
    quality = measure(margins, are_positive)
    assert quality.calibration_error < 0.02
    assert quality.at[5].threshold == 0.5


def test_guessing_measures_as_guessing() -> None:
    rng = random.Random(1)
    examples = [Example(f"word{rng.randrange(50)} word{rng.randrange(50)} {n}", rng.choice("ab")) for n in range(600)]
    held_out = train(examples, ["a"]).models["a"].held_out
    assert 0.4 < held_out.area < 0.6
    assert held_out.brier == pytest.approx(0.25, abs=0.03)


def test_training_is_deterministic_and_survives_its_file(tmp_path: Path) -> None:
    first, second = train(made_examples(60), ["good"], seed=3), train(made_examples(60), ["good"], seed=3)
    first.save(tmp_path / "a.safetensors")
    second.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    again = TextClassifier.load(tmp_path / "a.safetensors")
    for text in (*GOOD, *BAD, ""):
        assert again.probabilities(text) == first.probabilities(text)
    assert again.models["good"].held_out == first.models["good"].held_out
    assert again.notes == first.notes
    (tmp_path / "c.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(CorruptError):
        TextClassifier.load(tmp_path / "c.safetensors")


def test_it_learns_and_says_by_which_words() -> None:
    classifier = train(made_examples(100), ["good"])
    model = classifier.models["good"]
    assert model.held_out.area > 0.99
    assert all(classifier.probabilities(text)["good"] > 0.8 for text in GOOD)
    assert all(classifier.probabilities(text)["good"] < 0.2 for text in BAD)
    weights = dict(model.telling)
    assert weights["lemma"] > 0 > weights["скидка"]


def test_copies_and_contradictions_are_left_out() -> None:
    examples = [*made_examples(30), Example("same text", "good"), Example("Same  TEXT", "bad"), *made_examples(30)]
    notes = " ".join(train(examples, ["good"]).notes)
    assert "2 examples were left out: the same text has two labels" in notes
    assert "60 examples were left out: copies" in notes


def test_parts_of_a_document_are_held_out_together() -> None:
    examples = [Example(f"text {n}", label, f"{label}{n % 10}") for n in range(100) for label in ("good", "bad")]
    folds = _folds(examples, 0, [])
    by_group: dict[str, set[int]] = {}
    for example, fold in zip(examples, folds, strict=True):
        by_group.setdefault(example.group, set()).add(int(fold))
    assert all(len(numbers) == 1 for numbers in by_group.values())
    assert set(folds.tolist()) == set(range(FOLDS))
    notes: list[str] = []
    _folds([example._replace(group=example.label) for example in examples], 0, notes)
    assert "too few documents" in notes[0]


def test_too_few_examples_are_an_error() -> None:
    with pytest.raises(DataError, match="only 3 different examples of 'good'"):
        train(made_examples(30)[1::2] + made_examples(3), ["good"])


def test_examples_come_from_files_of_many_kinds(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "one.txt").write_text("Hello there.\n\n" + "Long paragraph of words. " * 200, encoding="utf-8")
    (tmp_path / "good" / "rows.jsonl").write_text('{"text": "a row"}\n{"text": "another"}\n', encoding="utf-8")
    found = list(document_examples([str(tmp_path / "good")], "good"))
    assert {"a row", "another"} <= {example.text.strip() for example in found}
    parts = [example for example in found if example.group]
    assert len(parts) == 3
    assert all(len(example.text) <= 2000 for example in found)
    (tmp_path / "l.csv").write_text('tweet,class\n"one, two",1\nthree,0\n', encoding="utf-8")
    rows = list(labelled_examples([str(tmp_path / "l.csv")], text_field="tweet", label_field="class"))
    assert [(row.text, row.label) for row in rows] == [("one, two", "1"), ("three", "0")]
    with pytest.raises(DataError, match="row 2: a row without text or content or body"):
        list(labelled_examples([str(tmp_path / "l.csv")]))
    (tmp_path / "open.csv").write_text('text,label\none,1\n"two,0\nthree,1\n', encoding="utf-8")
    with pytest.raises(DataError, match="row 3 opens a quote that is never closed"):
        list(labelled_examples([str(tmp_path / "open.csv")]))
    with pytest.raises(MissingError):
        list(document_examples([str(tmp_path / "none")], "bad"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no examples of 'bad'"):
        list(document_examples([str(tmp_path / "empty")], "bad"))


def labels(path: Path) -> str:
    rows = [{"text": example.text, "label": example.label} for example in made_examples(60)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_the_step_notes_or_drops(tmp_path: Path) -> None:
    path = labels(tmp_path / "labels.jsonl")
    step = step_of(labels=[path], show=1)
    verdicts = [step.judge(Document(text, text, "s")) for text in (*GOOD, *BAD)]
    assert all(isinstance(verdict, Marked) for verdict in verdicts)
    dropping = step_of(labels=[path], action="drop")
    kept = list(dropping(Document(text, text, "s") for text in (*GOOD, *BAD)))
    assert [document.text for document in kept] == list(GOOD)
    assert dropping.tally.dropped == {"unlike the good examples": 3}
    assert isinstance(dropping.judge(Document("b", BAD[0], "s")), Dropped)
    (rule,) = step.rules_for(Document("b", BAD[0], "s"))
    assert rule.bound == 0.5


def test_the_report_shows_quality_words_and_samples(tmp_path: Path) -> None:
    step = step_of(labels=[labels(tmp_path / "labels.jsonl")], show=1)
    list(step(Document(text, text, "s") for text in (*GOOD, *BAD)))
    tables = {table.title: table for table in step.tables()}
    assert tables["Quality of the learned filter"].rows[0][1:3] == ("60", "60")
    assert [row[0] for row in tables["Thresholds for 'good'"].rows][:2] == ["0.05", "0.1"]
    histogram = tables["probability of being good"].rows
    assert sum(int(row[1]) for row in histogram) == 6
    assert tables["most surely good"].rows[0][2] in GOOD
    assert tables["most surely bad"].rows[0][2] in BAD
    assert all(len(row) == len(table.head) for table in tables.values() for row in table.rows)


def test_samples_of_many_parts_are_as_many_as_of_one(tmp_path: Path) -> None:
    path = labels(tmp_path / "labels.jsonl")
    part, merged = step_of(labels=[path], show=1), step_of(labels=[path], show=1)
    part.scratch = merged.scratch = tmp_path / "scratch"
    for text in (*GOOD, *BAD):
        list(part(iter([Document(text, text, "s")])))
        merged.merge(part.take_tally())
    titles = [title for title in merged.tally.found if merged.most_of(title) is not None]
    assert len(titles) == 3
    assert all(1 <= len(merged.tally.found[title]) <= 4 < len((*GOOD, *BAD)) for title in titles)


def test_it_is_trained_once_for_all_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = labels(tmp_path / "labels.jsonl")
    first, second = step_of(labels=[path]), step_of(labels=[path])
    first.scratch = second.scratch = tmp_path / "scratch"
    wanted = first.judge(Document("g", GOOD[0], "s"))
    monkeypatch.setattr(type(second), "_train", lambda self: pytest.fail("trained again"))
    assert second.judge(Document("g", GOOD[0], "s")) == wanted


def test_without_examples_the_report_says_so() -> None:
    step = step_of()
    assert step.judge(Document("1", "text", "s")) is None
    assert "No examples" in step.tables()[0].rows[0][0]


def test_paths_are_the_projects_and_their_files_determine_the_corpus(tmp_path: Path) -> None:
    folder = tmp_path / "good"
    folder.mkdir()
    (folder / "one.txt").write_text("A text.", encoding="utf-8")
    (tmp_path / "bad.txt").write_text("Another.", encoding="utf-8")
    chosen = LearnedQualitySettings(step="learned_quality", good=["good"], bad=["bad.txt"]).below(tmp_path)
    assert chosen.files() == [folder / "one.txt", tmp_path / "bad.txt"]

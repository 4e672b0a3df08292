"""Each step keeps, edits or drops with its reason, counts what it did, and does nothing the second time."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import ConfigError
from samovar.core.settings import parse_settings
from samovar.data.document import Document
from samovar.data.settings import DEFAULT_STEPS, DataSettings
from samovar.data.steps import make_step, step_classes
from samovar.data.steps.step import Step

ANY_TEXT = st.text(st.characters(codec=None), max_size=80)
WHITE_TEXT = st.text(" \t\n\r\f\v\x00\x85\xa0\xad\u200b\u2028\ufeffae\u0301Й", max_size=60)


def run(name: str, texts: list[str], **settings: object) -> tuple[Step, list[Document]]:
    parsed = parse_settings(DataSettings, {"steps": [{"step": name, **settings}]}, source="test")
    step = make_step(parsed.steps[0], seed=1)
    documents = [Document(str(number), text, "test") for number, text in enumerate(texts)]
    return step, list(step(iter(documents)))


@pytest.mark.parametrize("name", sorted(step_classes()))
@given(texts=st.lists(ANY_TEXT | WHITE_TEXT, max_size=5))
@settings(deadline=None)  # the first call of a step may compile its inner loops
def test_every_step_is_idempotent_and_its_counts_add_up(name: str, texts: list[str]) -> None:
    step, once = run(name, texts)
    _, twice = run(name, [document.text for document in once])
    assert [document.text for document in twice] == [document.text for document in once]
    assert step.tally.documents_in == len(texts)
    assert step.tally.documents_out == len(once)
    assert step.tally.documents_in - step.tally.documents_out == sum(step.tally.dropped.values())
    assert step.tally.characters_out == sum(len(document.text) for document in once)


@given(WHITE_TEXT | ANY_TEXT)
def test_normalised_text_is_nfc_and_clean(text: str) -> None:
    _, kept = run("normalise", [text])
    for document in kept:
        assert unicodedata.is_normalized("NFC", document.text)
        document.text.encode()  # no halves of surrogate pairs
        assert not any(unicodedata.category(c) == "Cc" and c not in "\n\t" for c in document.text)
        assert "\n\n\n\n" not in document.text
        assert all(line == line.rstrip(" \t") for line in document.text.split("\n"))


def test_normalise_by_example() -> None:
    _, kept = run("normalise", ["\ufeffЙ\u0306 cafe\u0301\xa0au  \r\n\r\n\r\n\r\n\r\n    code\tx\x00\x0c\n", " \n\t\n"])
    assert [document.text for document in kept] == ["Й\u0306 café au\n\n\n    code\tx"]


def test_normalise_says_what_it_dropped() -> None:
    step, kept = run("normalise", ["\u200b \n"])
    assert not kept
    assert step.tally.dropped == {"nothing but white space": 1}


def test_length_drops_with_the_length_in_the_sample() -> None:
    step, kept = run("length", ["four", "just right", "far too long a text"], min_characters=5, max_characters=12)
    assert [document.text for document in kept] == ["just right"]
    assert step.tally.dropped == {"too short": 1, "too long": 1}
    assert "4 characters" in step.tally.dropped_samples["too short"].items[0].detail


def test_exact_dedup_keeps_the_first_of_equal_texts() -> None:
    step, kept = run("exact_dedup", ["one  text", "other", "one\ntext", "One text"])
    assert [document.id for document in kept] == ["0", "1", "3"]
    assert step.tally.dropped == {"same text as an earlier document": 1}


def test_redact_never_shows_what_it_masked() -> None:
    step, kept = run("redact", ["Write to ivan@example.org or call +7 495 123-45-67."])
    assert kept[0].text == "Write to [email] or call [phone]."
    assert step.tally.edits == {"email": 1, "phone": 1}
    assert [(sample.before, sample.after) for sample in step.tally.edited_samples.items] == [("", kept[0].text)]


@given(st.integers(0, 900), st.integers(0, 40))
def test_samples_of_dropped_documents_are_masked_and_bounded(before: int, spaces: int) -> None:
    secret = "ivan.petrov@example.org"
    step, _ = run("length", ["x" * before + " " * spaces + f" {secret} " * 40], max_characters=1)
    shown = step.tally.dropped_samples["too long"].items[0].text
    assert "petrov" not in shown
    assert len(shown) < 700


def test_samples_do_not_grow_with_the_corpus() -> None:
    step, _ = run("length", ["x"] * 5000)
    assert step.tally.dropped == {"too short": 5000}
    assert len(step.tally.dropped_samples["too short"].items) == 20


@pytest.mark.parametrize("name", [name for name, one in step_classes().items() if not one.is_local])
def test_a_step_used_alone_works_in_no_folder_of_the_user(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    step = make_step(step_classes()[name].settings_class(step=name), seed=0)
    for _ in step(iter([Document("a", "Some text of a few words.", "test")])):
        assert not list(tmp_path.iterdir())


def test_default_steps_and_bare_words() -> None:
    assert [step.step for step in DataSettings().steps] == list(DEFAULT_STEPS)
    assert [step.step for step in DataSettings.model_validate({"steps": ["redact", "length"]}).steps] == [
        "redact",
        "length",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"steps": ["normalize"]}, "normalise"),
        ({"steps": [{"step": "length", "min_chars": 3}]}, "did you mean 'min_characters'"),
        ({"steps": [{"step": "length", "min_characters": -1}]}, "greater than or equal to 0"),
        ({"sources": []}, "sources"),
        ({"sources": [{"kind": "python-docs", "path": "x"}]}, "no path"),
        ({"sources": [{"kind": "files"}]}, "needs a path"),
        ({"validation_share": 0}, "greater than 0"),
    ],
)
def test_wrong_settings_are_named(value: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_settings(DataSettings, value, source="samovar.yaml")

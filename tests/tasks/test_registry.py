"""Tasks by name, their splits and determinism."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.core.errors import ConfigError
from samovar.tasks.registry import load_task, split_of, task_names

MINE = ["arithmetic", "refusals", "sentiment", "small_talk"]


def test_file_names_are_task_names():
    assert set(MINE) <= set(task_names())
    assert not {"task", "registry", "words"} & set(task_names())
    for name in task_names():
        assert load_task(name).name == name


def test_names_are_listed_without_importing_the_tasks():
    code = (
        "import sys; from samovar.tasks.registry import task_names; names = task_names();"
        "assert not any(f'samovar.tasks.{name}' in sys.modules for name in names);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_task_is_refused_with_the_nearest_name():
    with pytest.raises(ConfigError) as caught:
        load_task("arithmetics")
    assert "did you mean 'arithmetic'" in (caught.value.hint or "")


@pytest.mark.parametrize("languages", [("de",), ()])
def test_unknown_languages_are_refused(languages):
    with pytest.raises(ConfigError):
        load_task("arithmetic", languages=languages)


@pytest.mark.parametrize("name", task_names())
def test_examples_depend_on_seed_split_and_index_alone(name):
    first, second = load_task(name, seed=7), load_task(name, seed=7)
    forward = [first.example("train", index) for index in range(20)]
    backward = [second.example("train", index) for index in reversed(range(20))]
    assert forward == backward[::-1]
    assert forward[10:] == list(first.examples("train", 10, start=10))
    assert forward != [load_task(name, seed=8).example("train", index) for index in range(20)]


@pytest.mark.parametrize("name", task_names())
def test_references_score_one_and_languages_take_turns(name):
    task = load_task(name)
    for split in ("train", "test"):
        examples = list(task.examples(split, 60))
        assert [e.language for e in examples[:4]] == ["en", "ru", "en", "ru"]
        for example in examples:
            assert task.grade(example, example.reference) == 1.0
            assert example.task == name
            assert example.prompt[-1].role == "user"
            assert example.conversation().messages == [*example.prompt, *example.reference]


@pytest.mark.parametrize("language", ["en", "ru"])
def test_one_language_can_be_asked_for(language):
    assert {e.language for e in load_task("small_talk", languages=(language,)).examples("train", 20)} == {language}


def test_one_key_in_ten_is_for_the_test():
    shares = [split_of(f"key {number}") for number in range(5000)]
    assert 0.08 < shares.count("test") / 5000 < 0.12


def test_a_split_is_the_same_on_every_machine():
    """Recorded values: a change would move instances between the splits of models already trained."""
    assert [number for number in range(30) if split_of(f"sum|{number}|{number + 1}") == "test"] == [13, 22]


@given(st.text())
def test_any_key_has_a_split(key):
    assert split_of(key) in {"train", "test"}

"""Tasks with levels: chosen behind the name, kept to, and harder the higher."""

from __future__ import annotations

import dataclasses
import re

import pytest

from samovar.core.errors import ConfigError
from samovar.tasks.long_sums import LongSums, worked_out
from samovar.tasks.registry import load_task
from samovar.tasks.task import assistant


def test_sums_are_worked_out_by_hand() -> None:
    assert worked_out([7, 4, 9, 3]) == "3+9=12+4=16+7=23"
    assert worked_out([5]) == "5"


@pytest.mark.parametrize(("name", "kind"), [("long_sums", "up to {}"), ("more_words", "{} words")])
def test_levels_are_kept_to_and_say_what_is_asked(name: str, kind: str) -> None:
    task = load_task(f"{name}@4-5")
    examples = list(task.examples("train", 40)) + list(task.examples("test", 40))
    assert {one.check["kind"] for one in examples} == {kind.format(4), kind.format(5)}
    assert {one.task for one in examples} == {f"{name}@4-5"}
    assert all(task.grade(one, one.reference) == 1.0 for one in examples)
    (only,) = {one.check["kind"] for one in load_task(f"{name}@3").examples("train", 10)}
    assert only == kind.format(3)


def test_the_level_of_a_sum_is_its_largest_number() -> None:
    for split in ("train", "test"):
        asked = [one.prompt[0].content for one in load_task("long_sums@7", languages=("en",)).examples(split, 60)]  # type: ignore[arg-type]
        terms = [[int(digit) for digit in re.findall(r"\d", question)] for question in asked]
        assert {max(some) for some in terms} == {7}
        assert {len(some) for some in terms} <= {2, 3, 4}


def test_a_sum_is_right_or_wrong_by_its_last_number() -> None:
    task = LongSums()
    example = dataclasses.replace(task.example("train", 0), check={"kind": "up to 7", "answer": 15})
    assert task.grade(example, [assistant("so it is 15.")]) == 1.0
    assert task.grade(example, [assistant("15, no, 16")]) == 0.0
    assert task.grade(example, []) == 0.0


def test_every_word_of_a_longer_story_counts() -> None:
    task = load_task("more_words@8", languages=("en",))
    one = task.example("train", 0)
    last = one.check["words"][-1]["word"]
    told = one.reference[0].content
    without = ". ".join(sentence for sentence in told.split(". ") if last not in sentence)
    assert task.grade(one, [assistant(told)]) == 1.0
    assert task.grade(one, [assistant(without)]) == pytest.approx(7 / 8)


def test_a_set_of_numbers_or_words_is_in_one_split() -> None:
    def sums(split: str) -> set[tuple[str, ...]]:
        examples = LongSums(languages=("en",)).examples(split, 400)  # type: ignore[arg-type]
        return {tuple(sorted(re.findall(r"\d", one.prompt[0].content))) for one in examples}

    assert not sums("train") & sums("test")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("long_sums@1-3", "has levels 2 to 9, not 1 to 3"),
        ("long_sums@5-4", "has levels 2 to 9, not 5 to 4"),
        ("arithmetic@2", "has no levels"),
        ("long_sums@", "is no level"),
        ("long_sums@4-4", "is no level"),
        ("long_sums@hard", "is no level"),
        ("long_sum@3", "there is no task 'long_sum'"),
    ],
)
def test_levels_that_are_not_there_are_refused(name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_task(name)

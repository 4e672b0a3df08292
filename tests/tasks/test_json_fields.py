"""JSON fields: references parse and hold what the paper says; the grader wants the exact object."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.tasks.json_fields import JsonFields
from samovar.tasks.task import Example, assistant

TASK = JsonFields()
TRAIN = list(TASK.examples("train", 3000))
TEST = list(TASK.examples("test", 800))
EXAMPLE = Example(
    "json_fields", "ru", (), (), {"fields": {"имя": "Пётр Орлов", "сумма": 1500, "город": None, "телефон": "555-0101"}}
)


def grade(reply: str, example: Example = EXAMPLE) -> float:
    return TASK.grade(example, [assistant(reply)])


def test_every_reference_is_right() -> None:
    assert all(TASK.grade(one, one.reference) == 1.0 for one in (*TRAIN, *TEST))


def test_the_reply_to_another_paper_is_wrong() -> None:
    shifted = TRAIN[2:] + TRAIN[:2]
    assert sum(TASK.grade(one, other.reference) for one, other in zip(TRAIN, shifted, strict=True)) < 10


def test_examples_repeat_by_their_number() -> None:
    assert list(JsonFields().examples("train", 30, start=5)) == TRAIN[5:35]


def test_splits_share_no_prompt_and_prompts_differ() -> None:
    train, test = ({one.prompt[0].content for one in examples} for examples in (TRAIN, TEST))
    assert not train & test
    assert len(train) > 0.995 * len(TRAIN)


def test_values_stand_in_the_paper_and_contacts_are_made_up() -> None:
    for one in (*TRAIN, *TEST):
        text = one.prompt[0].content
        for value in one.check["fields"].values():
            assert value is None or str(value) in text
            assert "@" not in str(value) or "@example." in str(value)


def test_fields_that_the_paper_lacks_are_null() -> None:
    values = [value for one in TRAIN for value in one.check["fields"].values()]
    assert 0.08 < values.count(None) / len(values) < 0.25


def test_lengths_suit_a_small_context() -> None:
    longest = {"en": 600, "ru": 500}
    assert all(
        len(one.prompt[0].content) + len(one.reference[0].content) <= longest[one.language] for one in (*TRAIN, *TEST)
    )


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ('{"имя": "Пётр Орлов", "сумма": 1500, "город": null, "телефон": "555-0101"}', 1.0),
        ('{"телефон": "555-0101", "сумма": "1500", "город": null, "имя": "петр  орлов"}', 1.0),
        ('{"имя": "Пётр Орлов", "сумма": 1500.0, "город": null, "телефон": "555-0101"}', 1.0),
        ('{"имя": "Пётр Орлов", "сумма": 1501, "город": null, "телефон": "555-0101"}', 0.0),
        ('{"имя": "Пётр Орлов", "сумма": 1500, "город": "", "телефон": "555-0101"}', 0.0),
        ('{"имя": "Пётр Орлов", "сумма": 1500, "телефон": "555-0101"}', 0.0),
        ('{"имя": "Пётр Орлов", "сумма": 1500, "город": null, "телефон": "555-0101", "дом": 1}', 0.0),
        ('Вот: {"имя": "Пётр Орлов", "сумма": 1500, "город": null, "телефон": "555-0101"}', 0.0),
        ("[1, 2]", 0.0),
        ("[" * 5000, 0.0),
        ("", 0.0),
    ],
)
def test_grader_wants_the_exact_object(reply: str, score: float) -> None:
    assert grade(reply) == score


def test_share_right_counts_values() -> None:
    reply = '{"имя": "Пётр Орлов", "сумма": 1, "город": null, "телефон": 5}'
    assert TASK.share_right(EXAMPLE, [assistant(reply)]) == 0.5


@given(st.text() | st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_any_reply_is_graded_without_an_error(reply: str) -> None:
    assert grade(reply) == 0.0

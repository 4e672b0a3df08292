"""Arithmetic: references are right by Python's own arithmetic, splits share no operands, the grader reads numbers."""

import json
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.agent.tools.calculator import calculate
from samovar.chat.conversation import Message
from samovar.tasks.arithmetic import Arithmetic, last_number
from samovar.tasks.task import assistant
from samovar.tasks.words.numerals import english_words, numbers_in_words, russian_plural, russian_words

TASK = Arithmetic(seed=3)
TRAIN = list(TASK.examples("train", 4000))
TEST = list(TASK.examples("test", 1000))


def calls_of(example):
    return [call for message in example.reference for call in message.tool_calls]


def test_every_reference_is_graded_right_and_its_neighbour_wrong():
    for example in TRAIN + TEST:
        assert TASK.grade(example, example.reference) == 1.0
        other = str(Fraction(example.check["answer"]) + 1)
        assert TASK.grade(example, [assistant(other)]) == 0.0


def test_the_value_is_what_the_calculator_says():
    for example in TRAIN:
        assert calculate(example.check["expression"]) == example.check["answer"]


def test_tool_calls_carry_the_expression_and_their_results_are_the_calculators():
    with_calls = [example for example in TRAIN if calls_of(example)]
    assert len(with_calls) > 1000
    for example in with_calls:
        asked, result, answer = example.reference
        assert [call.name for call in asked.tool_calls] == ["calculator"]
        assert result.role == "tool"
        assert result.tool_call_id == asked.tool_calls[0].id
        assert result.content == calculate(asked.tool_calls[0].arguments["expression"])
        assert result.content in answer.content


def test_sums_and_differences_are_answered_in_the_head_and_products_never():
    for example in TRAIN:
        assert bool(calls_of(example)) == (example.check["kind"] not in {"sum", "difference"})


def test_every_equation_in_an_answer_holds():
    """ "47 + 38 = 70 + 15 = 85": all the sides are equal."""
    num_steps = 0
    for example in TRAIN:
        if example.check["kind"] not in {"sum", "difference"}:
            continue
        sides = re.match(r"[-+ =\d]+", example.reference[-1].content)[0].split("=")
        assert {calculate(side) for side in sides} == {example.check["answer"]}
        num_steps += len(sides) == 3
    assert num_steps > 500


def test_splits_share_no_pair_of_operands():
    def keys(examples):
        found = set()
        for example in examples:
            expression = example.check["expression"]
            parts = re.fullmatch(r"(\d+)([+*])(\d+)", expression)
            found.add((parts[2], *sorted((parts[1], parts[3]))) if parts else expression)
        return found

    assert not keys(TRAIN) & keys(TEST)


def test_the_documented_question_is_held_out_and_natural():
    train = {example.prompt[0].content.lower() for example in TASK.examples("train", 20_000)}
    assert not any(re.search(r"\b(17\s*[*×xх]\s*24|24\s*[*×xх]\s*17)\b", question) for question in train)
    shapes = {re.sub(r"\d+", "N", question) for question in train}
    assert "сколько будет N*N?" in shapes
    asked = [example for example in TASK.examples("test", 20_000) if example.check["expression"] in ("17*24", "24*17")]
    assert asked


def test_no_question_has_one_or_two_of_percents_in_a_russian_plural():
    questions = [example.prompt[0].content.lower() for example in TRAIN + TEST if example.check["kind"] == "percent"]
    assert any("процентов" in question for question in questions)
    assert any(re.search(r"\b[12]%", question) for question in questions)
    assert not any(re.search(r"\b[12] процентов", question) for question in questions)


def test_it_is_the_same_every_time_and_json_able():
    again = Arithmetic(seed=3)
    assert [again.example("train", index) for index in range(50)] == TRAIN[:50]
    assert [Arithmetic(seed=4).example("train", index) for index in range(50)] != TRAIN[:50]
    json.dumps([dict(example.check) for example in TRAIN])


def test_examples_are_short_and_varied():
    for example in TRAIN:
        assert sum(len(message.content) for message in example.conversation().messages) < 400
    shapes = {re.sub(r"\d+", "N", example.prompt[0].content) for example in TRAIN}
    assert len(shapes) > 1200


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("47 + 38 = 85", 85),
        ("17 × 24 = 408. Ответ: 408 рублей.", 408),
        ("It is 1,234.", 1234),
        ("Получится 12 345", 12345),
        ("23 - 58 = -35", -35),
        ("23 − 58 = −35", -35),
        ("7 / 2 = 3.5", Fraction(7, 2)),
        ("это 3,5", Fraction(7, 2)),
        ("It is eighty-five.", 85),
        ("Будет восемьдесят пять.", 85),
        ("minus twelve", -12),
        ("четыреста восемь", 408),
        ("two thousand three hundred and four", 2304),
    ],
)
def test_last_number(text, value):
    assert value in last_number(text)


def test_a_difference_is_not_read_as_a_negative_number():
    assert last_number("90-47") == {Fraction(47)}


@pytest.mark.parametrize(
    "completion", [[], [assistant("")], [assistant("не знаю")], [Message(role="user", content="85")]]
)
def test_no_number_scores_nothing(completion):
    assert TASK.grade(TRAIN[0], completion) == 0.0


@given(st.text())
def test_the_grader_takes_any_text(text):
    assert TASK.grade(TRAIN[0], [assistant(text)]) in {0.0, 1.0}


@given(st.integers(0, 99), st.sampled_from(["nominative", "accusative", "genitive", "dative"]), st.sampled_from("mfn"))
def test_words_are_read_back(number, case, gender):
    assert numbers_in_words(russian_words(number, case, gender)) == [number]
    assert numbers_in_words(english_words(number)) == [number]


@pytest.mark.parametrize(
    ("number", "form"), [(1, "яблоко"), (2, "яблока"), (5, "яблок"), (11, "яблок"), (21, "яблоко"), (112, "яблок")]
)
def test_russian_plural(number, form):
    assert russian_plural(number, "яблоко", "яблока", "яблок") == form


def test_russian_numerals_agree():
    assert russian_words(21, "accusative", "f") == "двадцать одну"
    assert russian_words(42, "nominative", "f") == "сорок две"
    assert russian_words(51, "genitive") == "пятидесяти одного"
    assert russian_words(40, "dative") == "сорока"

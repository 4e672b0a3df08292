"""Passage questions: the reference is right, a wrong reply is not, and the two splits share nothing."""

from __future__ import annotations

import re

import pytest

from samovar.engine.quotes import holds
from samovar.tasks.passage_questions import PassageQuestions
from samovar.tasks.passages import english, russian
from samovar.tasks.passages.domain import Domain, is_held_out
from samovar.tasks.task import Example, assistant
from samovar.tasks.words.people import ENGLISH_BOYS, ENGLISH_GIRLS, RUSSIAN_BOYS, RUSSIAN_GIRLS

TASK = PassageQuestions()
TRAIN = list(TASK.examples("train", 3000))
TEST = list(TASK.examples("test", 1000))
DOMAINS = [*english.DOMAINS, *russian.DOMAINS]


def grade(example: Example, reply: str) -> float:
    return TASK.grade(example, [assistant(reply)])


def find(language: str, *, is_answerable: bool) -> Example:
    return next(one for one in TRAIN if one.language == language and bool(one.check["accept"]) == is_answerable)


def test_every_reference_is_right() -> None:
    assert all(TASK.grade(one, one.reference) == 1.0 for one in (*TRAIN, *TEST))


def test_the_reply_to_another_question_is_wrong() -> None:
    answerable = [one for one in TRAIN if one.check["accept"]]
    shifted = answerable[2:] + answerable[:2]
    assert sum(TASK.grade(one, other.reference) for one, other in zip(answerable, shifted, strict=True)) < 10


def test_examples_repeat_by_their_number() -> None:
    assert list(PassageQuestions().examples("train", 50, start=20)) == TRAIN[20:70]
    assert PassageQuestions(seed=1).example("train", 0) != TRAIN[0]


def test_splits_share_no_prompt_and_prompts_differ() -> None:
    train = {one.prompt[0].content for one in TRAIN}
    test = {one.prompt[0].content for one in TEST}
    assert not train & test
    assert len(train) > 0.995 * len(TRAIN)
    assert len(test) > 0.995 * len(TEST)


def test_held_out_names_are_in_test_passages_alone() -> None:
    names = [str(name) for name in (*ENGLISH_GIRLS, *ENGLISH_BOYS, *RUSSIAN_GIRLS, *RUSSIAN_BOYS)]
    held_out = {name for name in names if is_held_out(name)}
    assert len(held_out) >= 10
    trained = {word for one in TRAIN for word in re.findall(r"\w+", one.check["passage"])}
    tested = {word for one in TEST for word in re.findall(r"\w+", one.check["passage"])}
    assert not held_out & trained
    assert held_out & tested


@pytest.mark.parametrize(("examples", "expected"), [(TEST, 0.17), (TRAIN, 0.2)])
def test_some_questions_have_no_answer(examples: list[Example], expected: float) -> None:
    share = sum(not one.check["accept"] for one in examples) / len(examples)
    assert share == pytest.approx(expected, abs=0.04)


def test_lengths_suit_a_small_context() -> None:
    longest = {"en": 450, "ru": 350}
    assert all(len(one.check["passage"]) <= longest[one.language] for one in (*TRAIN, *TEST))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_grader_on_an_answerable_question(language: str) -> None:
    example = find(language, is_answerable=True)
    *_, quote_line, answer_line = example.reference[0].content.split("\n")
    short = answer_line.split(": ", 1)[1]
    absent = find(language, is_answerable=False).reference[0].content.split("\n")[-1]
    assert grade(example, short.upper()) == 1.0
    assert grade(example, f"{answer_line}\n{quote_line}") == 1.0
    assert grade(example, f"{quote_line}\n") == 0.0
    assert grade(example, f"> {short} {short}\n{answer_line}") == 0.0
    assert grade(example, example.check["passage"]) == 0.0
    assert grade(example, absent) == 0.0
    assert grade(example, f"{answer_line} {absent}") == 0.0
    assert grade(example, "") == 0.0


@pytest.mark.parametrize("language", ["en", "ru"])
def test_grader_on_a_question_without_an_answer(language: str) -> None:
    example = find(language, is_answerable=False)
    absent = example.reference[0].content.split("\n")[-1]
    sentence = example.check["passage"].split(".")[0] + "."
    assert grade(example, absent.lower().rstrip(".")) == 1.0
    assert grade(example, f"> {sentence}\n{absent}") == 0.0
    assert grade(example, sentence) == 0.0


def test_an_answer_that_lists_all_names_is_wrong() -> None:
    example = next(one for one in TRAIN if one.check["accept"] and len(one.check["reject"]) >= 2)
    right = example.check["accept"][0][0]
    assert grade(example, f"{right} {example.check['reject'][0]}") == 0.0


def test_a_number_inside_a_longer_one_is_not_the_answer() -> None:
    check = {"passage": "Room 7 is free. Room 17 is full.", "accept": [["7"]], "reject": []}
    example = Example("passage_questions", "en", (), (), check)
    assert grade(example, "17") == 0.0
    assert grade(example, "room 7.") == 1.0


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_every_answer_stands_in_a_sentence(domain: Domain) -> None:
    assert len(domain.facts) >= 6
    for fact in domain.facts:
        assert len(fact.says) >= 2
        assert fact.asks
        for ask in fact.asks:
            assert ask.sentences, f"{ask.answer!r} stands in none of {fact.says}"
            assert ask.questions


def test_the_reference_quotes_the_passage_and_answers_from_the_quote() -> None:
    for one in (*TRAIN, *TEST):
        if one.check["accept"]:
            *_, quote, answer = one.reference[0].content.split("\n")
            assert quote[2:] in one.check["passage"]
            assert answer.split(": ", 1)[1].rstrip(".").lower() in quote.lower()


def test_what_the_question_names_is_said_first_and_stands_in_the_quote() -> None:
    """As the engine understands it, which holds a quote to it: of the right sentences it must not rule out any."""
    named = [one for one in (*TRAIN, *TEST) if one.check["accept"] and one.reference[0].content.count("\n") == 2]
    assert len(named) > len(TRAIN) / 2
    missed = 0
    for one in named:
        sought, quote, _ = one.reference[0].content.split("\n")
        name = sought.split(": ", 1)[1]
        assert all(part in one.prompt[-1].content for part in name.removesuffix(".").split(", "))
        missed += not holds(quote, name)
    assert missed <= 0.01 * len(named)

"""Sentiment: labels are graded alone, and test reviews are new."""

import re

import pytest

from samovar.tasks.sentiment import Sentiment
from samovar.tasks.task import assistant
from samovar.tasks.words import sentiment_en, sentiment_ru
from samovar.tasks.words.reviews import clause

TASK = Sentiment(seed=5)
TRAIN = list(TASK.examples("train", 4000))
TEST = list(TASK.examples("test", 1000))


def test_every_reference_is_graded_right_and_other_labels_wrong():
    answers = {(e.language, e.check["label"]): e.reference for e in TRAIN}
    assert len(answers) == 6
    for example in TRAIN + TEST:
        assert TASK.grade(example, example.reference) == 1.0
        for (language, label), answer in answers.items():
            if language == example.language and label != example.check["label"]:
                assert TASK.grade(example, answer) == 0.0


def test_naming_all_labels_scores_nothing():
    assert TASK.grade(TRAIN[0], [assistant("positive negative neutral")]) == 0.0


@pytest.mark.parametrize("words", [sentiment_en, sentiment_ru])
def test_no_statement_is_both_good_and_bad(words):
    for good, bad in ((words.GOOD, words.BAD), (words.GOOD_WHOLE, words.BAD_WHOLE), (words.GOOD_END, words.BAD_END)):
        assert not set(good) & set(bad)


def test_clauses_agree():
    assert clause("кнопки p", "отличн{ый/ая/ое/ые}") == "кнопки отличные"
    assert clause("батарея f", "понравил{ся/ась/ось/ись}") == "батарея понравилась"
    assert clause("кнопки p", "радует|радуют") == "кнопки радуют"
    assert clause("the actors*", "{is/are} great") == "the actors are great"
    assert clause("the story", "{is/are} great") == "the story is great"


@pytest.mark.parametrize("words", [sentiment_en, sentiment_ru])
def test_every_clause_comes_out_whole(words):
    for domain in words.DOMAINS:
        for aspect in domain.aspects:
            for predicate in (*words.GOOD, *words.BAD, *domain.good, *domain.bad):
                assert not re.search(r"[{}|*/]", clause(aspect, predicate))


def test_splits_share_no_question_and_half_of_the_test_has_unseen_statements():
    train = {e.prompt[0].content for e in TASK.examples("train", 15_000)}
    assert not train & {e.prompt[0].content for e in TEST}
    seen = " ".join(train).lower()
    clauses = [
        re.findall(r"(?:the|The) \w+ (?:is|are) [\w ]+", e.prompt[0].content) for e in TEST if e.language == "en"
    ]
    num_unseen = sum(any(found.lower() not in seen for found in reviews) for reviews in clauses)
    assert 0.15 < num_unseen / len(clauses) < 0.8


def test_labels_are_balanced():
    labels = [e.check["label"] for e in TRAIN]
    assert all(0.2 < labels.count(label) / len(labels) < 0.42 for label in ("good", "bad", "neutral"))

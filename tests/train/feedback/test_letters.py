"""Which letter a judge gave, however it put it; and the odds that a server told."""

from __future__ import annotations

import math
from typing import Any

import pytest

from samovar.train.feedback.letters import find_letter, read_choice
from tests.train.feedback.stand_in import with_odds


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("A", "A"), (" B.", "B"), ("**A**", "A"), ("[[B]]", "B"), ("Answer: A", "A"), ("Ответ: Б", "B"), ("В", "B"),
        ("А.", "A"), ('{"better": "B"}', "B"), ("A, as it keeps the rule.", "A"), ("B\nIt is honest.", "B"),
        ("Both have merits, B is rude, A is not. [[A]]", "A"), ("The better one is (B).", "B"), ("a", None),
        ("A good answer is the second one", None), ("A is better than B.", None),
        ("В первом ответе больше правды", None),
        ("neither", None), ("", None), ("[[A]] or [[B]]", None), ("А второй ответ хуже", None), ("ABBA", None),
    ],
)  # fmt: skip
def test_a_letter_is_found_only_where_it_is_the_verdict(text: str, letter: str | None) -> None:
    assert find_letter(text) == letter


def test_thoughts_are_passed_over() -> None:
    said = {"message": {"content": "<think>A seems right. Or B?</think>\n\nB"}}
    assert read_choice(said, is_letter=True) == ("B", None, "B", "")
    assert read_choice(said, is_letter=False).text == "B"


@pytest.mark.parametrize(
    "choice", [{}, {"message": None}, {"message": {"content": None}}, {"message": {"content": [1]}}]
)
def test_no_words_are_no_answer(choice: dict[str, Any]) -> None:
    assert read_choice(choice, is_letter=True).problem == "unreadable"
    assert read_choice(choice, is_letter=False).problem == "unreadable"


@pytest.mark.parametrize("log_odds", [2.5, 0.1, -0.1, -7.0])
def test_odds_are_those_of_the_two_letters(log_odds: float) -> None:
    reply = read_choice(with_odds(log_odds), is_letter=True)
    assert reply.log_odds == pytest.approx(log_odds)
    assert reply.letter == ("A" if log_odds > 0 else "B")


def test_spellings_of_a_letter_add_up_and_a_missing_one_is_at_most_the_last() -> None:
    top = [(" A", 0.4), ("A", 0.2), ("В", 0.1), ("the", 0.05)]
    told = [{"token": token, "logprob": math.log(share)} for token, share in top]
    content = [{"token": "Verdict", "top_logprobs": []}, {"token": " A", "top_logprobs": told}]
    choice = {"message": {"content": "Verdict: A"}, "logprobs": {"content": content}}
    assert read_choice(choice, is_letter=True).log_odds == pytest.approx(math.log(0.6 / 0.1))
    content[1]["top_logprobs"] = [told[0], told[3]]
    assert read_choice(choice, is_letter=True).log_odds == pytest.approx(math.log(0.4 / 0.05))
    for broken in ([], [{"token": 5}], [{"token": "A", "logprob": "x"}], None):
        content[1]["top_logprobs"] = broken
        assert read_choice(choice, is_letter=True) == ("Verdict: A", None, "A", "")

"""Who says which of several answers are better, by hand: win shares, ties, answers without words or without verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from samovar.chat.conversation import Conversation, Message
from samovar.train.choosing import ByConstitution, facts_of, win_rate
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.constitution import Constitution, Rule
from samovar.train.feedback.judge import Judge, Leaning
from samovar.train.feedback.ledger import Asker, Ledger
from samovar.train.on_policy import best_and_worst
from tests.train.feedback.judging import CONSTITUTION, Polite

PROMPT = Conversation(messages=[Message(role="user", content="How do I ask?")])


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "asked.jsonl") as found:
        yield found


def chooser(ledger: Ledger, adviser: Polite) -> ByConstitution:
    return ByConstitution(Judge(Asker(adviser, ledger, is_quiet=True)), CONSTITUTION)


def test_the_share_of_the_others_that_an_answer_wins_against(ledger: Ledger) -> None:
    """Polite words: two, none, one and one. The last two tie, and are a win of the first and over the second."""
    said = ["please thanks", "now", "please", "kindly"]
    found = chooser(ledger, Polite()).score([PROMPT], [said])
    assert found.score_PG.tolist() == [[1.0, 0.0, 0.5, 0.5]]
    assert found.leaning is not None
    # Six comparisons; of that between the two equally polite ones the first was preferred in both orders.
    assert found.leaning == Leaning(judged=6, flipped=1, first=2 + 5, unanswered=found.leaning.unanswered)
    [pair] = best_and_worst([PROMPT], [said], found.score_PG, has_scale=False)
    assert (pair.chosen[0].content, pair.rejected[0].content, pair.margin) == ("please thanks", "now", 0.0)


def test_equal_answers_are_compared_once_and_empty_ones_lose_unasked(ledger: Ledger) -> None:
    polite, said = Polite(), [["please", "now", "please"], ["", " ", "now"]]
    found = chooser(ledger, polite).score([PROMPT, PROMPT], said)
    assert found.score_PG.tolist() == [[1.0, 0.0, 1.0], [0.25, 0.25, 1.0]]
    assert len(polite.asked) == 2
    pairs = best_and_worst([PROMPT, PROMPT], said, found.score_PG, has_scale=False)
    assert len(pairs) == 1, "an empty answer teaches nothing, good or bad"


def test_where_nobody_is_better_there_is_no_pair(ledger: Ledger) -> None:
    said = [["now", "fool"], ["please", "please"]]
    found = chooser(ledger, Polite()).score([PROMPT, PROMPT], said)
    assert (found.score_PG == 0.5).all()
    assert best_and_worst([PROMPT, PROMPT], said, found.score_PG, has_scale=False) == []


class Silent(Polite):
    """Says nothing that can be read of answers with the word hurry."""

    def ask(self, asks: Sequence[Ask], on_reply: Callable[[int, Reply], None]) -> None:
        for number, ask in enumerate(asks):
            if "hurry" in ask.messages[0].content:
                on_reply(number, Reply(problem="unreadable"))
            else:
                super().ask([ask], lambda _, reply, number=number: on_reply(number, reply))  # type: ignore[misc]


def test_without_a_verdict_two_answers_count_as_not_compared(ledger: Ledger) -> None:
    found = chooser(ledger, Silent()).score([PROMPT], [["please", "hurry", "now"]])
    assert found.score_PG.tolist() == [[1.0, 0.5, 0.0]]
    assert found.leaning is not None
    assert facts_of([found.leaning, found.leaning]) == {
        "judged": 2, "flipped_share": 0.0, "first_share": 0.5, "without_verdict": {"unreadable": 4},
    }  # fmt: skip
    assert facts_of([]) == {}


def test_so_many_rules_as_asked_for_the_same_in_both_orders(ledger: Ledger) -> None:
    rules = Constitution(tuple(Rule(f"Be kind in way {number}.") for number in range(9)))
    polite = Polite()
    judge = Judge(Asker(polite, ledger, is_quiet=True))
    ByConstitution(judge, rules, rules=2, seed=3).score([PROMPT], [["please", "now"]])
    shown = [[rule.text for rule in rules.rules if rule.text in ask.messages[0].content] for ask in polite.asked]
    assert len(shown) == 2
    assert shown[0] == shown[1]
    assert len(shown[0]) == 2


@pytest.mark.parametrize(("now", "rate"), [("please", 1.0), ("fool", 0.5), ("", 0.0)])
def test_the_win_rate_over_the_beginning(ledger: Ledger, now: str, rate: float) -> None:
    assert win_rate(chooser(ledger, Polite()), [PROMPT, PROMPT], [now, now], ["now", "now"]) == rate


def test_a_scale_gives_pairs_their_margin() -> None:
    score_PG = np.array([[0.5, 2.0, -1.0]])
    [pair] = best_and_worst([PROMPT], [["a", "b", "c"]], score_PG, has_scale=True)
    assert (pair.chosen[0].content, pair.rejected[0].content, pair.margin) == ("b", "c", 3.0)


def test_an_answer_without_a_score_is_neither_the_best_nor_the_worst() -> None:
    score_PG = np.array([[np.nan, 2.0, 1.0], [np.nan, np.nan, 1.0]])
    said = [["a", "b", "c"], ["a", "b", "c"]]
    [pair] = best_and_worst([PROMPT, PROMPT], said, score_PG, has_scale=True)
    assert (pair.chosen[0].content, pair.rejected[0].content, pair.margin) == ("b", "c", 1.0)


def test_an_answer_that_was_cut_is_chosen_only_where_none_came_to_its_end() -> None:
    said, score_PG = [["a", "b", "c"]] * 2, np.array([[3.0, 2.0, 1.0]] * 2)
    is_cut_PG = np.array([[True, False, False], [True, True, True]])
    found = best_and_worst([PROMPT, PROMPT], said, score_PG, has_scale=True, is_cut_PG=is_cut_PG)
    assert [(one.chosen[0].content, one.rejected[0].content) for one in found] == [("b", "c"), ("a", "c")]


def test_tools_that_were_offered_are_offered_to_who_learns_and_their_calls_are_calls() -> None:
    offers = PROMPT.model_copy(update={"tools": [{"type": "function", "function": {"name": "brew"}}]})
    call = '<tool_call>{"name": "brew", "arguments": {}}</tool_call>'
    [pair] = best_and_worst([offers], [[call, "no"]], np.array([[1.0, 0.0]]), has_scale=True)
    assert pair.tools == tuple(offers.tools)
    assert [one.name for one in pair.chosen[0].tool_calls] == ["brew"]
    assert pair.rejected[0].content == "no"

"""Verdicts of a judge whose truth and leaning are known: swapping takes the leaning out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from samovar.chat.conversation import Message
from samovar.core.errors import BusyError, DataError
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.constitution import Rule
from samovar.train.feedback.endpoint import Endpoint
from samovar.train.feedback.judge import Compared, Judge, Leaning, Verdict, lessons
from samovar.train.feedback.ledger import Asker, Ledger
from samovar.train.feedback.settings import AdviserSettings
from tests.train.feedback.judging import CONSTITUTION, Polite
from tests.train.feedback.stand_in import answers_in, stand_in, with_odds

Judging = Callable[..., Judge]
RULES = CONSTITUTION.rules[:1]
PROMPT = (Message(role="user", content="How do I ask for the cup?"),)
KIND, CURT, KINDER = "The cup please", "The cup now", "The cup please thanks kindly"


def compare(judge: Judge, left: str, right: str, rules: tuple[Rule, ...] = RULES) -> Verdict:
    return judge.compare_all([Compared(PROMPT, left, right, rules)])[0]


@pytest.fixture
def judging(tmp_path: Path) -> Iterator[Callable[..., Judge]]:
    """Makes judges, one after another, whose ledger is the same file."""
    stack = ExitStack()

    def make(adviser: Polite, **how: Any) -> Judge:
        stack.close()
        ledger = stack.enter_context(Ledger(tmp_path / "asked.jsonl"))
        return Judge(Asker(adviser, ledger, is_quiet=True), **how)

    with stack:
        yield make


@pytest.mark.parametrize("leaning", [0.0, 1.5, -1.5])
def test_a_small_leaning_changes_no_verdict_and_no_margin(judging: Judging, leaning: float) -> None:
    judge = judging(Polite(leaning))
    assert compare(judge, KIND, CURT) == Verdict("left", False, 2.0, 1)
    assert compare(judge, CURT, KIND) == Verdict("right", False, -2.0, 1)


@pytest.mark.parametrize(("leaning", "first"), [(5.0, 2), (-5.0, 0)])
def test_a_verdict_that_turns_with_the_order_is_a_tie_or_decided_by_the_mean(
    judging: Judging, leaning: float, first: int
) -> None:
    strict = judging(Polite(leaning))
    assert compare(strict, KIND, CURT) == Verdict("tie", True, 2.0, first)
    mean = judging(Polite(leaning), flips="mean")
    assert compare(mean, CURT, KIND) == Verdict("right", True, -2.0, first)
    assert compare(mean, CURT, "Now the cup").winner == "tie"


def test_a_judge_of_bare_letters_has_no_margin_and_its_flips_are_ties(judging: Judging) -> None:
    judge = judging(Polite(5.0, tells_odds=False), flips="mean")
    assert compare(judge, KIND, CURT) == Verdict("tie", True, None, 2)
    assert compare(judge, KINDER, CURT) == Verdict("left", False, None, 1)


def test_a_verdict_that_is_not_sure_enough_is_a_tie(judging: Judging) -> None:
    judge = judging(Polite(), min_margin=3.0)
    assert compare(judge, KIND, CURT).winner == "tie"
    assert compare(judge, KINDER, CURT).winner == "left"


def test_equal_answers_are_a_tie_of_which_nobody_is_asked(judging: Judging) -> None:
    adviser = Polite(5.0)
    pairs = [
        Compared(PROMPT, KIND, KIND, RULES),
        Compared(PROMPT, KIND, CURT, RULES),
        Compared(PROMPT, CURT, CURT, RULES),
    ]
    verdicts = judging(adviser).compare_all(pairs)
    assert [one.winner for one in verdicts] == ["tie", "tie", "tie"]
    assert len(adviser.asked) == 2
    assert Leaning.of(pairs, verdicts) == (1, 1, 2, {})


def test_reasons_come_before_the_verdict(judging: Judging) -> None:
    adviser = Polite()
    assert compare(judging(adviser, reasons=True), KIND, CURT).winner == "left"
    weighing, judged = adviser.asked[0], adviser.asked[2]
    assert not weighing.is_choice
    assert [one.role for one in judged.messages] == ["user", "assistant", "user"]
    assert "Do not decide yet" in judged.messages[0].content
    assert "one letter" in judged.messages[2].content


def test_braces_and_questions_in_answers_are_but_text(judging: Judging) -> None:
    adviser = Polite()
    compare(judging(adviser), "{rules} {first}", "%s {0}")
    assert "[Answer A]\n{rules} {first}\n[End of answer A]" in adviser.asked[0].messages[0].content
    assert "- Be polite." in adviser.asked[0].messages[0].content
    assert "User: How do I ask for the cup?" in adviser.asked[0].messages[0].content


def test_a_russian_rule_is_asked_about_in_russian(judging: Judging) -> None:
    adviser = Polite()
    with pytest.raises(ValueError, match="unpack"):  # the stand-in reads English alone
        compare(judging(adviser), KIND, CURT, CONSTITUTION.rules[1:])
    assert "[Ответ A]" in adviser.asked[0].messages[0].content
    assert "Пользователь: How" in adviser.asked[0].messages[0].content


def test_an_interrupted_run_asks_only_what_is_new(judging: Judging, tmp_path: Path) -> None:
    pairs = [Compared(PROMPT, f"{KIND} {number}", CURT, RULES) for number in range(10)]
    with pytest.raises(ConnectionError):
        judging(Polite(fails_after=7)).compare_all(pairs)
    with (tmp_path / "asked.jsonl").open("ab") as file:
        file.write(b'{"key": "half a li')  # as a crash leaves it
    adviser = Polite()
    again = judging(adviser)
    assert [one.winner for one in again.compare_all(pairs)] == ["left"] * 10
    assert len(adviser.asked) == 20 - 7
    again.compare_all(pairs)
    assert len(adviser.asked) == 20 - 7
    assert len((tmp_path / "asked.jsonl").read_text().splitlines()) == 20


def test_what_is_kept_is_of_this_adviser_and_this_question(tmp_path: Path) -> None:
    one, other = Polite(), Polite()
    other.name = "other"
    with Ledger(tmp_path / "asked.jsonl") as ledger:
        for adviser in (one, other):
            for seed in (1, 2):
                for temperature in (0.0, 1.0):
                    Asker(adviser, ledger, is_quiet=True).ask("x", [Ask(PROMPT, False, temperature, seed)])
    # A seed changes nothing where nothing is drawn.
    assert len(one.asked) == len(other.asked) == 3


def test_a_damaged_line_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    with Ledger(path) as ledger:
        for key in "abc":
            ledger.put(key, Reply(text=key))
    first, _, last = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first + b'{"key": "b", "te\n' + last + b'{"key": "half a li')
    for _ in range(2):
        with Ledger(path) as ledger:
            assert [ledger.get(key) for key in "abc"] == [Reply(text="a"), None, Reply(text="c")]
            assert ledger.words() == [f"{path}: 1 line is damaged (2): what they held is asked again"]
            ledger.put("d", Reply(text="d"))
    assert path.read_bytes().startswith(first + b'{"key": "b", "te\n' + last + b'{"key": "d"')


def test_one_run_at_a_time_writes_a_ledger(tmp_path: Path) -> None:
    with Ledger(tmp_path / "asked.jsonl"), pytest.raises(BusyError):
        Ledger(tmp_path / "asked.jsonl")
    Ledger(tmp_path / "asked.jsonl").close()


def test_a_judge_over_the_network_judges_alike(tmp_path: Path) -> None:
    def polite(body: dict[str, object]) -> dict[str, object]:
        first, second = answers_in(body)
        return with_odds(2.0 * (("please" in first) - ("please" in second)) + 0.5)

    with stand_in(polite) as server, Ledger(tmp_path / "asked.jsonl") as ledger:
        adviser = Endpoint(AdviserSettings(url=server.url))
        verdict = compare(Judge(Asker(adviser, ledger, is_quiet=True)), CURT, KIND)
    assert verdict.winner == "right"
    assert verdict.margin == pytest.approx(-2.0)


class Mumbling(Polite):
    """Never says a letter."""

    def _choose(self, ask: Ask) -> Reply:
        return Reply("hm", problem="unreadable")


def test_a_judge_that_talks_nonsense_is_stopped_and_not_believed_next_time(judging: Judging, tmp_path: Path) -> None:
    adviser = Mumbling()
    few = judging(adviser).compare_all([Compared(PROMPT, KIND, CURT, RULES)])
    assert few == [Verdict(None, problem="unreadable")]
    pairs = [Compared(PROMPT, f"{KIND} {number}", CURT, RULES) for number in range(50)]
    with pytest.raises(DataError, match="the last 20 answers are none that can be read, the last one 'hm'"):
        judging(adviser).compare_all(pairs)
    assert (tmp_path / "asked.jsonl").read_text() == ""


def test_lessons_are_the_question_and_the_letter_in_both_orders(judging: Judging) -> None:
    adviser = Polite()
    pair = Compared(PROMPT, KIND, CURT, RULES)
    judging(adviser).compare_all([pair])
    rows = lessons(pair, "left")
    assert [tuple(row.messages[:-1]) for row in rows] == [ask.messages for ask in adviser.asked]
    assert [row.messages[-1].content for row in rows] == ["A", "B"]
    assert [row.messages[-1].content for row in lessons(pair, "right")] == ["B", "A"]
    assert lessons(pair, "tie") == []

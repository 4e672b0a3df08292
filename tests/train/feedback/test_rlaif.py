"""Rows made by a constitution: what is written, what is left out with a word, and that they can be learnt from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from samovar.chat.conversation import Message
from samovar.chat.preferences import Messages, Pair, read_preferences
from samovar.chat.read import read_conversations
from samovar.core.errors import DataError
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.constitution import Constitution, Rule
from samovar.train.feedback.ledger import Asker, Ledger
from samovar.train.feedback.prompts import choose_prompts, read_prompts
from samovar.train.feedback.revision import Revised, revise
from samovar.train.feedback.rlaif import PREFERENCES, REVISIONS, VERDICTS, Advice, rlaif
from samovar.train.feedback.settings import RlaifSettings
from samovar.train.preference_check import check_preferences
from tests.train.feedback.judging import CONSTITUTION, Polite
from tests.train.tiny_preferences import THINGS, asks, write_rows

PROMPTS: list[Messages] = [(Message(role="user", content=asks(thing)),) for thing in THINGS]
Making = Callable[..., dict[str, Any]]


@pytest.fixture
def making(tmp_path: Path) -> Iterator[Making]:
    """Makes rows in the test's folder, again and again with the same ledger."""
    stack = ExitStack()

    def make(adviser: Polite, *, prompts: Sequence[Messages] = PROMPTS, **settings: Any) -> dict[str, Any]:
        stack.close()
        asker = Asker(adviser, stack.enter_context(Ledger(tmp_path / "asked.jsonl")), is_quiet=True)
        how = RlaifSettings.model_validate({"answers": 2, **settings})
        return rlaif(how, CONSTITUTION, prompts, Advice(asker, asker, asker), tmp_path)

    with stack:
        yield make


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_revisions_and_preferences_are_rows_that_training_reads(making: Making, tmp_path: Path) -> None:
    metrics = making(Polite())
    learnt = list(read_conversations(tmp_path / REVISIONS))
    assert [tuple(one.messages[:-1]) for one in learnt] == PROMPTS
    assert all(one.messages[-1].content.endswith("please thanks") for one in learnt)
    (told,) = learnt[0].meta["rounds"]
    assert told["rule"] == "Be polite."
    assert told["criticism"] == "It is curt."
    assert (learnt[0].meta["source"], learnt[0].meta["reviser"]) == ("revision", "polite")
    found = list(read_preferences(tmp_path / PREFERENCES))
    checked = check_preferences(found, (Pair,))
    assert len(checked.kept) == len(found) == 16
    for one in checked.kept:
        assert isinstance(one, Pair)
        assert one.chosen[0].content.endswith("please thanks")
        assert not one.rejected[0].content.endswith("please thanks")
    first = rows(tmp_path / PREFERENCES)[0]["meta"]
    assert first == {"source": "rlaif", "judge": "polite", "rules": ["Be polite."], "log_odds": 4.0}
    # The two answers are alike but for a number: a tie, of which nothing is learnt.
    assert metrics == {
        "prompts": 8, "answers": 16, "revisions": 8, "unchanged_revisions": 0, "pairs": 24, "preferences": 16,
        "ties": 8, "left_out": {}, "flipped_share": round(8 / 24, 4), "first_share": round(32 / 48, 4),
        "revision_wins": {"pairs": 16, "share": 1.0},
    }  # fmt: skip
    verdicts = rows(tmp_path / VERDICTS)
    assert len(verdicts) == 24
    assert {"left", "right", "tie"} == {one["winner"] for one in verdicts}


def test_a_made_run_is_made_again_without_asking(making: Making, tmp_path: Path) -> None:
    names = (REVISIONS, PREFERENCES, VERDICTS)
    making(Polite())
    written = [(tmp_path / name).read_bytes() for name in names]
    silent = Polite(fails_after=0)
    making(silent)
    assert [(tmp_path / name).read_bytes() for name in names] == written
    making(Polite(), seed=1)
    assert [(tmp_path / name).read_bytes() for name in names] != written


def test_an_interrupted_run_ends_as_one_that_was_not(making: Making, tmp_path: Path) -> None:
    whole = Polite()
    metrics = making(whole)
    (tmp_path / "asked.jsonl").unlink()
    asked = 0
    for calls in (5, 20, 30):
        adviser = Polite(fails_after=calls)
        with pytest.raises(ConnectionError):
            making(adviser)
        asked += len(adviser.asked)
    last = Polite()
    assert making(last) == metrics
    assert asked + len(last.asked) == len(whole.asked)


def test_two_rounds_revise_the_revision(tmp_path: Path) -> None:
    adviser = Polite()
    with Ledger(tmp_path / "asked.jsonl") as ledger:
        asker = Asker(adviser, ledger, is_quiet=True)
        (one,) = revise([Revised(PROMPTS[0], "Cup!")], CONSTITUTION, asker, rounds=2, max_tokens=9, seed=0)
    assert [found.revision for found in one.rounds] == ["Cup! please thanks", "Cup! please thanks please thanks"]
    roles = [[message.role for message in ask.messages] for ask in adviser.asked]
    assert roles[:2] == [["user", "assistant", "user"], ["user", "assistant", "user", "assistant", "user"]]
    assert adviser.asked[2].messages[1].content == "Cup! please thanks"
    assert {ask.max_tokens for ask in adviser.asked} == {9}


def test_rules_are_drawn_in_the_language_of_the_prompt(tmp_path: Path) -> None:
    rules = Constitution((*(Rule(f"Rule {letter}.") for letter in "abcdefgh"), Rule("Правило.")))
    questions = [*(f"{asks(thing)} {number}" for thing in THINGS for number in range(4)), "Как попросить чашку?"]
    prompts = [(Message(role="user", content=question),) for question in questions]
    adviser = Polite()
    with Ledger(tmp_path / "asked.jsonl") as ledger:
        asker = Asker(adviser, ledger, is_quiet=True)
        revise([Revised(one, "Cup!") for one in prompts], rules, asker, rounds=1, max_tokens=9, seed=0)
    shown = [ask.messages[-1].content for ask in adviser.asked[: len(prompts)]]
    assert "Правило." in shown[-1]
    assert shown[-1].startswith("Перечитай")
    assert len({text for text in shown[:-1] if "Rule " in text}) > 4


class Odd(Polite):
    """Says nothing to the first prompt, the same twice to the second, finds the third too long, revises nothing."""

    def ask(self, asks: Sequence[Ask], on_reply: Callable[[int, Reply], None]) -> None:
        for number, ask in enumerate(asks):
            text = ask.messages[0].content
            if THINGS[2] in text:
                on_reply(number, Reply(problem="too_long"))
            elif len(ask.messages) == 1 and not ask.is_choice and THINGS[0] in text:
                on_reply(number, Reply(""))
            elif len(ask.messages) == 1 and not ask.is_choice and THINGS[1] in text:
                on_reply(number, Reply("The lid"))
            elif len(ask.messages) == 3:
                on_reply(number, Reply(""))
            else:
                super().ask([ask], lambda _, reply, number=number: on_reply(number, reply))  # type: ignore[misc]


def test_what_cannot_be_learnt_from_is_counted(making: Making) -> None:
    why = r"of 1 pairs none is decided \(ties: 1, empty answers: 2, equal answers: 1, prompts too long: 1\)"
    with pytest.raises(DataError, match=f"nothing can be learnt: no answer was revised, and {why}"):
        making(Odd(), prompts=PROMPTS[:4])


def test_no_pairs_are_judged_where_none_are_asked_for(making: Making, tmp_path: Path) -> None:
    metrics = making(Polite(), pairs=0)
    assert (metrics["pairs"], metrics["preferences"], metrics["revisions"]) == (0, 0, 8)
    assert (tmp_path / PREFERENCES).read_text() == ""


def test_prompts_come_out_of_rows_of_any_form(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "Two?"},
    ]
    path = write_rows(
        tmp_path / "prompts.jsonl",
        [
            {"prompt": "Plain?"}, "Bare?", {"messages": [*talk, {"role": "assistant", "content": "2"}]},
            {"prompt": "Plain?", "chosen": "a", "rejected": "b"},
            {"messages": talk, "left": "a", "right": "b", "vote": "tie"},
            {"instruction": "Do", "input": "it", "output": "done"},
            {"prompt": "Asked?", "completion": "x", "label": True},
        ],
    )  # fmt: skip
    found = read_prompts([path])
    assert [one[-1].content for one in found] == ["Plain?", "Bare?", "Two?", "Do\n\nit", "Asked?"]
    assert len(found[2]) == 3
    assert choose_prompts(found, 2, seed=0) == choose_prompts(found, 2, seed=0)
    assert choose_prompts(found, 99, seed=0) == found
    for bad in ({"prompt": " "}, {"messages": [{"role": "assistant", "content": "x"}]}, 5):
        write_rows(path, [{"prompt": "Plain?"}, bad])
        with pytest.raises(DataError, match=r"prompts.jsonl:2: a row (asks nothing|is 5)"):
            read_prompts([path])
    with pytest.raises(DataError, match="no prompts"):
        choose_prompts([], None, seed=0)

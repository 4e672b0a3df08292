"""Preferences in the forms that people have them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from samovar.chat.conversation import Message
from samovar.chat.preferences import Judged, Pair, Preference, Steps, Undecided, read_preference, read_preferences
from samovar.core.errors import DataError

HI = Message(role="user", content="Hi")
GOOD, BAD = (Message(role="assistant", content=text) for text in ("Hello!", "What?"))
PAIR = Pair((HI,), (GOOD,), (BAD,))


def turn(message: Message) -> dict[str, str]:
    return {"role": message.role, "content": message.content}


HI_TURN, GOOD_TURN, BAD_TURN = map(turn, (HI, GOOD, BAD))


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Hi", "chosen": "Hello!", "rejected": "What?"},
        {"prompt": [HI_TURN], "chosen": [GOOD_TURN], "rejected": [BAD_TURN]},
        {"chosen": [HI_TURN, GOOD_TURN], "rejected": [HI_TURN, BAD_TURN]},
        {"prompt": [HI_TURN], "chosen": [HI_TURN, GOOD_TURN], "rejected": [HI_TURN, BAD_TURN]},
        {"chosen": "\n\nHuman: Hi\n\nAssistant: Hello!", "rejected": "\n\nHuman: Hi\n\nAssistant: What?"},
        {"input": {"messages": [HI_TURN]}, "preferred_output": [GOOD_TURN], "non_preferred_output": [BAD_TURN]},
        {
            "conversations": [{"from": "human", "value": "Hi"}],
            "chosen": {"from": "gpt", "value": "Hello!"},
            "rejected": {"from": "gpt", "value": "What?"},
        },
        {"instruction": "Hi", "input": "", "output": "Hello!", "chosen": "Hello!", "rejected": "What?"},
        {"messages": [HI_TURN], "left": "Hello!", "right": "What?", "vote": "left"},
        {"messages": [HI_TURN], "left": [BAD_TURN], "right": [GOOD_TURN], "vote": "right"},
    ],
)
def test_one_pair_in_every_form(row: dict[str, Any]) -> None:
    assert read_preference(row) == [PAIR]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"prompt": "Hi", "completion": "Hello!", "label": True}, [Judged((HI,), (GOOD,), True)]),
        ({"messages": [HI_TURN, BAD_TURN], "label": 0}, [Judged((HI,), (BAD,), False)]),
        (
            {"messages": [HI_TURN], "left": "Hello!", "right": "What?", "vote": "both_bad"},
            [Judged((HI,), (GOOD,), False), Judged((HI,), (BAD,), False)],
        ),
        ({"messages": [HI_TURN], "left": "a", "right": "b", "vote": "tie"}, [Undecided((HI,))]),
        (
            {"prompt": "Hi", "completions": ["One.", "Two."], "labels": [True, False]},
            [Steps((HI,), ("One.", "Two."), (True, False))],
        ),
    ],
)
def test_single_answers_votes_and_steps(row: dict[str, Any], expected: list[Preference]) -> None:
    assert read_preference(row) == expected


def test_margins_are_given_or_follow_from_scores() -> None:
    row = {"prompt": "Hi", "chosen": "Hello!", "rejected": "What?"}
    (given,) = read_preference(row | {"margin": 2})
    (scored,) = read_preference(row | {"score_chosen": 8.5, "score_rejected": 3})
    assert isinstance(given, Pair)
    assert isinstance(scored, Pair)
    assert (given.margin, scored.margin) == (2.0, 5.5)


def test_a_prompt_of_several_turns_is_what_both_share() -> None:
    start = "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: And now?"
    (pair,) = read_preference({"chosen": f"{start}\n\nAssistant: Tea.", "rejected": f"{start}\n\nAssistant: "})
    assert isinstance(pair, Pair)
    assert [message.role for message in pair.prompt] == ["user", "assistant", "user"]
    assert (pair.chosen[0].content, pair.rejected[0].content) == ("Tea.", "")


def test_equal_conversations_still_have_an_answer() -> None:
    (pair,) = read_preference({"chosen": [HI_TURN, GOOD_TURN], "rejected": [HI_TURN, GOOD_TURN]})
    assert isinstance(pair, Pair)
    assert pair.chosen == pair.rejected == (GOOD,)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ([], "not an object"),
        ({}, "of nothing"),
        ({"text": "x"}, "the keys text is no preference"),
        ({"messages": [HI_TURN], "left": "a", "right": "b", "vote": "up"}, "a vote is 'up'"),
        ({"messages": [HI_TURN], "left": "a", "vote": "left"}, "has no right"),
        ({"chosen": "Hello!", "rejected": "What?"}, "there is no prompt"),
        ({"prompt": "x", "completion": "y", "label": "good"}, "a label is 'good'"),
        ({"prompt": "x", "completions": ["a"], "labels": []}, "not lists of one length"),
        ({"prompt": "x", "chosen": "a", "rejected": "b", "margin": "big"}, "margin is 'big'"),
        ({"input": 5, "preferred_output": [], "non_preferred_output": []}, "input is 5"),
    ],
)
def test_what_is_malformed_is_named_with_its_line(tmp_path: Path, row: Any, what: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text(json.dumps({"prompt": "Hi", "chosen": "a", "rejected": "b"}) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(DataError) as caught:
        list(read_preferences(path))
    assert f"{path}:2: " in str(caught.value)
    assert what in str(caught.value)
    assert caught.value.hint

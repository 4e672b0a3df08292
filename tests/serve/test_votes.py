"""Votes on the answers of a chat: cast, taken back, reviewed; and read by the trainer as they are exported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from samovar.chat.conversation import Message
from samovar.chat.preferences import Judged, Pair, Undecided, read_preferences
from samovar.core.errors import MissingError, RequestError
from samovar.core.files import write_json_lines
from samovar.serve.chats import Chats, Said
from samovar.serve.keys import KeyBook
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from samovar.serve.votes import Answered, Shown, Vote, Votes
from tests.serve.conftest import Server

STEP = {"name": "calculator", "arguments": {"expression": "17*24"}, "result": "408"}
ASKED = Message(role="user", content="How much is 17*24?")


@pytest.fixture
def server(start: Callable[..., Server], store: Store) -> Server:
    return start(store=store, artifact="sft-0123456789ab")


def begun(store: Store, owner: str = "") -> str:
    """A chat of one question and its answer."""
    answer = Said("assistant", "It is 408.", {"steps": [STEP], "model": "sft-0123456789ab"})
    return Chats(store).create(owner, [Said("user", ASKED.content, {}), answer]).id


ASKING = [{"role": "user", "content": "How much is 17*24?"}]
ANSWER = {"content": "It is 408.", "steps": [STEP], "model": "sft-0123456789ab"}
OTHER = {"content": "It is 409.", "temperature": 1.0, "model": "sft-9876543210fe"}


def body(verdict: str, *answers: Any, **changes: Any) -> dict[str, Any]:
    return {"place": 1, "messages": ASKING, "answers": answers or [ANSWER], "vote": verdict} | changes


def vote(server: Server, chat: str, verdict: str, *answers: Any, **changes: Any) -> Any:
    reply = server.http.post(f"/api/chats/{chat}/votes", json=body(verdict, *answers, **changes))
    assert reply.status_code == 200, reply.text
    return reply.json()


def votes_in(store: Store) -> list[Vote]:
    return list(Votes(store).each())


def exported(store: Store, path: Path) -> list[Any]:
    """What the trainer reads of all votes."""
    write_json_lines(path, [one.exported() for one in Votes(store).each()])
    return list(read_preferences(path))


def test_a_verdict_on_one_answer_is_what_the_trainer_reads(server: Server, store: Store, tmp_path: Path) -> None:
    told = vote(server, begun(store), "good")
    assert (told["object"], told["vote"], told["place"]) == ("vote", "good", 1)
    (judged,) = exported(store, tmp_path / "votes.jsonl")
    assert isinstance(judged, Judged)
    assert (judged.prompt, judged.is_good) == ((ASKED,), True)
    call, result, answer = judged.answer
    assert [(one.name, one.arguments) for one in call.tool_calls] == [("calculator", {"expression": "17*24"})]
    assert (result.role, result.content, answer.content) == ("tool", "408", "It is 408.")


def test_a_choice_keeps_the_sides_as_they_were_shown(server: Server, store: Store, tmp_path: Path) -> None:
    chat = begun(store)
    for answers, verdict, better in (
        ([OTHER, ANSWER], "left", "It is 409."),
        ([OTHER, ANSWER], "right", "It is 408."),
        ([ANSWER, OTHER], "left", "It is 408."),
    ):
        vote(server, chat, verdict, *answers)
        pair = exported(store, tmp_path / "votes.jsonl")[-1]
        assert isinstance(pair, Pair)
        assert pair.chosen[-1].content == better
        assert len(pair.chosen) == (3 if better == "It is 408." else 1)  # a call, its result, the answer
    vote(server, chat, "tie", ANSWER, OTHER)
    vote(server, chat, "both_bad", ANSWER, OTHER)
    *_, tie, one, another = exported(store, tmp_path / "votes.jsonl")
    assert isinstance(tie, Undecided)
    assert [(judged.answer[-1].content, judged.is_good) for judged in (one, another)] == [
        ("It is 408.", False),
        ("It is 409.", False),
    ]


def test_what_is_kept_says_what_the_model_was_shown_and_who_answered(
    start: Callable[..., Server], store: Store
) -> None:
    server = start(store=store, settings=ServeSettings(system="Be short.", temperature=0.5))
    said = [
        {"role": role, "content": text} for role, text in (("user", "Hi"), ("assistant", "Hello!"), ("user", "Bye"))
    ]
    vote(server, begun(store), "left", OTHER, ANSWER, messages=said)
    ((kept,),) = ([one.exported() for one in Votes(store).each()],)
    assert [(one["role"], one["content"]) for one in kept["messages"]] == [
        ("system", "Be short."), ("user", "Hi"), ("assistant", "Hello!"), ("user", "Bye"),
    ]  # fmt: skip
    assert all(mark in kept["rendered"] for mark in ("<|im_start|>system\nBe short.<|im_end|>", "Bye<|im_end|>"))
    assert kept["rendered"].endswith("<|im_start|>assistant\n")
    assert kept["models"] == {"left": "sft-9876543210fe", "right": "sft-0123456789ab"}
    assert kept["sampling"] == {
        "left": {"temperature": 1.0, "top_p": 1.0},
        "right": {"temperature": 0.5, "top_p": 1.0},
    }


def test_many_votes_are_read_in_their_order(store: Store) -> None:
    votes, chat = Votes(store), begun(store)
    shown = Shown([ASKED], [], "")
    ids = [votes.cast("", chat, 1, "tie", [Answered("one"), Answered("two")], shown) for _ in range(205)]
    for number, one in enumerate(ids):
        votes.judge(one, "accepted" if number % 2 else "new")
    assert [one.id for one in votes.each()] == ids
    assert [one.id for one in votes.each("accepted")] == ids[1::2]
    assert [one.id for one in votes.latest(3)] == ids[-3:]
    assert votes.counts() == {"accepted": 102, "rejected": 0, "new": 103}
    assert votes.ids("new") == ids[::2]


def test_a_verdict_stands_until_it_is_changed_taken_back_or_the_answer_is_another(server: Server, store: Store) -> None:
    chat = begun(store)

    def standing() -> Any:
        return server.http.get(f"/api/chats/{chat}").json()["messages"][1].get("vote")

    assert standing() is None
    vote(server, chat, "good")
    told = vote(server, chat, "bad")
    assert standing() == {"id": told["id"], "vote": "bad"}
    assert len(votes_in(store)) == 1  # who changes their mind has voted once
    server.http.post(f"/api/chats/{chat}/messages", json={
        "messages": [{"role": "assistant", "content": "Another."}], "place": 1,
    })  # fmt: skip
    assert standing() is None
    assert len(votes_in(store)) == 1  # of the answer that was there it is still true
    gone = server.http.delete(f"/api/chats/{chat}/votes/{told['id']}")
    assert gone.json() == {"id": told["id"], "object": "vote.deleted", "deleted": True}
    assert not votes_in(store)
    again = server.http.delete(f"/api/chats/{chat}/votes/{told['id']}")
    assert (again.status_code, again.json()["error"]["code"]) == (404, "vote_not_found")


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (body("left"), "'left' is on two answers, and 1 came"),
        (body("good", ANSWER, OTHER), "'good' is on one answer, and 2 came"),
        (body("tie", ANSWER, ANSWER), "both answers say the same"),
        (body("great"), "vote"),
        (body("bad", {"content": ""}), "content"),
        (body("bad", messages=[]), "messages"),
        (body("bad", {"content": "\ud800"}), "surrogate"),
    ],
)
def test_votes_on_nothing_are_refused(server: Server, store: Store, sent: Any, said: str) -> None:
    reply = server.http.post(
        f"/api/chats/{begun(store)}/votes", content=json.dumps(sent), headers={"Content-Type": "application/json"}
    )
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]
    assert not votes_in(store)


def test_votes_are_on_ones_own_chats_and_go_with_them(
    start: Callable[..., Server], store: Store, tmp_path: Path
) -> None:
    keys = KeyBook(tmp_path / "keys.sqlite3")
    (anna, annas), (boris, _) = keys.create("anna"), keys.create("boris")
    server = start(store=store, keys=keys)
    chat = begun(store, annas.id)
    for secret, status in ((boris, 404), (anna, 200)):
        reply = server.http.post(
            f"/api/chats/{chat}/votes", json=body("bad"), headers={"Authorization": f"Bearer {secret}"}
        )
        assert reply.status_code == status
    assert len(votes_in(store)) == 1
    Chats(store).delete(annas.id, chat)
    assert not votes_in(store)
    keys.close()


def test_reviews(store: Store) -> None:
    votes, chat = Votes(store), begun(store)
    shown = Shown([ASKED], [], "")
    first = votes.cast("", chat, 1, "good", [Answered("It is 408.")], shown)
    second = votes.cast("", chat, 1, "tie", [Answered("408"), Answered("It is 408.")], shown)
    votes.judge(second, "accepted")
    assert [one.id for one in votes.each("new")] == [first]
    assert [(one.id, one.question, one.answers) for one in votes.each("accepted")] == [
        (second, ASKED.content, ["408", "It is 408."])
    ]
    with pytest.raises(MissingError):
        votes.judge("vote_of_nobody", "accepted")
    with pytest.raises(RequestError, match="no chat"):
        votes.cast("another", chat, 1, "good", [Answered("It is 408.")], shown)


def test_an_answer_says_which_artifact_gave_it(server: Server, store: Store) -> None:
    asked = {"model": "test-model", "messages": [{"role": "user", "content": "Hi"}]}
    assert server.post(asked).json()["system_fingerprint"] == "sft-0123456789ab"
    chat = Chats(store).create("", [Said("user", "Hi", {})]).id
    server.post({**asked, "samovar": {"chat": chat, "place": 1}})
    assert Chats(store).read("", chat)[1][1].more == {"model": "sft-0123456789ab"}

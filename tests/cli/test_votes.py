"""`samovar votes` as a person types it: listed, reviewed one by one or by id, exported for the trainer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from samovar.chat.conversation import Message
from samovar.chat.preferences import Judged, Pair, read_preferences
from samovar.serve.chats import Chats, Said
from samovar.serve.server import chats_file_in
from samovar.serve.store import Store
from samovar.serve.votes import Answered, Shown, Votes
from tests.cli.conftest import Samovar


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Open all the while, as by a server that runs."""
    store = Store(chats_file_in(tmp_path))
    yield store
    store.close()


@pytest.fixture
def ids(store: Store) -> list[str]:
    """A choice, a thumb up and a thumb down."""
    votes = Votes(store)
    chat = Chats(store).create("", [Said("user", "Hi", {})]).id
    shown = Shown(
        [Message(role="system", content="Be kind."), Message(role="user", content="Hi\nthere\x1b[31m")], [], ""
    )
    return [
        votes.cast("", chat, 1, "right", [Answered("Go away."), Answered("Hello!")], shown),
        votes.cast("", chat, 1, "good", [Answered("Hello!")], shown),
        votes.cast("", chat, 1, "bad", [Answered("Go.\nAway.")], shown),
    ]


def review(store: Store) -> list[str]:
    return [vote.review for vote in Votes(store).each()]


def test_votes_are_listed(samovar: Samovar, tmp_path: Path, ids: list[str]) -> None:
    listed = samovar("votes", tmp_path)
    assert listed.code == 0, listed.err
    assert all(word in listed.out for word in (ids[0][5:13], "right better", "good", "bad", "new", "Hi there"))
    assert "\x1b" not in listed.out
    assert "3 votes: 0 accepted, 0 rejected, 3 not reviewed" in listed.err
    assert f"samovar votes review {tmp_path}" in listed.err
    told = json.loads(samovar("votes", "list", tmp_path, "--json").out)
    assert [one["id"] for one in told] == ids
    assert told[0]["vote"] == "right"


def test_votes_are_reviewed_one_by_one(
    samovar: Samovar, tmp_path: Path, ids: list[str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = iter(["?", "a", "", "Skip", "r"])
    monkeypatch.setattr("builtins.input", lambda _: next(keys))
    told = samovar("votes", "review", tmp_path)
    assert told.code == 0, told.err
    assert "left       Go away.\n  right      Hello!" in told.out
    assert "assistant  Go.\n             Away." in told.out
    assert "Be kind" not in told.out
    assert "1 accepted, 1 rejected; 1 not reviewed" in told.err
    assert review(store) == ["accepted", "new", "rejected"]


def test_who_stops_has_kept_what_was_said_by_then(
    samovar: Samovar, tmp_path: Path, ids: list[str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = iter(["r"])

    def ask(_: str) -> str:
        if (key := next(keys, None)) is None:
            raise EOFError
        return key

    monkeypatch.setattr("builtins.input", ask)
    assert samovar("votes", "review", tmp_path).code == 0
    assert review(store) == ["rejected", "new", "new"]


def test_votes_are_reviewed_by_id(samovar: Samovar, tmp_path: Path, ids: list[str], store: Store) -> None:
    told = samovar("votes", "review", tmp_path, "--reject", ids[1][5:13])
    assert told.code == 0, told.err
    told = samovar("votes", "review", tmp_path, "--accept", "all")
    assert "2 accepted, 0 rejected; 0 not reviewed" in told.err
    assert review(store) == ["accepted", "rejected", "accepted"]
    for wrong, said in (("zzz", "no vote 'zzz'"), ("", "3 votes begin with ''")):
        refused = samovar("votes", "review", tmp_path, "--accept", wrong)
        assert refused.code == 1
        assert said in refused.err
    both = samovar("votes", "review", tmp_path, "--accept", ids[0], "--reject", ids[0])
    assert "both accepted and rejected" in both.err


def test_what_is_accepted_is_what_the_trainer_reads(
    samovar: Samovar, tmp_path: Path, ids: list[str], store: Store
) -> None:
    early = samovar("votes", "export", tmp_path)
    assert early.code == 1
    assert "no vote is accepted (3 not reviewed)" in early.err
    assert not (tmp_path / "votes").exists()
    for one in ids[:2]:
        Votes(store).judge(one, "accepted")
    Votes(store).judge(ids[2], "rejected")
    told = samovar("votes", "export", tmp_path)
    assert told.code == 0, told.err
    assert "1 comparison and 1 vote on single answers are in" in told.err
    pair, judged = read_preferences(tmp_path / "votes" / "votes.jsonl")
    assert isinstance(pair, Pair)
    assert (pair.chosen[-1].content, pair.rejected[-1].content) == ("Hello!", "Go away.")
    assert isinstance(judged, Judged)
    assert judged.is_good
    assert f"samovar dpo {tmp_path} --preferences" in told.err
    (tmp_path / "samovar.yaml").write_text("name: tea\n", encoding="utf-8")
    told = samovar("votes", "export", tmp_path, "--unreviewed")
    assert "dpo: {preferences: [votes]}" in told.err
    assert f"samovar brew {tmp_path}" in told.err


def test_without_votes(samovar: Samovar, tmp_path: Path, store: Store) -> None:
    listed = samovar("votes", tmp_path)
    assert (listed.code, listed.out) == (0, "")
    assert "nobody has voted yet" in listed.err
    assert "nobody has voted yet" in samovar("votes", "export", tmp_path).err

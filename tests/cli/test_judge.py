"""`samovar judge` and `samovar rlaif` on files, with a server on this machine as the judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Samovar
from tests.train.feedback.judging import Polite
from tests.train.feedback.stand_in import StandIn, polite, stand_in
from tests.train.tiny_preferences import pairs, tiny_model, write_rows


@pytest.fixture
def server() -> Iterator[StandIn]:
    with stand_in(polite) as found:
        yield found


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "constitution.md").write_text("- Be polite.\n")
    write_rows(tmp_path / "votes.jsonl", pairs(12))


def test_agreement_is_said_and_what_was_asked_is_kept(samovar: Samovar, server: StandIn, tmp_path: Path) -> None:
    ran = samovar("judge", server.url, "votes.jsonl")
    assert ran.code == 0, ran.err
    assert "agrees with people where both decide: 100.0%" in ran.err
    assert "Cohen's kappa 1.00" in ran.err
    assert "another computer" not in ran.err
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert len(rows) == 12
    assert all(row["people"] == row["winner"] for row in rows)
    asked = len(server.bodies)
    facts = json.loads(samovar("judge", server.url, "votes.jsonl", "--json", "--count", 5).out)
    assert (facts["votes"], facts["agreement"]["share"]) == (5, 1.0)
    assert len(server.bodies) == asked
    assert (tmp_path / "votes.asked.jsonl").is_file()


def test_a_model_of_ones_own_judges(samovar: Samovar, tmp_path: Path) -> None:
    tiny_model(tmp_path / "model", positions=512)
    ran = samovar("judge", "model", "votes.jsonl", "--json", "--set", "rlaif.flips=mean")
    assert ran.code == 0, ran.err
    facts = json.loads(ran.out)
    assert facts["votes"] == 12
    assert facts["left_out"] == {}


def test_rows_are_made_by_a_command(samovar: Samovar, server: StandIn, tmp_path: Path) -> None:
    tiny_model(tmp_path / "model", positions=512)
    who = ["--judge", server.url, "--reviser", server.url]
    ran = samovar(
        "rlaif", "model", "--prompts", "votes.jsonl", *who, "--out", "rows",
        "--set", "rlaif.max_tokens=8", "--set", "rlaif.num_prompts=4",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "samovar dpo model --preferences rows/preferences.jsonl" in ran.err
    assert (tmp_path / "rows" / "revisions.jsonl").read_text()
    manifest = json.loads((tmp_path / "rows" / "manifest.json").read_text())
    assert manifest["metrics"]["prompts"] == 4
    assert manifest["config"]["rlaif"]["judge"]["url"] == server.url


@pytest.mark.parametrize(
    ("words", "why", "hint"),
    [
        (["https://api.example.com/v1"], "another computer", "config schema"),
        (["nowhere"], "nowhere does not exist", "samovar new"),
        (["http://127.0.0.1:9/v1", "--set", "rlaif.judge.tries=1"], "does not answer", "is kept"),
    ],
)
def test_judges_that_cannot_be_asked(samovar: Samovar, words: list[str], why: str, hint: str) -> None:
    ran = samovar("judge", words[0], "votes.jsonl", *words[1:])
    assert (ran.code, ran.out) == (1, "")
    assert why in ran.err
    assert hint in ran.err


def test_a_judge_elsewhere_is_named_plainly(samovar: Samovar, monkeypatch: pytest.MonkeyPatch) -> None:
    far = Polite()
    far.name, far.leaves_machine = "https://api.example.com/v1 m", True
    monkeypatch.setattr("samovar.train.feedback.endpoint.Endpoint", lambda settings: far)
    ran = samovar("judge", "https://api.example.com/v1", "votes.jsonl", "--set", "rlaif.judge.leaves_machine=true")
    assert ran.code == 0, ran.err
    assert "https://api.example.com/v1 m is another computer: prompts and answers leave this machine" in ran.err

"""`samovar keys` and `samovar bench serve` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samovar.serve.app import create_app
from samovar.serve.keys import KeyBook
from samovar.serve.server import keys_file_in
from tests.agent.scripted import ScriptedEngine, make_tokenizer
from tests.cli.conftest import Samovar
from tests.serve.conftest import MODEL, ScriptedRunner, serving


def test_from_the_first_key_to_the_last(samovar: Samovar, tmp_path: Path) -> None:
    none = samovar("keys", tmp_path)
    assert (none.code, none.out) == (0, "")
    assert "whoever reaches the server may use it" in none.err
    made = samovar("keys", "create", tmp_path, "--name", "desk", "--tokens-per-day", 1000, "--expires", "90d")
    assert made.code == 0, made.err
    secret = made.out.strip()
    book = KeyBook(keys_file_in(tmp_path))
    found = book.find(secret)
    assert found is not None
    assert (found.name, found.limits.tokens_per_day) == ("desk", 1000)
    assert found.expires_s == pytest.approx(found.created_s + 90 * 86_400, abs=2)
    listed = samovar("keys", "list", tmp_path)
    assert "desk" in listed.out
    assert "1,000 tokens/day" in listed.out
    assert secret not in listed.out + listed.err
    assert samovar("keys", "revoke", tmp_path, found.id).code == 0
    (told,) = json.loads(samovar("keys", "list", tmp_path, "--json").out)
    assert (told["id"], told["state"], told["tokens_per_day"]) == (found.id, "revoked", 1000)


def test_a_key_for_a_machine(samovar: Samovar, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "keys.sqlite3"
    made = samovar("keys", "create", tmp_path, "--name", "ci", "--keys", file, "--scope", "read", "--json")
    told = json.loads(made.out)
    assert told["scopes"] == ["read"]
    assert KeyBook(file).find(told["key"]) is not None
    assert not keys_file_in(tmp_path).exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create", "DIR", "--name", "x", "--expires", "soon"], "'soon' is no duration"),
        (["create", "DIR", "--name", "x", "--scope", "all"], "no scope 'all'"),
        (["create", "nowhere", "--name", "x"], "nowhere is no folder"),
        (["revoke", "DIR", "ghost"], "no valid key 'ghost'"),
    ],
)
def test_what_is_wrong_is_said(samovar: Samovar, tmp_path: Path, words: list[str], told: str) -> None:
    ran = samovar("keys", *(tmp_path if word == "DIR" else word for word in words))
    assert (ran.code, ran.out) == (1, "")
    assert told in ran.err
    assert "hint: " in ran.err


def test_a_load_upon_a_server(samovar: Samovar) -> None:
    tokenizer = make_tokenizer()
    runner = ScriptedRunner(ScriptedEngine(tokenizer, lambda _: "words " * 20))
    with serving(create_app(runner, tokenizer, model_id=MODEL)) as url:
        asked = ["bench", "serve", url, "--number", 5, "--concurrency", 2, "--input-tokens", 60, "--output-tokens", 6]
        ran = samovar(*asked)
        assert ran.code == 0, ran.err
        assert "time to first token" in ran.out
        told = json.loads(samovar(*asked, "--json").out)
        assert (told["requests"], told["failed"], told["load"]["concurrency"]) == (5, {}, 2)
        refused = samovar(*asked, "--endpoint", "pictures")
        assert refused.code == 1
        assert "endpoint" in refused.err
    assert samovar(*asked).code == 1  # nobody is there any more

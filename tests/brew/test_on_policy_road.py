"""The stage `dpo` on the assistant's own answers, which a judge by a constitution compares: made, kept, foretold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samovar.brew.alone import make_alone
from samovar.brew.forecast import Outlook
from samovar.brew.recipe import Recipe, compose_recipe
from samovar.brew.stage import load_stages
from samovar.core.artifact import Manifest, artifact_id
from samovar.core.errors import ConfigError, DataError, ResourceError
from tests.brew.test_students import Known
from tests.cli.conftest import Samovar, samovar
from tests.train.feedback.stand_in import GoesDown, Said, StandIn, answers_in, stand_in, with_odds
from tests.train.tiny_preferences import THINGS, asks, tiny_model, write_rows

__all__ = ["samovar"]

DPO = {
    "context": 128, "batch_tokens": 256, "micro_batch_tokens": 256, "validations": 1, "compile": "off",
    "preferences": ["prompts.jsonl"], "gate": {"examples": 1},
}  # fmt: skip


def likes_long_ones(body: dict[str, Any]) -> Said:
    first, second = map(len, answers_in(body))
    return with_odds(float(first - second) or 0.1)


@pytest.fixture(scope="module")
def server() -> GoesDown:
    return GoesDown(likes_long_ones)


@pytest.fixture(scope="module")
def served(server: GoesDown) -> Iterator[StandIn]:
    with stand_in(server) as found:
        yield found


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with an assistant of random weights, prompts and one rule."""
    tiny_model(tmp_path / "assistant")
    (tmp_path / ".samovar").mkdir()
    (tmp_path / "constitution.md").write_text("- Be thorough.\n")
    rows = [{"prompt": asks(thing), "completion": "x", "label": True} for thing in THINGS]
    write_rows(tmp_path / "prompts.jsonl", rows)
    return tmp_path


def recipe(served: StandIn, **changes: Any) -> Recipe:
    judge = {"url": served.url, "tries": 2, "backoff_s": 0.001, "at_once": 1}
    on_policy = {"rounds": 1, "samples": 3, "max_tokens": 8, "feedback": {"judge": judge, **changes}}
    return compose_recipe(None, {"dpo": DPO | {"on_policy": on_policy}, "sft": {"tasks": {}}})


def make(root: Path, how: Recipe, name: str) -> Manifest:
    return make_alone(load_stages()["dpo"], how, inputs={"sft": root / "assistant"}, out=root / name, root=root)


def test_what_the_judge_said_is_kept_and_goes_into_the_manifest(root: Path, served: StandIn, server: GoesDown) -> None:
    server.calls, server.fails_at = 0, 20
    with pytest.raises(ResourceError, match="gone for tea"):
        make(root, recipe(served), "better")
    answered = server.calls - 2
    server.calls, server.fails_at = 0, 10**9
    made = make(root, recipe(served), "better").metrics
    assert made["judge"] == f"{served.url} judge-1"
    assert made["left_machine"] is False
    assert made["judged"] >= 8
    assert made["rounds"] == len(made["win_rates"]) == 1
    assert 0.0 <= made["win_rates"][0] <= 1.0
    kept = (root / ".samovar" / "asked.jsonl").read_text().splitlines()
    assert server.calls == len(kept) - answered
    server.calls = 0
    make(root, recipe(served).model_copy(update={"name": "Ivan"}), "again")
    assert server.calls == 0, "another artifact, and nothing new to ask"


def test_patience_is_no_part_of_its_identity_and_the_rules_are(root: Path, served: StandIn) -> None:
    stage = load_stages()["dpo"]

    def identity(how: Recipe) -> str:
        return artifact_id("dpo", 1, stage.config(how), stage.files(root, how))

    plain, patient = recipe(served), recipe(served)
    assert patient.dpo is not None
    assert patient.dpo.on_policy is not None
    assert patient.dpo.on_policy.feedback is not None
    judge = patient.dpo.on_policy.feedback.judge.model_copy(update={"tries": 9})
    feedback = patient.dpo.on_policy.feedback.model_copy(update={"judge": judge})
    on_policy = patient.dpo.on_policy.model_copy(update={"feedback": feedback})
    patient = patient.model_copy(update={"dpo": patient.dpo.model_copy(update={"on_policy": on_policy})})
    before = identity(plain)
    assert identity(patient) == before
    assert identity(recipe(served, min_margin=1.0)) != before
    (root / "constitution.md").write_text("- Be brief.\n")
    assert identity(plain) != before
    (root / "constitution.md").write_text("Be brief.\n")
    with pytest.raises(DataError, match="has no rule"):
        stage.files(root, plain)


def test_the_command_takes_rules_and_a_judge(root: Path, samovar: Samovar) -> None:
    words = ["dpo", root / "assistant", "--preferences", root / "prompts.jsonl", "--out", root / "better", "--dry-run"]
    rules = ["--constitution", root / "constitution.md"]
    ran = samovar(*words, *rules, "--judge", "http://127.0.0.1:8000/v1")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)["config"]["dpo"]["on_policy"]["feedback"]
    assert (told["judge"]["url"], told["constitution"]) == ("http://127.0.0.1:8000/v1", str(root / "constitution.md"))
    by_itself = json.loads(samovar(*words, *rules).out)["config"]["dpo"]["on_policy"]["feedback"]
    assert by_itself["judge"]["url"] is by_itself["judge"]["model"] is None
    rewarded = json.loads(samovar(*words, "--judge", root / "reward").out)["config"]["dpo"]["on_policy"]
    assert (rewarded["judge"], rewarded["feedback"]) == (str(root / "reward"), None)
    refused = samovar(*words, "--judge", "http://127.0.0.1:8000/v1")
    assert refused.code == 2
    assert "--constitution" in refused.err
    away = samovar(*words, *rules, "--judge", "https://judge.example/v1")
    assert away.code == 1
    assert "leaves_machine" in away.err


def test_several_processes_are_refused_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = load_stages()["dpo"]
    plain, drawing = (compose_recipe(None, {"dpo": DPO | more}) for more in ({}, {"on_policy": {"judge": "reward"}}))
    stage.check(drawing)
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    stage.check(plain)
    with pytest.raises(ConfigError, match="answers are drawn by one process, and there are 2") as caught:
        stage.check(drawing)
    assert caught.value.hint == "start the command without torchrun"


def test_it_is_foretold_by_what_is_drawn_and_judged(root: Path, served: StandIn) -> None:
    stage, outlook = load_stages()["dpo"], Outlook(root, Known())
    size = (root / "prompts.jsonl").stat().st_size

    def how(**changes: Any) -> Recipe:
        on_policy = {"rounds": 3, "samples": 4, "max_tokens": 40, **changes}
        return compose_recipe(None, {"dpo": DPO | {"epochs": 2.0, "on_policy": on_policy}})

    training = stage.training(how(), outlook)
    assert training is not None
    # A prompt a row of 180 tokens, four bytes each; two answers to each, half as long as they may be.
    assert training.tokens == pytest.approx(3 * size / 4 / 180 * (60 + 2 * 20) * 2, abs=1)
    assert training.runs == 3
    base = stage.forecast(how(), outlook).seconds
    assert stage.forecast(how(samples=8), outlook).seconds > base
    own = stage.forecast(how(feedback={}), outlook).seconds
    asked = stage.forecast(how(feedback={"judge": {"url": served.url, "at_once": 1}}), outlook).seconds
    assert base < own < asked
    # Six pairs of four answers and one beside the beginning, in both orders, of every prompt in three rounds.
    more = stage.forecast(how(feedback={"judge": {"url": served.url, "at_once": 2}}), outlook).seconds
    assert asked - more == pytest.approx(3 * size / 4 / 180 * 2 * 7 * 3.0 / 2)

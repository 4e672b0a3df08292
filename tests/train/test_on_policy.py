"""On the model's own answers: what a judge likes becomes likelier round by round, and an interrupted run goes on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from samovar.chat.conversation import Conversation, Message
from samovar.core.artifact import SCRATCH
from samovar.core.errors import ConfigError, DataError
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Sampling
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train import on_policy
from samovar.train.choosing import ByConstitution, ByReward
from samovar.train.feedback.judge import Judge
from samovar.train.feedback.ledger import Asker, Ledger
from samovar.train.on_policy import on_policy_dpo
from samovar.train.parallel.world import World
from samovar.train.preference_settings import DpoSettings, OnPolicySettings, RewardSettings
from samovar.train.reward import reward
from samovar.train.scoring import RewardModel
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from tests.train.feedback.judging import CONSTITUTION, Polite
from tests.train.tiny_preferences import KIND, THINGS, asks, pairs, tiny_model, write_rows

LOOP = {"context": 128, "batch_tokens": 512, "micro_batch_tokens": 512, "validations": 1, "compile": "off"}
DPO = LOOP | {
    "batch_tokens": 256, "epochs": 6.0, "beta": 0.2, "learning_rate": 1e-3, "adamw_learning_rate": 1e-3,
    "chosen_weight": 1.0, "on_policy": {"rounds": 2, "samples": 6, "max_tokens": 24},
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an assistant, a judge of politeness, and prompts."""
    folder = tmp_path_factory.mktemp("on_policy")
    base = tiny_model(folder / "base")
    some = pairs(150, seed=1)
    write_rows(folder / "pairs.jsonl", some)
    talk = [{"prompt": row["prompt"], "completion": row[side]} for row in some for side in ("chosen", "rejected")]
    write_rows(folder / "talk.jsonl", talk)
    # The answers are not looked at: only the prompts are.
    prompts = [
        {"prompt": f"{asks(thing)}{end}", "completion": "x", "label": True} for thing in THINGS for end in ("", " ")
    ]
    write_rows(folder / "prompts.jsonl", prompts)
    for name in ("assistant", "judge"):
        (folder / name).mkdir()
    learn = LOOP | {"tokens": 512 * 100, "max_epochs": 100, "learning_rate": 0.02, "adamw_learning_rate": 0.01}
    sft(
        SftSettings.model_validate(learn),
        base=base,
        out=folder / "assistant",
        tasks={},
        conversations=[folder / "talk.jsonl"],
    )
    judged = LOOP | {"epochs": 3.0, "learning_rate": 5e-3, "adamw_learning_rate": 5e-3, "head_learning_rate": 2e-2}
    reward(RewardSettings.model_validate(judged), base=base, out=folder / "judge", preferences=[folder / "pairs.jsonl"])
    return folder


def run(made: Path, out: Path, **changes: Any) -> dict[str, Any]:
    out.mkdir(exist_ok=True)
    return on_policy_dpo(
        DpoSettings.model_validate(DPO | changes), base=made / "assistant", out=out,
        preferences=[made / "prompts.jsonl"], chooser=ByReward(RewardModel.load(made / "judge")),
    )  # fmt: skip


def test_scores_rise_and_an_interrupted_run_ends_alike(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = run(made, tmp_path / "whole")
    first, *_, last = metrics["mean_scores"]
    assert len(metrics["mean_scores"]) == 3
    assert last > first + 0.5
    assert len(metrics["win_rates"]) == 2
    assert metrics["win_rates"][-1] > 0.6
    assert "flipped_share" not in metrics, "nobody compared"
    real, calls = on_policy.dpo, []

    def fails_in_the_second_round(*arguments: Any, **options: Any) -> Any:
        calls.append(options["out"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(on_policy, "dpo", fails_in_the_second_round)
        with pytest.raises(KeyboardInterrupt):
            run(made, tmp_path / "stopped")
    assert not (tmp_path / "stopped" / "config.json").exists()
    again = run(made, tmp_path / "stopped")
    assert all(again[name] == metrics[name] for name in ("mean_scores", "win_rates", "preferences"))
    one, two = (load_model(tmp_path / name).state_dict() for name in ("whole", "stopped"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def by_rules(made: Path, out: Path, polite: Polite, **changes: Any) -> dict[str, Any]:
    out.mkdir(exist_ok=True)
    with Ledger(out / "asked.jsonl") as ledger:
        judge = Judge(Asker(polite, ledger, is_quiet=True), flips="mean")
        return on_policy_dpo(
            DpoSettings.model_validate(DPO | changes), base=made / "assistant", out=out,
            preferences=[made / "prompts.jsonl"], chooser=ByConstitution(judge, CONSTITUTION),
        )  # fmt: skip


def test_what_a_judge_by_rules_likes_becomes_likelier(made: Path, tmp_path: Path) -> None:
    """It counts polite words, and leans to whoever stands first."""
    polite = Polite(leaning=1.0)
    metrics = by_rules(made, tmp_path / "out", polite)
    assert len(metrics["win_rates"]) == 2
    assert metrics["win_rates"][-1] > 0.65
    assert "mean_scores" not in metrics, "the mean of wins among each other is a half by itself"
    assert metrics["first_share"] > 0.5
    assert metrics["without_verdict"] == {}
    written = (tmp_path / "out" / SCRATCH / "round-1" / "pairs.jsonl").read_text()
    rows = [json.loads(line) for line in written.splitlines()]
    assert rows
    for row in rows:
        better, worse = (polite_words(row[side][0]["content"]) for side in ("chosen", "rejected"))
        assert better > worse
    assert max(row["margin"] for row in rows) == 0.0, "wins are in no known proportion to a reward"


def polite_words(text: str) -> int:
    return sum(word.strip(".") in KIND for word in text.split())


def test_a_judge_that_goes_down_is_not_asked_again_what_it_said(made: Path, tmp_path: Path) -> None:
    polite, short = Polite(fails_after=40), {"rounds": 1, "samples": 3, "max_tokens": 24}
    with pytest.raises(ConnectionError):
        by_rules(made, tmp_path / "out", polite, on_policy=short, epochs=1.0)
    first = len(polite.asked)
    polite.fails_after = None
    by_rules(made, tmp_path / "out", polite, on_policy=short, epochs=1.0)
    asked = [one.messages[-1].content for one in polite.asked]
    assert first == 40
    assert len(asked) > first
    assert len(set(asked)) == len(asked), "nothing twice"


def test_an_answer_that_reached_its_limit_is_not_chosen_over_one_that_did_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = [
        Completion([], "please please please", "length"),
        Completion([], "please", "stop"),
        Completion([], "now", "stop"),
    ]
    monkeypatch.setattr(on_policy, "draw_answers", lambda *_, **__: [drawn])
    prompts = [Conversation(messages=[Message(role="user", content=asks(THINGS[0]))])]
    with Ledger(tmp_path / "asked.jsonl") as ledger:
        chooser = ByConstitution(Judge(Asker(Polite(), ledger, is_quiet=True)), CONSTITUTION)
        on_policy._draw_once(tmp_path, chooser, prompts, OnPolicySettings(), tmp_path, None, seed=0)
    row = json.loads((tmp_path / on_policy.PAIRS).read_text())
    assert (row["chosen"][0]["content"], row["rejected"][0]["content"]) == ("please", "now")


def test_what_cannot_be_done_is_said(made: Path, tmp_path: Path) -> None:
    settings = DpoSettings.model_validate(DPO)
    with pytest.raises(ConfigError, match="one process"):
        on_policy_dpo(
            settings, base=made / "assistant", out=tmp_path, preferences=[made / "prompts.jsonl"],
            chooser=ByReward(RewardModel.load(made / "judge")), world=World(0, 2),
        )  # fmt: skip
    with pytest.raises(ConfigError, match="holds no reward model"):
        RewardModel.load(made / "base")
    with pytest.raises(ValueError, match="name one of them"):
        OnPolicySettings.model_validate({"judge": "judge", "feedback": {}})
    write_rows(tmp_path / "long.jsonl", [{"prompt": "cup " * 200, "completion": "x", "label": True}])
    long = {"base": made / "assistant", "chooser": ByReward(RewardModel.load(made / "judge"))}
    with pytest.raises(DataError, match="none of 1 prompts leaves room for an answer of 24 tokens in 128"):
        on_policy_dpo(settings, out=tmp_path, preferences=[tmp_path / "long.jsonl"], **long)
    few = settings.model_copy(update={"epochs": 0.1, "on_policy": OnPolicySettings(rounds=1, samples=3, max_tokens=24)})
    (tmp_path / "few").mkdir()
    found = on_policy_dpo(
        few, out=tmp_path / "few", preferences=[tmp_path / "long.jsonl", made / "prompts.jsonl"], **long
    )
    assert found["prompts_too_long"] == 1
    cold = {"temperature": 1e-6, "rounds": 1, "samples": 2, "max_tokens": 4}
    with pytest.raises(DataError, match="none is better than another"):
        run(made, tmp_path / "cold", on_policy=cold)


def test_answers_that_the_reward_model_cannot_read_are_left_out(made: Path, tmp_path: Path) -> None:
    """It reads half of what the assistant does, which the longest of the prompts fill by themselves."""
    judge = RewardModel.load(made / "judge")
    for member in judge.models:
        member.settings = member.settings.model_copy(update={"max_positions": 64})
    rows = [
        *(json.loads(line) for line in (made / "prompts.jsonl").read_text().splitlines()),
        *({"prompt": f"{asks(thing) * 7}", "completion": "x", "label": True} for thing in THINGS[:2]),
    ]
    settings = DpoSettings.model_validate(
        DPO | {"epochs": 1.0, "on_policy": {"rounds": 1, "samples": 3, "max_tokens": 24}}
    )
    (tmp_path / "out").mkdir()

    def learn(rows: list[dict[str, Any]]) -> dict[str, Any]:
        return on_policy_dpo(
            settings, base=made / "assistant", out=tmp_path / "out", chooser=ByReward(judge),
            preferences=[write_rows(tmp_path / "prompts.jsonl", rows)],
        )  # fmt: skip

    with pytest.raises(DataError, match="all of 6 answers are longer with their prompt than the reward model reads"):
        learn(rows[-2:])
    found = learn(rows)
    assert found["answers_too_long"] >= 2 * 3
    assert found["prompts_too_long"] == 0
    assert all(math.isfinite(score) for score in found["mean_scores"])


def test_tools_stand_in_the_prompts_that_answers_are_drawn_to(
    tmp_path: Path,
) -> None:
    base = tiny_model(tmp_path / "base", positions=1024)
    tools = [{"type": "function", "function": {"name": "brew", "description": "Brews.", "parameters": {}}}]
    rows = [
        {"prompt": asks(THINGS[0]), "completion": "x", "label": True},
        {"prompt": asks(THINGS[0]), "completion": "x", "label": True, "tools": tools},
    ]
    path = write_rows(tmp_path / "prompts.jsonl", rows)
    prompts, _ = on_policy._prompts([path], OnPolicySettings(max_tokens=1), base, seed=0)
    assert sorted(len(one.tools) for one in prompts) == [0, 1]
    tokenizer = Tokenizer.load(base)
    plain, offering = (
        len(on_policy._ids(one, tokenizer)) for one in sorted(prompts, key=lambda prompt: len(prompt.tools))
    )
    assert offering > plain + 20


def test_no_two_answers_have_a_seed_in_common(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine counts a seed up from answer to answer, and many prompts are drawn in several goes."""
    seeds: list[int] = []

    def counts(self: Engine, ids: list[list[int]], sampling: Sampling) -> list[Any]:
        assert sampling.seed is not None
        seeds.extend(range(sampling.seed, sampling.seed + len(ids)))
        return [SimpleNamespace(text="x") for _ in ids]

    monkeypatch.setattr(Engine, "generate", counts)
    how = OnPolicySettings(rounds=3, samples=4)
    prompts = [Conversation(messages=[Message(role="user", content=asks(thing))]) for thing in THINGS * 9]
    for number in range(4):
        on_policy.draw_answers(made / "assistant", prompts, how, samples=4, seed=on_policy._seed(DpoSettings(), number))
    assert len(set(seeds)) == len(seeds) == 4 * 4 * 72

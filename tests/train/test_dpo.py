"""Preference optimisation from files to an assistant: it learns what is preferred, stays near, goes on after a kill."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.errors import ConfigError, DataError
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import load_model
from samovar.train.dpo import dpo, in_whole_steps
from samovar.train.journal import read_metrics
from samovar.train.preference_settings import DpoSettings
from samovar.train.settings import LoopSettings, SftSettings
from samovar.train.sft import sft
from tests.train.tiny_preferences import KIND, THINGS, asks, pairs, tiny_model, write_rows

LOOP = {"context": 128, "batch_tokens": 512, "micro_batch_tokens": 512, "validations": 1, "compile": "off"}
LEARNING = LOOP | {
    "batch_tokens": 256, "epochs": 3.0, "beta": 0.2, "learning_rate": 5e-4, "adamw_learning_rate": 5e-4,
}  # fmt: skip
STEEPER = {"learning_rate": 1e-3, "adamw_learning_rate": 1e-3}
FARTHER = {"learning_rate": 2e-3, "adamw_learning_rate": 2e-3}
"""Without a reference the model has to prefer what is better, and not just more than it did."""
MOST_DRIFT = 6.0
"""Nats an answer: choosing one of two kinds of last words takes one bit, and the rest is what it cost."""


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Asks politely every fourth time: taught on three rude answers for each polite one."""
    folder = tmp_path_factory.mktemp("dpo")
    base = tiny_model(folder / "base")
    polite, rude = pairs(100, seed=1), pairs(300, seed=7)
    rows = [{"prompt": row["prompt"], "completion": row["chosen"]} for row in polite]
    rows += [{"prompt": row["prompt"], "completion": row["rejected"]} for row in rude]
    write_rows(folder / "talk.jsonl", rows)
    write_rows(folder / "pairs.jsonl", pairs(120, seed=2))
    settings = SftSettings.model_validate(
        LOOP | {"tokens": 512 * 150, "max_epochs": 100, "learning_rate": 0.02, "adamw_learning_rate": 0.01}
    )
    (folder / "assistant").mkdir()
    sft(settings, base=base, out=folder / "assistant", tasks={}, conversations=[folder / "talk.jsonl"])
    return folder / "assistant"


def grades(folder: Path, *, draws: int = 160) -> list[bool]:
    """Of drawn answers, whether each is a polite request, whole and in the right words: the true grader."""
    things = "|".join(THINGS)
    right = re.compile(rf"Pass the ({things}) and the ({things}) ({things}) ({'|'.join(KIND)})\.")
    engine = Engine.load(folder, max_batch=32)
    ids = [prompt_ids([Message(role="user", content=asks(THINGS[n % 8]))], engine.tokenizer) for n in range(draws)]
    said = engine.generate(ids, Sampling(temperature=1.0, seed=5, max_tokens=32))
    return [right.fullmatch(one.text) is not None for one in said]


def win_rate(new: list[bool], old: list[bool]) -> float:
    """Of the first against the second, each of its answers against each; alike is half a win."""
    p, q = sum(new) / len(new), sum(old) / len(old)
    return p * (1 - q) + 0.5 * (p * q + (1 - p) * (1 - q))


def run(assistant: Path, out: Path, **changes: Any) -> dict[str, Any]:
    out.mkdir(exist_ok=True)
    settings = DpoSettings.model_validate(LEARNING | changes)
    return dpo(settings, base=assistant, out=out, preferences=[assistant.parent / "pairs.jsonl"])


def test_dpo_wins_by_the_true_grader_and_stays_near(assistant: Path, tmp_path: Path) -> None:
    before = grades(assistant)
    assert 0.05 < sum(before) / len(before) < 0.5
    metrics = run(assistant, tmp_path / "new", chosen_weight=1.0, epochs=6.0, **STEEPER)
    assert win_rate(grades(tmp_path / "new"), before) >= 0.75
    assert metrics["validation_accuracy"] > 0.95 > metrics["validation_accuracy_before"]
    assert 0 < metrics["drift_per_answer"] < MOST_DRIFT
    assert metrics["shared_share"] > 0.3  # the answers of a pair begin alike
    rows = read_metrics(tmp_path / "new" / "metrics.jsonl")
    assert rows[-1]["reward_margin"] > 0.5
    # At the first step the model is its own reference.
    assert rows[0]["reward_margin"] == pytest.approx(0.0, abs=1e-2)


@pytest.mark.parametrize(
    ("loss", "changes"),
    [
        ("ipo", {"beta": 0.5}),
        ("robust", {}),
        ("length_normalised", {"beta": 2.0}),
        ("simpo", {"beta": 2.0} | FARTHER),
        ("cpo", {} | FARTHER),
        ("orpo", {"beta": 2.0} | FARTHER),
        ("kto", {"beta": 0.5, "epochs": 4.0}),
        ("dpo", {"is_reference_free": True} | FARTHER),
        ("dpo", {"adapter": {"rank": 4, "learning_rate": 1e-2}}),
    ],
)
def test_every_loss_tells_held_out_pairs_apart(
    assistant: Path, tmp_path: Path, loss: str, changes: dict[str, Any]
) -> None:
    metrics = run(assistant, tmp_path / "new", loss=loss, **changes)
    assert metrics["validation_accuracy"] >= 0.9
    assert load_model(tmp_path / "new").settings.num_layers == 2


def test_killed_and_gone_on_it_ends_with_the_same_numbers(
    assistant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(Exception):
        pass

    from samovar.train import loop

    run(assistant, tmp_path / "whole", epochs=0.5, checkpoint_every_s=1e-9)
    real, calls = loop.TrainStep.__call__, []

    def three_steps(self: Any, step: int) -> Any:
        calls.append(step)
        if len(calls) > 3:
            raise Killed
        return real(self, step)

    with monkeypatch.context() as patched:
        patched.setattr(loop.TrainStep, "__call__", three_steps)
        with pytest.raises(Killed):
            run(assistant, tmp_path / "killed", epochs=0.5, checkpoint_every_s=1e-9)
    run(assistant, tmp_path / "killed", epochs=0.5, checkpoint_every_s=1e-9)
    one, two = ([row["loss"] for row in read_metrics(tmp_path / x / "metrics.jsonl")] for x in ("whole", "killed"))
    assert one == two
    states = [load_model(tmp_path / x).state_dict() for x in ("whole", "killed")]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_what_cannot_be_learnt_is_said(assistant: Path, tmp_path: Path) -> None:
    row = pairs(1)[0]
    bad = [
        row,
        row,
        {**row, "rejected": row["chosen"]},
        {**row, "chosen": " "},
        {**row, "chosen": row["rejected"], "rejected": "No."},
        {**row, "prompt": "tea " * 200},
        {**row, "prompt": "Who?", "chosen": "tea " * 200},
        {"prompt": "Why?", "left": "a", "right": "b", "vote": "tie"},
    ]
    path = write_rows(tmp_path / "bad.jsonl", bad)
    settings = DpoSettings.model_validate(LEARNING | {"epochs": 0.1})
    (tmp_path / "out").mkdir()
    metrics = dpo(settings, base=assistant, out=tmp_path / "out", preferences=[path])
    assert metrics["left_out"] == {
        "duplicate": 1, "equal": 1, "empty": 1, "undecided": 1, "prompt_too_long": 1, "too_long": 1,
    }  # fmt: skip
    with pytest.raises(DataError, match="not sound: 1 says the same as an earlier one"):
        dpo(settings.model_copy(update={"check": "refuse"}), base=assistant, out=tmp_path / "no", preferences=[path])
    with pytest.raises(ConfigError, match="no preferences"):
        dpo(settings, base=assistant, out=tmp_path / "no", preferences=[])
    path.write_text(json.dumps({**row, "rejected": row["chosen"]}))
    with pytest.raises(DataError, match="no preference can be learnt from"):
        dpo(settings, base=assistant, out=tmp_path / "no", preferences=[path])
    assert not (tmp_path / "no").exists()


def test_few_preferences_make_whole_steps() -> None:
    settings = LoopSettings(batch_tokens=8192, micro_batch_tokens=1024)
    for rows in range(1, 40):
        fitted = in_whole_steps(settings, 256, rows)
        assert 0 < fitted.batch_tokens // 256 <= rows
        assert fitted.batch_tokens % fitted.micro_batch_tokens == 0


@pytest.mark.parametrize(("loss", "may_grow"), [("dpo", True), ("kto", False)])
def test_a_gpu_takes_no_more_at_a_time_where_a_micro_batch_is_what_is_compared_with(
    assistant: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str, may_grow: bool
) -> None:
    asked: list[LoopSettings] = []

    def filling(settings: LoopSettings, *_: object, **__: object) -> LoopSettings:
        asked.append(settings)
        return settings

    monkeypatch.setattr("samovar.train.dpo.filling_gpu", filling)
    run(assistant, tmp_path / "new", loss=loss, epochs=0.1)
    assert len(asked) == may_grow

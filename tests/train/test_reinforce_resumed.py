"""Learning by reward comes to the same however it is computed: killed and gone on with, layers computed again."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samovar.core.errors import ConfigError
from samovar.model import decoder
from samovar.model.checkpoint import load_model
from samovar.train.journal import read_metrics
from tests.train.rl_runs import grpo_settings, run


@pytest.mark.parametrize("ahead", [0, 1])
def test_a_run_that_was_killed_ends_with_the_same_weights(
    guesser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    settings = grpo_settings(iterations=4, checkpoint_every_s=1e-9, held_out=2, rollouts_ahead=ahead)
    run(guesser, tmp_path / "whole", settings)

    class Killed(BaseException):
        pass

    from samovar.train.rl import reinforce as module

    learn, calls = module._Run._learn, []

    def dies(self: object, *rest: object) -> object:
        calls.append(1)
        if len(calls) == 3:
            raise Killed
        return learn(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(module._Run, "_learn", dies)
    with pytest.raises(Killed):
        run(guesser, tmp_path / "cut", settings)
    run(guesser, tmp_path / "cut", settings)
    whole, cut = (load_model(tmp_path / name).state_dict() for name in ("whole", "cut"))
    assert all(torch.equal(whole[name], cut[name]) for name in whole)
    with pytest.raises(ConfigError, match="answers was 8"):
        run(guesser, tmp_path / "cut", settings.model_copy(update={"answers": 4}))


def test_a_run_that_was_killed_before_its_first_checkpoint_looks_at_the_beginning_once(
    guesser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def dies(*_: object) -> object:
        raise Killed

    settings = grpo_settings(iterations=1, held_out=2)
    with monkeypatch.context() as patched:
        patched.setattr("samovar.train.rl.reinforce._Run._learn", dies)
        with pytest.raises(Killed):
            run(guesser, tmp_path / "out", settings)
    run(guesser, tmp_path / "out", settings)
    assert [row["step"] for row in read_metrics(tmp_path / "out" / "metrics.jsonl")] == [0, 1]


def test_layers_that_are_computed_again_end_with_the_same_weights(
    guesser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = grpo_settings(iterations=2, held_out=2)
    run(guesser, tmp_path / "kept", settings)
    again, calls = decoder.checkpoint, []

    def counted(*given: object, **how: object) -> object:
        calls.append(1)
        return again(*given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(decoder, "checkpoint", counted)
    run(guesser, tmp_path / "again", settings.model_copy(update={"activation_checkpointing": True}))
    assert calls
    kept, computed = (load_model(tmp_path / name).state_dict() for name in ("kept", "again"))
    assert all(torch.equal(kept[name], computed[name]) for name in kept)


def test_a_run_that_was_killed_after_it_had_stopped_is_only_ended(
    guesser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes too far in its first iterations, and dies before it leaves its weights."""

    class Killed(BaseException):
        pass

    def dies(*_: object, **__: object) -> object:
        raise Killed

    settings = grpo_settings(iterations=6, held_out=2, max_kl=1e-6)
    with monkeypatch.context() as patched:
        patched.setattr("samovar.train.rl.reinforce.save_trained", dies)
        with pytest.raises(Killed):
            run(guesser, tmp_path / "out", settings)
    stopped = read_metrics(tmp_path / "out" / "metrics.jsonl")
    assert stopped[-1]["step"] < 6
    run(guesser, tmp_path / "out", settings)
    assert read_metrics(tmp_path / "out" / "metrics.jsonl") == stopped
    assert (tmp_path / "out" / "config.json").is_file()

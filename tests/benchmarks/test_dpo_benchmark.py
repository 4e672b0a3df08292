"""The benchmark of preferences counts as it says; how fast anything is belongs to its result."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

import pytest

from benchmarks import contest, dpo_throughput
from benchmarks.contest import Contestant
from benchmarks.contestants import samovar_dpo
from benchmarks.preferences import as_row, take_pairs
from benchmarks.rates import verdicts
from samovar.chat.preferences import Pair, read_preference
from samovar.core.errors import MissingError

OPTIONS = argparse.Namespace(
    size="tiny", vocab_size=512, context=256, batch_tokens=512, micro_batch_tokens=512, steps=4, peer_steps=3,
    seconds=9.0,
    warmup_steps=1, threads=1, trl_pairs=[2, 4], trl_python=None, eager=True, without=[],
)  # fmt: skip


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return dpo_throughput.prepare(tmp_path_factory.mktemp("dpo"), take_pairs("tasks", 40, data=Path("no")), OPTIONS)


def test_pairs_of_tasks_differ_and_survive_as_rows() -> None:
    pairs = take_pairs("tasks", 30, data=Path("no"))
    assert all(one.chosen != one.rejected for one in pairs)
    assert [read_preference(as_row(one)) for one in pairs] == [[Pair(*one[:3])] for one in pairs]
    with pytest.raises(MissingError, match="harmless-base_test"):
        take_pairs("harmless", 1, data=Path("no"))


def test_ours_counts_the_pairs_of_its_steps(job: dict[str, object]) -> None:
    outcome = samovar_dpo.run(job)
    assert outcome["pairs_of_the_set"] == job["num_pairs"]
    assert outcome["tokens_computed"] < outcome["tokens_of_the_set"]  # answers share their prompt
    assert outcome["first_loss"] == pytest.approx(0.6931, abs=1e-3)
    assert len(outcome["step_seconds"]) == 3
    assert outcome["pairs_per_second"] < outcome["pairs_per_second_without_reference"]


def test_the_verdict_by_hand_and_an_absent_peer(
    job: dict[str, object], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def outcome(speed: float) -> list[dict[str, float]]:
        return [{"pairs_per_second": speed, "peak_memory_bytes": 1, "first_loss": 1, "last_loss": 1}]

    rounds = {"samovar": outcome(30), "TRL default": outcome(10), "TRL tuned, 8 pairs": outcome(20)}
    summary = dpo_throughput.summarize(rounds)
    found = verdicts(summary, dpo_throughput.TARGETS)
    assert found["times TRL default"] == {"measured": 3.0, "target": 2.0, "is_met": True}
    assert found["times TRL tuned"] == {"measured": 1.5, "target": 2.0, "is_met": False}
    assert "TRL tuned, 8 pairs" in dpo_throughput.table(summary)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert [one.label for one in dpo_throughput.contestants(job, OPTIONS)] == ["samovar"]
    assert "TRL is left out" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="TRL is in the extra bench")
def test_trl_learns_from_the_same_pairs(job: dict[str, object]) -> None:
    settings = {"gradient_checkpointing": False, "precompute_ref_log_probs": True, "per_device_train_batch_size": 4}
    outcome = contest.run_alone(Contestant("TRL", "trl_dpo", {**job, "settings": settings}), threads=1)
    lines = Path(str(job["pairs"])).read_text().splitlines()
    assert outcome["pairs_of_the_set"] == len(list(map(json.loads, lines)))
    assert outcome["first_loss"] == pytest.approx(0.6931, abs=1e-2)

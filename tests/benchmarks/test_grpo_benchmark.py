"""The benchmark of policy optimisation counts as it says; how fast anything is belongs to its result."""

from __future__ import annotations

import argparse

import pytest

from benchmarks import grpo_throughput
from benchmarks.contestants import samovar_grpo

OPTIONS = argparse.Namespace(
    size="tiny", vocab_size=512, context=128, prompts=2, answers=4, max_tokens=8, micro_batch_tokens=256, steps=3,
    peer_steps=2, seconds=9.0, warmup_steps=1, threads=1, method="grpo", eager=True,
)  # fmt: skip


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return grpo_throughput.prepare(tmp_path_factory.mktemp("grpo"), OPTIONS)


@pytest.mark.parametrize("changes", [{}, {"ahead": 1}, {"method": "ppo"}])
def test_ours_counts_the_answers_of_its_steps(job: dict[str, object], changes: dict[str, object]) -> None:
    outcome = samovar_grpo.run({**job, **changes})
    assert outcome["answers"] == 2 * 8
    assert 1 <= outcome["answer_tokens"] <= 8
    assert outcome["share_of_offline"] == pytest.approx(
        outcome["rollout_tokens_per_second"] / outcome["offline_tokens_per_second"]
    )
    drawn = outcome["answers"] * outcome["answer_tokens"] / sum(outcome["drawing_seconds"])
    assert outcome["drawn_tokens_per_second"] == pytest.approx(drawn, rel=0.01)
    assert max(outcome["mismatch"]) < 0.1


def test_the_verdict_on_rollouts_by_hand() -> None:
    rounds = {"samovar": [{"share_of_offline": share} for share in (0.7, 0.9, 0.85)]}
    found = grpo_throughput.share_of_offline(rounds)
    assert found == {"rollouts, of the engine's speed": {"measured": 0.85, "target": 0.8, "is_met": True}}
    assert grpo_throughput.share_of_offline({}) == {}

"""The benchmark of training on a GPU: its share of the arithmetic is right, and ours is the model that it says."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from benchmarks import train_gpu
from benchmarks.shape import gpt2_medium, gpt2_small


def options(**changes: object) -> argparse.Namespace:
    usual: dict[str, object] = {
        "sizes": ["tiny"], "context": 64, "step_tokens": 256, "micro_tokens": 128, "peer_micro_tokens": None,
        "warmup_steps": 1, "timed_steps": 2, "threads": 1, "eager": True, "nanochat": None, "nanogpt": None,
        "without": [], "limit_s": 600.0,
    }  # fmt: skip
    return argparse.Namespace(**usual | changes)


def test_sizes_have_the_parameters_of_their_names() -> None:
    assert gpt2_small(context=1024).num_parameters == pytest.approx(124e6, rel=0.01)
    assert gpt2_medium(context=1024).num_parameters == pytest.approx(354e6, rel=0.01)


def test_the_share_is_that_of_the_median_step() -> None:
    """GPT-2 small by hand: 6 x (12 x (4 x 768² + 3 x 768 x 2048) + 50304 x 768) + 12 x 12 x 768 x 1024."""
    flops = gpt2_small(context=1024).flops_per_token(1024)
    assert flops == 6 * (12 * (4 * 768**2 + 3 * 768 * 2048) + 50_304 * 768) + 12 * 12 * 768 * 1024
    outcome = {
        "step_seconds": [9.0, 0.5, 0.25], "first_step_seconds": 9.0, "parameters": 123_590_400,
        "first_loss": 10.8, "last_loss": 9.0, "gpu_memory_bytes": 2**34,
    }  # fmt: skip
    found = train_gpu.measured(outcome, step_tokens=262_144, flops_per_token=flops)
    assert found["tokens_per_second"] == 524_288
    assert found["teraflops_per_second"] == pytest.approx(448.1, abs=0.1)
    printed = train_gpu.table({"samovar adamw": found}, datasheet=989e12, product=700e12)
    assert "45.3%" in printed
    assert "64.0%" in printed


def test_peers_play_where_they_are_and_are_wanted(tmp_path: Path) -> None:
    ours = ["samovar adamw", "samovar muon", "samovar masked"]
    assert [one.label for one in train_gpu.contestants(options(), "tiny")] == ours
    wanted = options(nanochat=tmp_path, nanogpt=tmp_path, without=["samovar muon"])
    everyone = train_gpu.contestants(wanted, "tiny")
    assert [one.label for one in everyone] == ["samovar adamw", "samovar masked", "nanochat", "nanoGPT"]
    assert everyone[1].job["document_mask"]
    assert everyone[2].job["micro_tokens"] == 256, "no more than a step"


def test_peers_have_lanes_of_their_own(tmp_path: Path) -> None:
    sizes = ["124M", "350M"]
    found = train_gpu.lanes(options(sizes=sizes, nanochat=tmp_path, without=["samovar masked"]))
    assert [[(one.group, one.label) for one in lane] for lane in found] == [
        [("", "product"), *((size, f"samovar {name}") for size in sizes for name in ("adamw", "muon"))],
        [("124M", "nanochat")],
        [("350M", "nanochat")],
    ]

"""The benchmarks of training count as they say; how fast anything is belongs to their results."""

from __future__ import annotations

import argparse
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import contest, time_to_loss, train_throughput
from benchmarks.contestants import nanogpt_curve, roof, samovar_curve, timing
from benchmarks.contestants.held_out import curve_outcome, held_out_loss, load_tokens, look_steps
from benchmarks.contestants.timing import Stopwatch, train_outcome
from benchmarks.curves import best, reached_at, shortest
from benchmarks.shape import SIZES, random_tokens
from benchmarks.text_tokens import prepare, read_texts
from samovar.core.errors import MissingError
from samovar.model.decoder import Decoder
from samovar.model.linear import Linear

OPTIONS = argparse.Namespace(
    size="tiny", context=None, step_tokens=None, micro_tokens=None, peer_micro_tokens=None, warmup_steps=1,
    timed_steps=12, threads=1, eager=True, nanogpt=None, nanochat=None, without=[], masked=False, roof=False,
)  # fmt: skip
STAND_IN = """
from dataclasses import dataclass
import torch
from torch import nn


@dataclass
class GPTConfig:
    block_size: int
    vocab_size: int
    n_layer: int
    n_head: int
    n_embd: int
    dropout: float
    bias: bool


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.table = nn.Embedding(config.vocab_size, config.vocab_size)

    def configure_optimizers(self, weight_decay, learning_rate, betas, device_type):
        return torch.optim.AdamW(self.parameters(), lr=0.1, betas=betas)

    def forward(self, tokens, targets=None):
        logits = self.table(tokens)
        return logits, nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
"""
"""What nanoGPT's file offers, with a table of pairs for a model."""


def options(**changes: object) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(OPTIONS), **changes})


@pytest.fixture
def nanogpt(tmp_path: Path) -> Path:
    (tmp_path / "nanogpt").mkdir()
    (tmp_path / "nanogpt" / "model.py").write_text(STAND_IN)
    return tmp_path / "nanogpt"


def test_sizes_are_what_their_names_say() -> None:
    parameters = {name: size.shape(context=256).num_parameters for name, size in SIZES.items()}
    assert 10e6 < parameters["10M"] < 12e6
    assert 29e6 < parameters["30M"] < 31e6
    assert parameters["135M"] == pytest.approx(134_515_008, rel=1e-4)  # SmolLM2-135M, which has no norms of q and k


def test_only_the_timed_steps_count() -> None:
    job = {"warmup_steps": 1, "timed_steps": 2, "step_tokens": 100}
    times, losses = [0.0, 50.0, 51.0, 54.0, 99.0], [3.0, 2.0, 1.5, 1.0]
    outcome = train_outcome(job, step_started_at=times, losses=losses, num_parameters=7)
    assert outcome["tokens_per_second"] == 200 / 4
    assert outcome["step_seconds"] == [1.0, 3.0]
    assert outcome["first_step_seconds"] == 50.0
    assert outcome["tokens"] == 400
    assert (outcome["first_loss"], outcome["last_loss"]) == (3.0, 1.0)


def test_our_loop_is_measured_in_its_own_process() -> None:
    ours = train_throughput.contestants(OPTIONS)[0]
    outcome = contest.run_alone(ours, threads=1)
    assert outcome["tokens_per_second"] > 0
    assert len(outcome["step_seconds"]) == 12
    assert outcome["parameters"] == SIZES["tiny"].shape(context=32).num_parameters
    assert outcome["first_loss"] == pytest.approx(math.log(512), abs=0.1)
    assert outcome["last_loss"] < outcome["first_loss"] - 0.5
    summary = train_throughput.summarize({ours.label: [outcome]})
    assert summary["samovar"]["ours_is_times_as_fast"] == 1.0
    assert "samovar" in train_throughput.table(summary)


def test_absent_peers_are_said_and_left_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    labels = [one.label for one in train_throughput.contestants(options(nanochat=tmp_path))]
    said = capsys.readouterr().err
    assert "nanoGPT is left out: name a checkout with --nanogpt DIR" in said
    assert "has no nanochat/gpt.py" in said
    assert not any(label.startswith("nano") for label in labels)
    assert labels[:2] == ["samovar", "samovar muon"]


def test_peers_play_as_they_ship_and_tuned(nanogpt: Path) -> None:
    found = {one.label: one for one in train_throughput.contestants(options(nanogpt=nanogpt, eager=False, roof=True))}
    shipped, tuned = found["nanoGPT default"], found["nanoGPT tuned, 128 tokens"]
    assert (shipped.job["bfloat16"], shipped.job["compile"], shipped.group) == (False, False, "")
    assert (tuned.job["compile"], tuned.job["micro_tokens"], tuned.group) == (True, 128, "nanoGPT tuned")
    assert found["nanoGPT tuned, 256 tokens"].group == tuned.group
    assert list(found)[-1] == "roof"


def test_verdicts_by_hand() -> None:
    def outcome(speed: float) -> list[dict[str, float]]:
        return [{"tokens_per_second": speed, "peak_memory_bytes": 1, "parameters": 1, "tokens": 1, "first_loss": 2.0,
                 "last_loss": 1.0, "first_step_seconds": 1.0}]  # fmt: skip

    rounds = {
        "samovar": outcome(100), "nanoGPT default": outcome(20), "nanoGPT tuned, 4 tokens": outcome(40),
        "nanochat tuned, 4 tokens": outcome(90), "Trainer tuned, 4 tokens": outcome(62.5), "roof": outcome(200),
    }  # fmt: skip
    summary = train_throughput.summarize(rounds)
    found = train_throughput.verdicts(summary)
    tuned = "times the fastest of nanoGPT and Trainer, tuned"
    assert found[tuned] == {"measured": 1.6, "target": 2.0, "is_met": False}
    assert found["times the fastest of nanoGPT and Trainer, default"]["measured"] == 5.0
    assert found["share of the roof"] == {"measured": 0.5, "target": 0.6, "is_met": False}
    assert train_throughput.verdicts(train_throughput.summarize({"samovar": outcome(1)})) == {}


def test_the_roof_has_every_linear_map_of_the_model() -> None:
    for name in ("10M", "135M", "tiny"):
        shape = SIZES[name].shape(context=64)
        with torch.device("meta"):
            model = Decoder(shape)
        maps = sum(module.weight.numel() for module in model.modules() if isinstance(module, Linear))
        head = shape.vocab_size * shape.hidden_size
        counted = sum(inputs * outputs * count for (inputs, outputs), count in roof.linear_maps(shape).items())
        assert counted == maps + (head if model.lm_head is None else 0)


def test_the_roof_by_kind() -> None:
    outcome = roof.run(train_throughput.job_of(OPTIONS) | {"bfloat16": False})
    shape = SIZES["tiny"].shape(context=32)
    maps = sum(inputs * outputs * count for (inputs, outputs), count in roof.linear_maps(shape).items())
    assert outcome["flops_per_token"] == 6 * maps
    assert set(outcome["gigaflops_per_second"]) == set(roof.KINDS)
    # The rates of the three kinds come to the rate of all: as many products each, so their harmonic mean.
    rate = 3 / sum(1 / one for one in outcome["gigaflops_per_second"].values())
    assert outcome["tokens_per_second"] * outcome["flops_per_token"] / 1e9 == pytest.approx(rate, rel=0.02)


def test_tokens_have_something_to_learn() -> None:
    tokens = random_tokens(20_000, 512)
    assert (tokens == random_tokens(20_000, 512)).all()
    counts = np.bincount(tokens, minlength=512)
    assert counts[0] / counts[1] == pytest.approx(2.0, rel=0.1)
    assert tokens.max() < 512


def test_a_paused_watch_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([100.0, 103.0, 104.0, 150.0, 151.0])
    monkeypatch.setattr(timing, "perf_counter", lambda: next(moments))
    watch = Stopwatch()
    assert watch.read() == 3.0
    with watch.paused():
        pass
    assert watch.read() == 151.0 - 100.0 - (150.0 - 104.0)


def a_run(*points: tuple[float, float], compiling: float = 0.0) -> dict[str, object]:
    curve = [{"seconds": at, "loss": loss} for at, loss in points]
    return {"curve": curve, "compile_seconds": compiling, "seconds": points[-1][0]}


def test_when_a_curve_reaches_a_loss_by_hand() -> None:
    run = a_run((10, 5.0), (20, 4.0), (30, 4.5), (40, 3.0), compiling=4)
    assert reached_at(run, 4.25) == 17.5
    assert reached_at(run, 4.25, with_compiling=False) == 13.5
    assert reached_at(run, 3.75) == 35.0
    assert reached_at(run, 6.0) == 10.0
    assert reached_at(run, 2.9) is None
    assert best([run, a_run((30, 3.5)), a_run((5, 9.0))], 3.75) == 30.0
    assert best([a_run((5, 9.0))], 3.75) is None


def test_the_shortest_run_is_sought_from_both_sides() -> None:
    asked: list[float] = []

    def run(seconds: float) -> dict[str, object]:
        asked.append(seconds)
        return a_run((seconds / 2, 9.0), (seconds, 3.0 if seconds >= 70 else 3.5))

    shortest(run, 3.0, first_seconds=100, tries=4)
    assert asked[:3] == [100, 80.0, 64.0]
    assert asked[3] == pytest.approx((80 * 64) ** 0.5)
    asked.clear()
    shortest(run, 3.0, first_seconds=60, tries=3)
    assert asked[:2] == [60, 81.0]
    assert asked[2] == pytest.approx((60 * 81) ** 0.5)


def test_pace_and_looks() -> None:
    pace = time_to_loss.Pace(first_step_seconds=30.0, step_seconds=2.0)
    assert pace.steps_in(100.0) == 36
    assert pace.steps_in(10.0) == 2
    assert look_steps({"steps": 10, "looks": 4}) == [2, 5, 8, 10]
    assert look_steps({"steps": 2, "looks": 24}) == [1, 2]


def test_a_curve_by_hand() -> None:
    job = {"steps": 4, "looks": 2, "step_tokens": 100}
    outcome = curve_outcome(job, looked_at=[12.0, 14.0], losses=[3.0, 2.0], step_ended_at=[11.0, 12.0, 13.0, 14.0])
    assert outcome["compile_seconds"] == 10.0
    assert outcome["curve"][0] == {"step": 2, "tokens": 200, "seconds": 12.0, "loss": 3.0}
    assert (outcome["loss"], outcome["seconds"]) == (2.0, 14.0)


def test_held_out_loss_is_of_every_token() -> None:
    tokens = np.random.default_rng(0).integers(0, 7, 40 * 8 + 3).astype(np.uint16)
    table = torch.randn(7, 7, generator=torch.Generator().manual_seed(0))
    found = held_out_loss(lambda tokens_BT, target_BT: table[tokens_BT], tokens, context=8, num_rows=100)
    log_p = table.log_softmax(-1)
    by_hand = [-float(log_p[int(a), int(b)]) for a, b in pairwise(tokens[:321])]
    assert found == pytest.approx(sum(by_hand) / 320, rel=1e-5)
    uniform = held_out_loss(lambda x, y: torch.zeros(*x.shape, 7), tokens, context=8, num_rows=3)
    assert uniform == pytest.approx(math.log(7))


def test_held_out_texts_are_not_trained_on(tmp_path: Path) -> None:
    for number in range(120):
        (tmp_path / f"{number:03}.txt").write_text(f"the story {number} of a cat " * 5)
    texts = read_texts(tmp_path, tmp_path, max_bytes=10**6)
    assert len(texts) == 120
    assert read_texts(tmp_path, tmp_path, max_bytes=len(texts[0]) * 8) == texts[:8]
    job = prepare(tmp_path, texts, vocab_size=300)
    parts = {name: load_tokens(job[name]) for name in ("train", "validation")}
    assert {name: len(part) for name, part in parts.items()} == job["tokens"]
    ends = max(parts["validation"])  # the mark of an end stands last in the vocabulary but for the chat's marks
    assert {name: int((part == ends).sum()) for name, part in parts.items()} == {"train": 117, "validation": 3}
    with pytest.raises(MissingError, match="no texts in"):
        read_texts(tmp_path / "none", tmp_path, max_bytes=1)
    with pytest.raises(MissingError, match="1 texts are too few"):
        prepare(tmp_path, texts[:1], vocab_size=300)


def test_both_learn_a_text_and_are_looked_at(tmp_path: Path, nanogpt: Path) -> None:
    words = ["cat", "dog", "runs", "sees", "red", "big"]
    order = np.random.default_rng(0).integers(0, len(words), (60, 150))
    prepared = prepare(tmp_path, [" ".join(words[i] for i in row) for row in order], vocab_size=300)
    race_options = options(vocab_size=300, held_out_rows=16, looks=3, nanogpt=nanogpt)
    job = time_to_loss.job_of(race_options, prepared) | {"steps": 12, "settings": {}, "sketches_induction": True}
    for outcome in (samovar_curve.run(job), nanogpt_curve.run(job)):
        losses = [point["loss"] for point in outcome["curve"]]
        assert [point["step"] for point in outcome["curve"]] == [4, 8, 12]
        assert losses[2] < losses[1] < losses[0]
        assert 0 < outcome["curve"][0]["seconds"] < outcome["seconds"]


def test_nanogpt_rate_by_hand() -> None:
    assert nanogpt_curve.rate(0, 1000) == pytest.approx(1e-3 / 101)
    assert nanogpt_curve.rate(100, 1000) == pytest.approx(1e-3)
    assert nanogpt_curve.rate(550, 1000) == pytest.approx(5.5e-4)
    assert nanogpt_curve.rate(1000, 1000) == pytest.approx(1e-4)


def test_summary_of_a_race_by_hand() -> None:
    nanogpt_run = a_run((300, 4.0), (600, 3.0), compiling=40) | {"loss": 3.0}
    ours = [a_run((75, 4.0), (150, 2.9), compiling=30) | {"loss": 2.9}, a_run((90, 3.2)) | {"loss": 3.2}]
    adamw = [a_run((100, 4.0), (200, 3.0), compiling=20) | {"loss": 3.0}]
    summary = time_to_loss.summarize(nanogpt_run, ours, adamw)
    assert summary["samovar"]["seconds"] == pytest.approx(143.2)
    assert summary["samovar"]["seconds_without_compiling"] == pytest.approx(113.2)
    assert summary["nanoGPT"]["seconds_without_compiling"] == 560.0
    assert summary["nanoGPT"]["ours_share_of_seconds"] == pytest.approx(0.239)
    found = time_to_loss.verdicts(summary)
    assert found["share of nanoGPT's time"]["is_met"]
    assert not found["share of AdamW's time"]["is_met"]
    assert "143" in time_to_loss.table(summary)
    never = time_to_loss.summarize(nanogpt_run, [ours[1]], [])
    assert time_to_loss.verdicts(never)["share of nanoGPT's time"] == {
        "measured": None, "is_at_most": False, "target": 0.25, "is_met": False
    }  # fmt: skip
    slower = time_to_loss.summarize(nanogpt_run, ours, [a_run((200, 4.0), (400, 3.5)) | {"loss": 3.5}])
    assert time_to_loss.verdicts(slower)["share of AdamW's time"] == {
        "measured": 0.358, "is_at_most": True, "target": 0.5, "is_met": True
    }  # fmt: skip
    assert "not reached" in time_to_loss.table(never)

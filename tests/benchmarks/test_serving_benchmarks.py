"""The benchmarks of engine and server run on a tiny shape and add up rightly."""

from __future__ import annotations

import argparse
import json
import stat
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import engine_speed, serve_load
from benchmarks.contest import Contestant, run_alone
from benchmarks.contestants import llama_speed
from benchmarks.random_model import PRECISIONS, gguf_file, model_folder, program
from benchmarks.serve_load import Peer, medians
from samovar.core.errors import MissingError, SamovarError
from samovar.engine.engine import Engine

JOB: dict[str, Any] = {"threads": 1, "calls": 1, "batches": [1, 2], "prefill_tokens": 24}
JOB |= {"prompt_tokens": 12, "new_tokens": 6}


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMOVAR_NATIVE", "cached")  # compiling takes longer than all of these tests


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def test_every_precision_is_made_once(home: Path) -> None:
    folders = [model_folder(home, "tiny", precision) for precision in PRECISIONS]
    assert [(folder / "config.json").is_file() for folder in folders] == [True] * 3
    written = [(folder / "config.json").stat().st_mtime_ns for folder in folders]
    assert [model_folder(home, "tiny", precision) for precision in PRECISIONS] == folders
    assert [(folder / "config.json").stat().st_mtime_ns for folder in folders] == written
    sizes = [sum(file.stat().st_size for file in folder.glob("*.safetensors")) for folder in folders]
    assert sizes[0] > sizes[1] > sizes[2]


def test_our_own_speeds_are_of_the_asked_disciplines(home: Path) -> None:
    folder = model_folder(home, "tiny", "bf16")
    job = {**JOB, "model": str(folder), "dtype": "float32", "cache_form": "plain"}
    outcome = run_alone(Contestant("samovar", "samovar_speed", job), threads=1)
    assert {"prefill", "decode_1", "decode_2"} <= outcome.keys()
    assert min(outcome[name] for name in ("prefill", "decode_1", "decode_2")) > 0
    engine = Engine.load(folder, max_batch=1, dtype=torch.float32, max_context=64)
    assert outcome["way"].partition(":")[0] == ("native" if engine.is_native else "torch")
    if engine.is_native:  # in two bytes each, as they are stored: the maps of the layers, and the head
        maps = [weight.numel() for weight in engine.model.parameters() if weight.ndim == 2]
        assert outcome["weight_bytes"] == pytest.approx(2 * sum(maps), rel=0.05)


def test_the_result_says_why_torch_computed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMOVAR_NATIVE", "off")
    job = {**JOB, "model": str(model_folder(home, "tiny", "bf16")), "dtype": "float32", "cache_form": "plain"}
    outcome = run_alone(Contestant("samovar", "samovar_speed", job), threads=1)
    assert outcome["way"].startswith("torch: ")
    assert "SAMOVAR_NATIVE" in outcome["way"]


def test_of_llama_cpp_the_best_counts(tmp_path: Path) -> None:
    """Programs that print what llama-bench and llama-batched-bench print."""
    tests = [
        {"n_prompt": 24, "n_gen": 0, "samples_ts": [100.0, 120.0], "build_commit": "abc", "build_number": 7},
        {"n_prompt": 0, "n_gen": 6, "samples_ts": [50.0, 40.0], "build_commit": "abc", "build_number": 7},
    ]
    rows = [json.dumps({"pl": batch, "speed_tg": speed}) for batch, speed in ((1, 45.0), (2, 80.0))]
    batched = "\n".join(["main: noise", *rows])
    for name, told in (("bench", json.dumps(tests)), ("batched", batched)):
        (tmp_path / name).write_text(f"#!/bin/sh\ncat <<'END'\n{told}\nEND\n")
        (tmp_path / name).chmod(stat.S_IRWXU)
    programs = {name: str(tmp_path / name) for name in ("bench", "batched")}
    outcome = llama_speed.run({**JOB, **programs, "model": "model.gguf"})
    assert outcome == {"prefill": 120.0, "decode_1": 50.0, "decode_2": 80.0, "build": "abc (7)"}
    (tmp_path / "bench").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    with pytest.raises(RuntimeError, match="code 3: broken"):
        llama_speed.run({**JOB, **programs, "model": "model.gguf"})


def test_ratios_and_shares_worked_by_hand() -> None:
    summary = {
        "samovar 10M bf16": {"decode_1": {"median": 30.0}, "prefill": {"median": 300.0}},
        "llama.cpp 10M bf16": {"decode_1": {"median": 20.0}, "prefill": {"median": 400.0}},
        "llama.cpp 10M 4 bit": {"decode_1": {"median": 20.0}, "prefill": {"median": 400.0}},
    }
    assert engine_speed.ratios(summary) == {"llama.cpp 10M bf16": {"decode_1": 1.5, "prefill": 0.75}}
    beside = {
        "samovar 10M 8 bit": {"prefill": {"median": 900.0}},
        "transformers 10M bf16": {"prefill": {"median": 90.0}},
    }
    assert engine_speed.ratios(beside) == {"transformers 10M bf16, Samovar in 8 bit": {"prefill": 10.0}}
    shares = engine_speed.share_of_memory(summary, {"samovar 10M bf16": 1000}, 100_000.0)
    assert shares == {"samovar 10M bf16": 0.3}
    table = engine_speed.table(summary, engine_speed.ratios(summary), ["decode_1", "prefill"])
    assert "1.50 0.75" in table


def test_llama_cpp_must_be_where_it_is_said_to_be(home: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no llama-bench"):
        program(tmp_path, "llama-bench")
    plain = gguf_file(home, "tiny", "bf16", tmp_path)
    assert plain.is_file()
    with pytest.raises(MissingError, match="no llama-quantize"):
        gguf_file(home, "tiny", "4 bit", tmp_path)


def test_a_round_under_load_is_whole(home: Path) -> None:
    options = argparse.Namespace(sizes=["tiny"], precisions=["8 bit"], llama=None, concurrency=3)
    (ours,) = serve_load.peers(options, home)
    load = serve_load.Load(concurrency=3, number=5, input_tokens=60, output_tokens=6, endpoint="completions")
    summary = serve_load.measure(ours, load, threads=1)
    assert (summary["requests"], summary["failed"]) == (5, {})
    shown = medians([summary])
    assert shown["requests_per_second"] == summary["requests_per_second"]
    table = serve_load.table({ours.label: shown})
    assert "samovar tiny 8 bit" in table
    theirs = shown | {"requests_per_second": shown["requests_per_second"] / 2}
    both = {ours.label: shown, "llama-server tiny 8 bit": theirs}
    assert serve_load.ratios(both)[ours.label]["requests_per_second"] == pytest.approx(2, abs=0.01)


def test_a_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(SamovarError, match="code 4: no luck"),
        serve_load.running(Peer("ghost", lambda port: ["sh", "-c", "echo no luck; exit 4"]), threads=1),
    ):
        pass

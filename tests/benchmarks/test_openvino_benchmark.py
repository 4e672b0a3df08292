"""OpenVINO's contestant counts as it says, and plays with the same model as ours."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch

from benchmarks import engine_speed, random_model
from benchmarks.contest import ROOT, Contestant
from benchmarks.random_model import model_folder, openvino_folder
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import load_model, save_model

JOB: dict[str, Any] = {"threads": 1, "calls": 1, "batches": [1, 2], "prefill_tokens": 24}
JOB |= {"prompt_tokens": 12, "new_tokens": 6}
PROMPTS = [[5, 9, 200, 31, 77, 8, 140, 3], [300, 2, 44, 90, 90, 17, 250, 61], [7, 7, 7, 401, 12, 66, 5, 118]]
NEW_TOKENS = 12
ASK_OPENVINO = """
import json, sys
import numpy as np
from benchmarks.contestants.openvino_speed import begin, finish, pipeline
asked = json.load(sys.stdin)
prompts = np.array(asked["prompts"])
writer = pipeline(asked, "f32", *prompts.shape, asked["new_tokens"])
json.dump(finish(writer, begin(writer, prompts, asked["new_tokens"])), sys.stdout)
"""


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMOVAR_NATIVE", "cached")  # compiling takes longer than all of these tests


class Clockwork:
    """A pipeline that takes a second to read a batch, and half a second for each token of it after the first."""

    now = 0.0
    asked: list[dict[str, Any]] = []

    def __init__(self, model: str, scheduling: Any, device: str, settings: dict[str, Any]) -> None:
        self.left: dict[int, int] = {}
        self.is_read = False
        Clockwork.asked.append({**vars(scheduling), **settings})

    def add_request(self, number: int, tokens_BT: Any, config: Any) -> Any:
        self.left[number], self.is_read = config.max_new_tokens, False
        written = SimpleNamespace(generated_ids=[7] * config.max_new_tokens)
        return SimpleNamespace(can_read=lambda: self.left[number] < config.max_new_tokens, read_all=lambda: [written])

    def step(self) -> None:
        Clockwork.now += 0.5 if self.is_read else 1.0
        self.is_read = True
        self.left = {number: left - 1 for number, left in self.left.items()}

    def has_non_finished_requests(self) -> bool:
        return any(self.left.values())


@pytest.fixture
def contestant(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The contestant with a clockwork in place of OpenVINO, whose seconds are the only ones that pass."""
    genai, runtime = ModuleType("openvino_genai"), ModuleType("openvino")
    vars(genai).update(
        ContinuousBatchingPipeline=Clockwork, SchedulerConfig=SimpleNamespace, GenerationConfig=SimpleNamespace,
        get_version=lambda: "1.2.3",
    )  # fmt: skip
    vars(runtime).update(Tensor=list)
    monkeypatch.setitem(sys.modules, "openvino_genai", genai)
    monkeypatch.setitem(sys.modules, "openvino", runtime)
    monkeypatch.setattr(Clockwork, "asked", [])
    module = importlib.import_module("benchmarks.contestants.openvino_speed")
    monkeypatch.setattr(module, "perf_counter", lambda: Clockwork.now)
    yield module
    sys.modules.pop(module.__name__)


def test_speeds_worked_by_hand(contestant: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"vocab_size": 512}')
    outcome = contestant.run({**JOB, "model": str(tmp_path), "hints": ["bf16", "f32"]})
    by_hand = {"decode_1": 2.0, "decode_2": 4.0, "prefill": 24.0}
    assert outcome == {**by_hand, "by_hint": {"bf16": by_hand, "f32": by_hand}, "build": "1.2.3"}
    alone, both, reading = Clockwork.asked[:3]
    assert [one["INFERENCE_PRECISION_HINT"] for one in Clockwork.asked] == ["bf16"] * 3 + ["f32"] * 3
    assert [one["max_num_batched_tokens"] for one in (alone, both, reading)] == [12, 24, 24]
    assert not alone["enable_prefix_caching"]
    assert alone["INFERENCE_NUM_THREADS"] == 1


def test_prompts_that_take_two_steps_are_refused(contestant: Any) -> None:
    slow = SimpleNamespace(add_request=lambda *_: SimpleNamespace(can_read=lambda: False), step=lambda: None)
    with pytest.raises(RuntimeError, match="one step did not read 3 prompts of 8 tokens"):
        contestant.begin(slow, contestant.np.array(PROMPTS), 1)


@pytest.fixture
def converted(monkeypatch: pytest.MonkeyPatch) -> list[Contestant]:
    """Conversions that were asked for; each leaves an empty folder."""
    asked: list[Contestant] = []

    def convert(contestant: Contestant, *, threads: int) -> dict[str, Any]:
        asked.append(contestant)
        Path(contestant.job["out"]).mkdir()
        return {}

    monkeypatch.setattr(random_model, "run_alone", convert)
    return asked


def test_it_plays_where_its_python_is_named(converted: list[Contestant], tmp_path: Path) -> None:
    options = argparse.Namespace(
        sizes=["tiny"], precisions=["8 bit", "4 bit"], llama=None, without=[], activations="float32",
        openvino_python=Path("/peer/python"), cache_form="plain", **JOB,
    )  # fmt: skip
    playing = engine_speed.contestants(options, tmp_path)
    assert engine_speed.contestants(options, tmp_path) == playing
    assert [(one.module, one.job["bits"], one.python) for one in converted] == [
        ("openvino_model", 8, "/peer/python"),
        ("openvino_model", 4, "/peer/python"),
    ]
    theirs = [one for one in playing if one.python == "/peer/python"]
    assert [one.label for one in theirs] == ["OpenVINO tiny 8 bit", "OpenVINO tiny 4 bit"]
    assert [Path(one.job["model"]).is_dir() for one in theirs] == [True, True]
    speeds = {one.label: {"prefill": {"median": 10.0 if one in theirs else 20.0}} for one in playing}
    assert engine_speed.ratios(speeds) == {one.label: {"prefill": 2.0} for one in theirs}


def test_the_result_names_no_path_of_the_machine(
    converted: list[Contestant], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speeds = {"decode_1": 10.0, "prefill": 20.0}
    monkeypatch.setattr(engine_speed, "run_alone", lambda *_, **__: {"bytes_per_second": 1e9})
    monkeypatch.setattr(engine_speed, "play", lambda playing, **_: {one.label: [speeds] for one in playing})
    command = ["engine_speed", "--openvino-python", "/peer/python", "--models", str(tmp_path), "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [*command, "--sizes", "tiny", "--precisions", "bf16", "--batches", "1"])
    engine_speed.main()
    assert [one.job["bits"] for one in converted] == [16]
    written = next(tmp_path.glob("engine_speed-*.json")).read_text(encoding="utf-8")
    assert json.loads(written)["ratios"]["OpenVINO tiny bf16"] == {"decode_1": 1.0, "prefill": 1.0}
    assert "/peer" not in written
    assert str(tmp_path) not in written


@pytest.mark.skipif("SAMOVAR_OPENVINO" not in os.environ, reason="name a Python that has OpenVINO in SAMOVAR_OPENVINO")
def test_openvino_writes_the_same(tmp_path: Path) -> None:
    """Greedily in float32, with weights so large that answers do not just repeat their last token."""
    plain = model_folder(tmp_path, "tiny", "bf16")
    model = load_model(plain)
    draw = torch.Generator().manual_seed(1)
    for weight in model.parameters():
        if weight.ndim == 2:
            weight.data.normal_(0, 0.3, generator=draw)
    save_model(model.bfloat16(), plain, tokenizer_folder=plain)
    python = os.environ["SAMOVAR_OPENVINO"]
    asked = {"model": str(openvino_folder(tmp_path, "tiny", "bf16", python)), "threads": 1}
    told = subprocess.run(
        [python, "-c", ASK_OPENVINO], input=json.dumps({**asked, "prompts": PROMPTS, "new_tokens": NEW_TOKENS}),
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    engine = Engine.load(plain, max_batch=4, dtype=torch.float32, max_context=64)
    ours = engine.generate(PROMPTS, Sampling(temperature=0, max_tokens=NEW_TOKENS, ignore_eos=True))
    written = [list(answer.ids) for answer in ours]
    assert len({token for ids in written for token in ids}) > NEW_TOKENS  # they say something
    assert json.loads(told.stdout) == written

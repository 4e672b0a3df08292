"""Fine-tuning an adapter: it learns, the base stays as it was, a killed run ends as one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from samovar.cli.main import exit_code
from samovar.core.errors import ConfigError
from samovar.model.adapters.attach import adapted
from samovar.model.adapters.folders import load_adapted
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.train import train_tokenizer
from samovar.train.journal import RUN, read_metrics
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from samovar.train.trainable import loop_settings, open_trainable

ROOT = Path(__file__).parents[2]
ADAPTER = {"rank": 4, "alpha": 8, "learning_rate": 0.02}
CHANGES = {
    "batch_tokens": 256, "micro_batch_tokens": 128, "context": 64, "tokens": 256 * 15, "max_epochs": 1000,
    "validations": 1, "compile": "off",
}  # fmt: skip
QUESTIONS = {"What is in the cup?": "There is tea.", "What is on the table?": "A samovar.", "Who is there?": "Ivan."}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model with random weights, and beside it a file of conversations."""
    folder = tmp_path_factory.mktemp("adapter") / "base"
    texts = [f"{question} {answer}" for question, answer in QUESTIONS.items()] * 10
    tokenizer = train_tokenizer(texts, TokenizerSettings(vocab_size=300))
    tokenizer.save(folder)
    model = Decoder(
        DecoderSettings(
            vocab_size=tokenizer.vocab_size, hidden_size=32, intermediate_size=64, num_layers=2, num_heads=2,
            num_kv_heads=1, head_dim=16, max_positions=128,
        )
    )  # fmt: skip
    initialize(model, 0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:  # the embedding too, which is the head: a fresh one could not say much
                parameter.normal_(0.0, 0.3 if "embed" in name else 0.15)
    save_model(model, folder, tokenizer_folder=folder)
    rows = [
        json.dumps({"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}) + "\n"
        for q, a in QUESTIONS.items()
    ]
    (folder.parent / "own.jsonl").write_text("".join(rows * 20))
    return folder


def run(base: Path, out: Path, adapter: dict[str, Any] | None = None, **changes: object) -> dict[str, Any]:
    out.mkdir(exist_ok=True)
    settings = SftSettings.model_validate(CHANGES | {"adapter": ADAPTER | (adapter or {})} | changes)
    return sft(settings, base=base, out=out, tasks={}, conversations=[base.parent / "own.jsonl"])


def losses(out: Path) -> list[float]:
    return [row["loss"] for row in read_metrics(out / "metrics.jsonl")]


@torch.no_grad()
def logits(model: Decoder) -> torch.Tensor:
    return model.eval()(torch.arange(40).unsqueeze(0)).float()


@pytest.mark.parametrize(
    "adapter", [{}, {"use_dora": True}, {"base_bits": 4, "use_rslora": True, "targets": ["q_proj", "down_proj"]}]
)
def test_the_loss_falls_and_the_base_stays_as_it_was(base: Path, tmp_path: Path, adapter: dict[str, Any]) -> None:
    stored = (base / "model.safetensors").read_bytes()
    run(base, tmp_path, adapter)
    found = losses(tmp_path)
    assert len(found) == 15
    assert found[-1] < 0.6 * found[0]
    assert (base / "model.safetensors").read_bytes() == stored
    # Every later stage opens the merged model; it answers as the adapter beside its base does.
    beside = load_adapted(base, tmp_path / "adapter", dtype=torch.float32)
    merged = load_model(tmp_path, dtype=torch.float32)
    difference = float((logits(beside) - logits(merged)).abs().max())
    moved = float((logits(load_model(base, dtype=torch.float32)) - logits(merged)).abs().max())
    assert difference < 0.1 * moved  # the merged weights are stored in bfloat16 where the processor has it


@pytest.mark.parametrize("base_bits", [16, 4])
def test_the_frozen_weights_are_the_same_bits_afterwards(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base_bits: int
) -> None:
    seen: list[tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]] = []

    def keep(model: Decoder, *_: object, **__: object) -> None:
        frozen = model.state_dict()
        seen.append((before, {name: frozen[name] for name in before}))

    def opened(*arguments: Any, **options: Any) -> Decoder:
        model = open_trainable(*arguments, **options)
        trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
        assert {name.rpartition(".")[2] for name in trained} == {"lora_A", "lora_B"}
        before.update({name: value.clone() for name, value in model.state_dict().items() if name not in trained})
        return model

    before: dict[str, torch.Tensor] = {}
    monkeypatch.setattr("samovar.train.sft.open_trainable", opened)
    monkeypatch.setattr("samovar.train.sft.save_trained", keep)
    run(base, tmp_path, {"base_bits": base_bits})
    ((first, last),) = seen
    assert first
    assert all(torch.equal(first[name], last[name]) for name in first)


def test_what_a_watcher_is_told_counts_no_gradients_of_frozen_weights(base: Path, tmp_path: Path) -> None:
    run(base, tmp_path / "out", tokens=256)
    told = json.loads((tmp_path / "out" / RUN).read_text())["flops_per_token"]
    shape = load_model(base).settings
    maps = 2 * (32 * (32 + 16 + 16 + 32) + 3 * 32 * 64)  # queries, keys, values, output; gate, up, down; two layers
    beside = 2 * 4 * (32 + 32 + 2 * (32 + 16) + 32 + 32 + 3 * (32 + 64))  # two narrow maps of rank 4 beside each
    frozen = maps + shape.vocab_size * 32
    assert told == pytest.approx(shape.flops_per_token(64) - 2 * frozen + 6 * beside)


def test_a_checkpoint_holds_only_what_is_trained(base: Path, tmp_path: Path) -> None:
    run(base, tmp_path)
    path = tmp_path / "scratch" / "checkpoint.safetensors"
    names = [name for name in load_file(path) if name.startswith("model/")]
    assert len(names) == 2 * 14
    assert {name.rpartition(".")[2] for name in names} == {"lora_A", "lora_B"}


def test_killed_and_gone_on_it_ends_with_the_same_numbers(base: Path, tmp_path: Path) -> None:
    adapter = {"dropout": 0.2, "use_dora": True, "base_bits": 4}
    script = (
        "import json, sys; from pathlib import Path; from tests.train.test_sft_adapter import run\n"
        "run(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), checkpoint_every_s=1e-9)"
    )
    killed = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(base), str(killed), json.dumps(adapter)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not (killed / "scratch/checkpoint.safetensors").is_file() and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    run(base, killed, adapter)
    run(base, tmp_path / "whole", adapter)
    assert losses(killed) == losses(tmp_path / "whole")
    one, two = (load_file(folder / "adapter" / "adapter_model.safetensors") for folder in (killed, tmp_path / "whole"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_left_alone_it_is_no_whole_model(base: Path, tmp_path: Path) -> None:
    run(base, tmp_path, {"merge": False})
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()
    assert not (tmp_path / "model.safetensors").exists()
    assert len(adapted(load_adapted(base, tmp_path / "adapter"))) == 14


def test_a_brew_needs_the_whole_model() -> None:
    from samovar.brew.recipe import compose_recipe
    from samovar.brew.stage import load_stages

    recipe = compose_recipe(None, {"sft": {"adapter": {"merge": False}}})
    with pytest.raises(ConfigError, match=r"sft\.adapter\.merge"):
        load_stages()["quantize"].config(recipe)


def test_its_rate_is_its_own() -> None:
    settings = SftSettings.model_validate({"learning_rate": 0.5, "adapter": {"learning_rate": 3e-4}})
    loop = loop_settings(settings, settings.adapter)
    assert (loop.optimizer, loop.learning_rate, loop.adamw_learning_rate) == ("adamw", 3e-4, 3e-4)
    assert loop_settings(settings, None) == settings


def test_the_commands(base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "assistant"
    changes = [word for key, value in CHANGES.items() for word in ("--set", f"sft.{key}={json.dumps(value)}")]
    own = ["--conversations", str(base.parent / "own.jsonl")]
    rank = ["--set", "sft.adapter.rank=2", "--set", "sft.adapter.learning_rate=0.02"]
    assert exit_code(["sft", str(base), *own, "--out", str(out), *changes, *rank]) == 0
    assert json.loads((out / "adapter" / "adapter_config.json").read_text())["r"] == 2
    assert exit_code(["merge", str(base), str(out / "adapter"), "--out", str(tmp_path / "merged")]) == 0
    capsys.readouterr()
    asked = ["-m", "Who is there?", "--temperature", "0", "--max-tokens", "8"]
    answers = []
    for words in (["chat", str(tmp_path / "merged")], ["chat", str(base), "--adapter", str(out / "adapter")]):
        assert exit_code([*words, *asked]) == 0
        answers.append(capsys.readouterr().out)
    assert answers[0] == answers[1]
    assert exit_code(["sft", str(base), *own, "--out", str(tmp_path / "x"), "--set", "sft.adapter.rang=2"]) == 1
    assert "did you mean 'rank'" in capsys.readouterr().err

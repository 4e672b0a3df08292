"""The loop's promises: one batch overfits, accumulation equals a large batch, a killed run ends as one that was not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from samovar.core.errors import ConfigError, CorruptError
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.train.batches import Batch, Rows
from samovar.train.checkpoints import FORMAT
from samovar.train.journal import read_metrics
from samovar.train.loop import train
from samovar.train.objectives import next_token
from samovar.train.objectives.contract import Objective
from samovar.train.objectives.next_token import NextToken
from samovar.train.plan import Plan
from samovar.train.settings import LoopSettings
from samovar.train.step import NonFiniteLossError, TrainStep

SHAPE = DecoderSettings(
    vocab_size=64, hidden_size=32, intermediate_size=64, num_layers=2, num_heads=2, num_kv_heads=1, head_dim=16,
    max_positions=32,
)  # fmt: skip
CONTEXT = 16


class RandomRows(Rows):
    """Rows that a seed determines; the second half of every row repeats the first, so there is something to learn."""

    def __init__(self, num_rows: int = 64) -> None:
        half = np.random.default_rng(0).integers(0, 64, (num_rows, CONTEXT // 2 + 1))
        self.rows = torch.from_numpy(np.concatenate((half, half), axis=1)[:, : CONTEXT + 1])

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, numbers: np.ndarray) -> Batch:
        rows = self.rows[torch.from_numpy(numbers)]
        return Batch(rows[:, :-1].contiguous(), rows[:, 1:].contiguous(), None)


def loss_sum(model: Decoder, batch: Batch) -> torch.Tensor:
    return next_token.loss_sum(model, batch, model.hidden(batch.tokens_BT, document_BT=batch.document_BT))


def fresh_model() -> Decoder:
    model = Decoder(SHAPE)
    initialize(model, 1)
    return model


def run(
    out: Path,
    *,
    rows: Rows | None = None,
    model: Decoder | None = None,
    objective: Objective | None = None,
    tokens: int = 20 * 128,
    **changes: object,
):
    settings = LoopSettings.model_validate(
        {"batch_tokens": 128, "micro_batch_tokens": 64, "validations": 2, "compile": "off"} | changes
    )
    model = model or fresh_model()
    metrics = train(
        model, objective or NextToken(settings.z_loss), rows or RandomRows(), settings,
        tokens=tokens, context=CONTEXT, out=out, title="test", validate=lambda: {"validation_loss": 1.0},
    )  # fmt: skip
    return model, metrics


def test_one_batch_overfits(tmp_path: Path) -> None:
    _, metrics = run(tmp_path, rows=RandomRows(8), tokens=150 * 128)
    rows = read_metrics(tmp_path / "metrics.jsonl")
    assert rows[0]["loss"] == pytest.approx(np.log(64), abs=0.2)
    assert metrics["loss"] < 0.2
    assert metrics["steps"] == 150


def test_accumulation_equals_a_large_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """AdamW does not see the size of gradients: their norm tells whether it is the same."""
    # In float32, so that only the order of sums differs.
    monkeypatch.setattr("samovar.train.computing.training_dtype", lambda device: torch.float32)

    def numbers(name: str, micro: int) -> list[float]:
        (tmp_path / name).mkdir()
        run(tmp_path / name, micro_batch_tokens=micro, optimizer="adamw", learning_rate=0.002)
        rows = read_metrics(tmp_path / name / "metrics.jsonl")
        return [row[key] for row in rows for key in ("loss", "gradient_norm")]

    assert numbers("whole", 128) == pytest.approx(numbers("eighths", 16), rel=1e-2)


def test_a_step_weighs_every_target_alike() -> None:
    model, rows = fresh_model(), RandomRows()
    whole = rows.batch(np.arange(4))
    target = whole.target_BT.clone()
    target[0, 3:] = -100  # the first micro-batch has fewer targets than the second
    whole = whole._replace(target_BT=target)
    parts = [Batch(whole.tokens_BT[i : i + 2], target[i : i + 2], None) for i in (0, 2)]
    total = next_token.weight(whole)
    assert total == 4 * CONTEXT - (CONTEXT - 3) == sum(next_token.weight(part) for part in parts)
    (loss_sum(model, whole) / total).backward()
    at_once = [p.grad.clone() for p in model.parameters() if p.grad is not None]
    model.zero_grad()
    for part in parts:
        (loss_sum(model, part) / total).backward()
    summed = [p.grad for p in model.parameters() if p.grad is not None]
    for one, two in zip(at_once, summed, strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-4)


EVERYTHING = {
    "ema_decay": 0.9, "schedule": "cosine", "dropout": 0.1, "z_loss": 1e-3, "activation_checkpointing": True,
    "rate_factors": {"embed_tokens.*": 0.5, "layers.0.*": 2.0}, "weight_decay": 0.1,
}  # fmt: skip
OPTIONS: dict[str, dict[str, object]] = {
    "muon": {}, "adamw": {"optimizer": "adamw", "learning_rate": 0.002}, "ema": {"ema_decay": 0.99},
    "linear": {"schedule": "linear"}, "dropout": {"dropout": 0.2}, "everything": EVERYTHING,
    "everything with adamw": EVERYTHING | {"optimizer": "adamw"},
}  # fmt: skip


class Stop(RuntimeError):
    """A run is cut off."""


class StoppingRows(RandomRows):
    left = 25

    def batch(self, numbers: np.ndarray) -> Batch:
        self.left -= 1
        if self.left == 0:
            raise Stop
        return super().batch(numbers)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_resumed_run_ends_with_the_same_numbers(tmp_path: Path, options: dict[str, object]) -> None:
    whole, _ = run(_folder(tmp_path / "whole"), **options)
    stopped = _folder(tmp_path / "stopped")
    with pytest.raises(Stop):
        run(stopped, rows=StoppingRows(), checkpoint_every_s=1e-9, **options)
    assert (stopped / "scratch/checkpoint.safetensors").is_file()
    torch.rand(7)  # the state of random numbers is another one now
    resumed, _ = run(stopped, **options)
    for one, two in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, two)
    losses = [[row["loss"] for row in read_metrics(tmp_path / name / "metrics.jsonl")] for name in ("whole", "stopped")]
    assert len(losses[0]) == 20
    assert losses[0] == losses[1]


def test_a_run_goes_on_only_with_the_settings_it_began_with(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        run(tmp_path, rows=StoppingRows(), checkpoint_every_s=1e-9)
    with pytest.raises(ConfigError, match=r"learning_rate was 0\.02 when it was made, and is 0\.03") as caught:
        run(tmp_path, learning_rate=0.03)
    assert "set it back, or delete" in str(caught.value.hint)
    with pytest.raises(ConfigError, match=r"ema_decay was None when it was made, and is 0\.9"):
        run(tmp_path, ema_decay=0.9)
    with pytest.raises(ConfigError, match="steps was 20 when it was made, and is 40"):
        run(tmp_path, tokens=40 * 128)
    with pytest.raises(ConfigError, match="rows was 64 when it was made, and is 32"):
        run(tmp_path, rows=RandomRows(32))
    # How it is computed may change.
    _, metrics = run(tmp_path, micro_batch_tokens=32, activation_checkpointing=True, validations=1)
    assert metrics["steps"] == 20


def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "scratch/checkpoint.safetensors"
    tensors = load_file(path)
    said = json.loads(bytes(tensors["run"].tolist()))
    assert said["format"] == FORMAT
    assert said["step"] == 20
    newer = json.dumps(said | {"format": FORMAT + 1}).encode()
    save_file(tensors | {"run": torch.tensor(list(newer), dtype=torch.uint8)}, path)
    with pytest.raises(ConfigError, match=rf"another version of Samovar \(its format is {FORMAT + 1}, ours {FORMAT}"):
        run(tmp_path)
    # The first format had the step and the seconds as two numbers.
    save_file(tensors | {"run": torch.tensor([20.0, 1.5], dtype=torch.float64)}, path)
    with pytest.raises(ConfigError, match="its format is 1"):
        run(tmp_path)


def test_kill_9_loses_nothing_but_the_last_steps(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.train.test_loop import run; "
        "run(Path(sys.argv[1]), checkpoint_every_s=1e-9, tokens=60 * 128)"
    )
    root = Path(__file__).parents[2]
    killed = _folder(tmp_path / "killed")
    environment = os.environ | {"PYTHONPATH": str(root)}
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(killed)], cwd=root, env=environment, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not (killed / "scratch/checkpoint.safetensors").is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run(killed, tokens=60 * 128)
    run(_folder(tmp_path / "whole"), tokens=60 * 128)
    losses = [[row["loss"] for row in read_metrics(tmp_path / name / "metrics.jsonl")] for name in ("whole", "killed")]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 60


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "scratch/checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CorruptError, match="cannot be resumed from") as caught:
        run(tmp_path)
    assert "delete" in str(caught.value.hint)


def test_a_loss_that_is_not_finite_stops_with_its_batch(tmp_path: Path) -> None:
    model = fresh_model()
    with torch.no_grad():
        model.norm.weight[0] = float("nan")
    with pytest.raises(NonFiniteLossError, match=r"the loss of step 1 is nan .* is of row ") as caught:
        run(tmp_path, model=model)
    path = tmp_path / "non-finite-step-1.pt"
    assert str(path) in str(caught.value)
    saved = torch.load(path, weights_only=True)
    assert saved["step"] == 1
    for numbers, batch in zip(saved["rows"], saved["batches"], strict=True):
        assert torch.equal(batch["tokens_BT"], RandomRows().batch(np.array(numbers)).tokens_BT)


def test_weights_that_are_damaged_are_named_in_place_of_a_rate(tmp_path: Path) -> None:
    model = fresh_model()
    with torch.no_grad():
        model.layers[1].mlp.up_proj.weight[3, 2] = float("inf")
    base, out = tmp_path / "base", tmp_path / "out"
    save_model(model, base, largest_file=20_000)
    out.mkdir()
    (file,) = (path for path in base.glob("*.safetensors") if "model.layers.1.mlp.up_proj.weight" in load_file(path))
    words = (
        rf"the weights in {file} are damaged: model\.layers\.1\.mlp\.up_proj\.weight holds numbers that are not finite"
    )
    with pytest.raises(CorruptError, match=words) as caught:
        run(out, model=load_model(base).train().requires_grad_(True))
    assert "fetch the model again" in str(caught.value.hint)
    assert len(list(base.glob("*.safetensors"))) > 1


@pytest.mark.parametrize(("first_step", "blames_rates"), [(0, False), (1, True)])
def test_the_rates_are_blamed_once_they_have_done_something(
    tmp_path: Path, first_step: int, blames_rates: bool
) -> None:
    class FromStep:
        weight = staticmethod(next_token.weight)
        calls = 0

        def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            loss = next_token.loss_sum(model, batch, hidden_BTD)
            return loss * float("nan") if self.calls > first_step else loss

    with pytest.raises(NonFiniteLossError) as caught:
        run(tmp_path, objective=FromStep(), micro_batch_tokens=128)
    assert ("learning rates" in str(caught.value.hint)) == blames_rates


@pytest.mark.parametrize("has_learnt", [False, True])
def test_so_they_are_where_another_plan_went_before(tmp_path: Path, has_learnt: bool) -> None:
    model, settings = fresh_model(), LoopSettings(batch_tokens=128, micro_batch_tokens=64)
    with torch.no_grad():
        model.norm.weight[0] = float("nan")
    plan = Plan(settings, tokens=128, context=CONTEXT, num_rows=64)
    step = TrainStep(model, next_token, RandomRows(), plan, settings, out=tmp_path, has_learnt=has_learnt)
    with pytest.raises(NonFiniteLossError) as caught:
        step(0)
    assert ("learning rates" in str(caught.value.hint)) == has_learnt


class Poisoned:
    """The loss of rows that hold a token is infinite, or its gradient is."""

    def __init__(self, row: int, *, spares_loss: bool) -> None:
        self.token = RandomRows().rows[row, :-1]
        self.spares_loss = spares_loss

    def weight(self, batch: Batch) -> int:
        return next_token.weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: torch.Tensor) -> torch.Tensor:
        loss = next_token.loss_sum(model, batch, hidden_BTD)
        if not (batch.tokens_BT == self.token).all(dim=1).any():
            return loss
        if self.spares_loss:
            loss.register_hook(lambda gradient: gradient * float("inf"))
            return loss
        return loss * float("inf")


def test_rows_whose_loss_is_not_finite_are_told_from_the_others(tmp_path: Path) -> None:
    with pytest.raises(NonFiniteLossError, match=r"the loss of step \d is inf"):
        run(tmp_path, objective=Poisoned(40, spares_loss=False), micro_batch_tokens=16)
    saved = torch.load(next(tmp_path.glob("non-finite-*.pt")), weights_only=True)
    assert saved["rows"] == [[40]]


def test_a_gradient_that_is_not_finite_stops_too(tmp_path: Path) -> None:
    with pytest.raises(NonFiniteLossError, match=r"the gradient of step \d is not finite \(its norm is (nan|inf)"):
        run(tmp_path, objective=Poisoned(40, spares_loss=True))
    saved = torch.load(next(tmp_path.glob("non-finite-*.pt")), weights_only=True)
    assert 40 in [number for numbers in saved["rows"] for number in numbers]
    rows = read_metrics(tmp_path / "metrics.jsonl") if (tmp_path / "metrics.jsonl").is_file() else []
    assert len(rows) == saved["step"] - 1, "the weights were not touched by that step"


def _folder(path: Path) -> Path:
    path.mkdir()
    return path

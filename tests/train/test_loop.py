"""The loop's promises: one batch overfits, accumulation equals a large batch, a killed run ends as one that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from samovar.core.errors import CorruptError
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.train.batches import Batch
from samovar.train.journal import read_metrics
from samovar.train.loop import NonFiniteLossError, train
from samovar.train.objectives import next_token
from samovar.train.settings import LoopSettings

SHAPE = DecoderSettings(
    vocab_size=64, hidden_size=32, intermediate_size=64, num_layers=2, num_heads=2, num_kv_heads=1, head_dim=16,
    max_positions=32,
)  # fmt: skip
CONTEXT = 16


class RandomRows:
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
    out: Path, *, rows: object | None = None, model: Decoder | None = None, tokens: int = 20 * 128, **changes: object
):
    settings = LoopSettings.model_validate(
        {"batch_tokens": 128, "micro_batch_tokens": 64, "validations": 2, "compile": "off"} | changes
    )
    model = model or fresh_model()
    metrics = train(
        model, next_token, rows or RandomRows(), settings,
        tokens=tokens, context=CONTEXT, out=out, title="test", validate=lambda: {"validation_loss": 1.0},
    )  # fmt: skip
    return model, metrics


def test_one_batch_overfits(tmp_path: Path) -> None:
    _, metrics = run(tmp_path, rows=RandomRows(8), tokens=150 * 128)
    rows = read_metrics(tmp_path / "metrics.jsonl")
    assert rows[0]["loss"] == pytest.approx(np.log(64), abs=0.2)
    assert metrics["loss"] < 0.2
    assert metrics["steps"] == 150


def test_accumulation_equals_a_large_batch(tmp_path: Path) -> None:
    # float32 arithmetic throughout, so that only the order of sums differs.
    def losses(name: str, micro: int) -> list[float]:
        (tmp_path / name).mkdir()
        run(tmp_path / name, micro_batch_tokens=micro, optimizer="adamw", learning_rate=0.002)
        return [row["loss"] for row in read_metrics(tmp_path / name / "metrics.jsonl")]

    assert losses("whole", 128) == pytest.approx(losses("eighths", 16), rel=2e-2)


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


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_a_resumed_run_ends_with_the_same_numbers(tmp_path: Path, optimizer: str) -> None:
    whole, _ = run(_folder(tmp_path / "whole"), optimizer=optimizer)
    stopped = _folder(tmp_path / "stopped")

    class Stop(RuntimeError):
        pass

    class StoppingRows(RandomRows):
        left = 25

        def batch(self, numbers: np.ndarray) -> Batch:
            self.left -= 1
            if self.left == 0:
                raise Stop
            return super().batch(numbers)

    with pytest.raises(Stop):
        run(stopped, rows=StoppingRows(), optimizer=optimizer, checkpoint_every_s=1e-9)
    assert (stopped / "scratch/checkpoint.safetensors").is_file()
    resumed, _ = run(stopped, optimizer=optimizer)
    for one, two in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, two)
    losses = [[row["loss"] for row in read_metrics(tmp_path / name / "metrics.jsonl")] for name in ("whole", "stopped")]
    assert losses[0] == losses[1]


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
    subprocess.run(
        [sys.executable, "-c", script, str(killed)], cwd=root, env=environment, check=True, stderr=subprocess.DEVNULL
    )
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
    with pytest.raises(NonFiniteLossError, match="step 1 is nan"):
        run(tmp_path, model=model)
    saved = torch.load(next(tmp_path.glob("non-finite-*.pt")), weights_only=False)
    assert saved[0].tokens_BT.shape == (4, CONTEXT)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path

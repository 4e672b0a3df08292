"""Training on a GPU gives what a processor gives: losses, gradients, documents kept apart, and runs that go on."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from samovar.brew.forecast import Machine, Outlook
from samovar.brew.memory import StageMemory
from samovar.brew.recipe import compose_recipe
from samovar.brew.training_forecast import forecast_training, probe_training
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.model.sight import Branches
from samovar.train.batches import Batch, Rows
from samovar.train.loop import train
from samovar.train.memory_model import GPU_CONTEXT_BYTES
from samovar.train.objectives import next_token
from samovar.train.objectives.cross_entropy import cross_entropy_sum
from samovar.train.objectives.next_token import NextToken
from samovar.train.optimizers import Optimizers
from samovar.train.orthogonal import orthogonalize
from samovar.train.plan import Plan
from samovar.train.probe import probe_tokens_per_second
from samovar.train.settings import LoopSettings
from samovar.train.step import TrainStep
from samovar.train.validation import validation_loss

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
    pytest.mark.filterwarnings("default"),  # the compiler's advice is none of ours
]

GPU = torch.device("cuda")
CONTEXT = 200
"""No multiple of a block of attention."""


class RepeatedRows(Rows):
    """Rows of two documents, of which each says a few words again and again: there is something to learn."""

    def __init__(self, *, has_documents: bool, is_forked: bool = False) -> None:
        draw = np.random.default_rng(0)
        words = draw.integers(0, 64, (32, 2, 5))
        first = np.tile(words[:, 0], CONTEXT // 5 + 1)
        second = np.tile(words[:, 1], CONTEXT // 5 + 1)
        place = np.arange(CONTEXT + 1)
        self.is_second = place >= draw.integers(CONTEXT // 4, CONTEXT, (32, 1))
        self.tokens = np.where(self.is_second, second[:, : CONTEXT + 1], first[:, : CONTEXT + 1])
        self.has_documents, self.is_forked = has_documents, is_forked

    def __len__(self) -> int:
        return len(self.tokens)

    def batch(self, numbers: np.ndarray) -> Batch:
        rows = torch.from_numpy(self.tokens[numbers])
        document_BT = torch.from_numpy(self.is_second[numbers, :-1].astype(np.int32)) if self.has_documents else None
        branches = None
        if self.is_forked:
            place_T = torch.arange(CONTEXT)
            branch_T = (place_T >= 50).int() + (place_T >= 120).int()
            branches = Branches(branch_T.repeat(len(rows), 1), place_T.repeat(len(rows), 1))
        return Batch(rows[:, :-1].contiguous(), rows[:, 1:].contiguous(), document_BT, branches=branches)


def model_of(**more: object) -> Decoder:
    shape = {
        "vocab_size": 64, "hidden_size": 64, "intermediate_size": 128, "num_layers": 3, "num_heads": 4,
        "num_kv_heads": 2, "head_dim": 16, "max_positions": CONTEXT,
    }  # fmt: skip
    model = Decoder(DecoderSettings.model_validate(shape | more))
    initialize(model, 0)
    with torch.no_grad():  # outputs of blocks begin at zero: attention would have no part in the loss
        for name, parameter in model.named_parameters():
            if name.endswith(("o_proj.weight", "down_proj.weight")):
                parameter.normal_(0.0, 0.1, generator=torch.Generator().manual_seed(1))
    return model


@pytest.fixture(autouse=True)
def exact_products() -> None:
    """float32 is float32, and nothing compiled for a test before is in the way."""
    torch.set_float32_matmul_precision("highest")
    torch.compiler.reset()


def gradients(model: Decoder, rows: Rows, out: Path, *, device: torch.device, compiled: bool) -> dict[str, Tensor]:
    """The loss of a step of two micro-batches in float32, its norm, and every gradient."""
    model = model.to(device)
    settings = LoopSettings(batch_tokens=16 * CONTEXT, micro_batch_tokens=8 * CONTEXT, compile="off")
    plan = Plan(settings, tokens=16 * CONTEXT, context=CONTEXT, num_rows=len(rows))
    model.is_compiled = compiled
    found = TrainStep(model, next_token, rows, plan, settings, out=out)(0)
    numbers = {name: torch.tensor(value) for name, value in found.items()}
    return numbers | {name: p.grad.cpu() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("case", "more"),
    [
        ("plain", {}),
        ("documents", {}),
        ("forks", {}),
        ("documents", {"window": 60, "windowed_layers": (0, 2)}),
        ("documents", {"score_softcap": 3.0}),
        ("documents", {"position": "alibi"}),
        ("documents", {"position": "learned", "tie_embeddings": False}),
    ],
)
def test_loss_and_gradients_are_those_of_a_processor(
    case: str, more: dict[str, object], compiled: bool, tmp_path: Path
) -> None:
    rows = RepeatedRows(has_documents=case != "plain", is_forked=case == "forks")
    wanted = gradients(model_of(**more), rows, tmp_path, device=torch.device("cpu"), compiled=False)
    found = gradients(model_of(**more), rows, tmp_path, device=GPU, compiled=compiled)
    assert found.keys() == wanted.keys()
    for name, one in wanted.items():
        assert torch.linalg.vector_norm(found[name] - one) <= 2e-3 * torch.linalg.vector_norm(one) + 1e-6, name


def test_layers_computed_again_give_the_same_gradients(tmp_path: Path) -> None:
    rows = RepeatedRows(has_documents=True)
    wanted = gradients(model_of(), rows, tmp_path, device=GPU, compiled=True)
    model = model_of()
    model.recomputes_layers = True
    found = gradients(model, rows, tmp_path, device=GPU, compiled=True)
    for name, one in wanted.items():
        assert torch.allclose(found[name], one, rtol=1e-3, atol=1e-6), name


@pytest.mark.parametrize("compiled", [False, True])
def test_cross_entropy_in_chunks_is_that_of_torch(compiled: bool) -> None:
    torch.manual_seed(0)
    model = model_of().to(GPU)
    model.is_compiled = compiled
    hidden_ND = torch.randn(300, 64, device=GPU, requires_grad=True)
    target_N = torch.randint(64, (300,), device=GPU)
    loss, _ = cross_entropy_sum(model, hidden_ND, target_N, smoothing=0.1, at_once=128)
    wanted = torch.nn.functional.cross_entropy(model.head(hidden_ND), target_N, reduction="sum", label_smoothing=0.1)
    assert torch.allclose(loss, wanted, rtol=1e-5)
    weight = model.embed_tokens.weight
    for one, other in zip(
        torch.autograd.grad(loss, (hidden_ND, weight)), torch.autograd.grad(wanted, (hidden_ND, weight)), strict=True
    ):
        assert torch.allclose(one, other, atol=1e-4)


def test_muon_takes_the_step_of_a_processor() -> None:
    models = [model_of(), model_of().to(GPU)]
    for model in models:
        optimizers = Optimizers(model, LoopSettings(weight_decay=0.1))
        draw = torch.Generator().manual_seed(0)
        for _ in range(3):
            for parameter in model.parameters():
                parameter.grad = torch.randn(parameter.shape, generator=draw).to(parameter.device)
            optimizers.step(1.0)
    before = dict(model_of().named_parameters())
    for (name, one), other in zip(models[0].named_parameters(), models[1].parameters(), strict=True):
        # Rounded to bfloat16 on the way, in another order.
        moved = torch.linalg.vector_norm(one - before[name])
        assert torch.linalg.vector_norm(one - other.cpu()) < 0.1 * moved, name


@pytest.mark.parametrize(("rows", "columns"), [(128, 128), (128, 352), (352, 128)])
def test_orthogonalized_matrices_have_singular_values_near_one(rows: int, columns: int) -> None:
    """Values from 1 to 1/100, of which the iteration promises 0.7 to 1.3; bfloat16 takes a little of it."""
    torch.manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(4, side, 128, device=GPU))[0] for side in (rows, columns))
    matrices = left @ torch.diag(torch.logspace(0, -2, 128, device=GPU)) @ right.mT
    values = torch.linalg.svdvals(orthogonalize(matrices).float())
    assert 0.65 < values.min() < values.max() < 1.35


def course(out: Path, *, tokens: int, **changes: object) -> list[float]:
    """The losses of a run that is begun, or goes on, in ``out``; rows are of two documents each."""
    rows = RepeatedRows(has_documents=True)
    model = model_of().to(GPU)
    settings = LoopSettings.model_validate(
        {"batch_tokens": 16 * CONTEXT, "micro_batch_tokens": 8 * CONTEXT, "validations": 1, "schedule": "wsd",
         "decay_share": 0.0, "warmup_share": 0.0} | changes
    )  # fmt: skip
    train(
        model, NextToken(), rows, settings, tokens=tokens, context=CONTEXT, out=out, title="test",
        validate=lambda: {"validation_loss": validation_loss(model, rows, rows_per_batch=5)},
    )  # fmt: skip
    lines = (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    return [row["loss"] for row in map(json.loads, lines) if "loss" in row]


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_a_run_learns(optimizer: str, tmp_path: Path) -> None:
    rate = {"muon": 0.02, "adamw": 0.002}[optimizer]
    losses = course(tmp_path, tokens=40 * 16 * CONTEXT, compile="on", optimizer=optimizer, learning_rate=rate)
    assert losses[-1] < 0.6 * losses[0]


def test_a_run_that_stopped_goes_on_to_the_same_losses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "stopped").mkdir()
    tokens = 12 * 16 * CONTEXT
    whole = course(tmp_path / "whole", tokens=tokens, compile="off")
    step = TrainStep.__call__

    def stopping(self: TrainStep, number: int) -> dict[str, float]:
        if number == 7:
            raise KeyboardInterrupt
        return step(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(TrainStep, "__call__", stopping)
        with pytest.raises(KeyboardInterrupt):
            course(tmp_path / "stopped", tokens=tokens, compile="off", checkpoint_every_s=1e-9)
    gone_on = course(tmp_path / "stopped", tokens=tokens, compile="off")
    assert len(gone_on) == len(whole)
    assert np.allclose(gone_on, whole, rtol=2e-2), "sums of a GPU differ in their last bits"


def test_a_forecast_is_by_the_speed_and_the_memory_of_the_gpu() -> None:
    shape = DecoderSettings(
        vocab_size=4096, hidden_size=256, intermediate_size=768, num_layers=8, num_heads=4, num_kv_heads=4, head_dim=64
    )
    recipe = compose_recipe(None, {"model": {"context": 512}, "pretrain": {"batch_tokens": 65_536, "compile": "on"}})
    outlook = Outlook(Path(), Machine())
    found = forecast_training(recipe, recipe.pretrain, tokens=1e6, outlook=outlook, shape=shape)
    speed = probe_training(recipe, recipe.pretrain, outlook, shape)
    assert min(speed["tokens_per_second"], speed["compiled_tokens_per_second"]) > 0
    torch.cuda.empty_cache()
    memory = StageMemory()
    probe_tokens_per_second(shape, context=512, micro_batch_tokens=65_536, is_compiled=True)
    assert memory.taken_bytes() == pytest.approx(found.memory_bytes - GPU_CONTEXT_BYTES, rel=0.5)

"""Options of the loop: averages, dropout, recomputed layers, rates, metrics, the heaviest batch, lack of memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from samovar.core.errors import ConfigError, ResourceError
from samovar.model.adapters.attach import attach
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.quantized import quantize_model
from samovar.train import memory_check
from samovar.train.averages import Averages
from samovar.train.batches import Batch, ShardRows
from samovar.train.dropout import dropout, seed_step
from samovar.train.journal import read_metrics
from samovar.train.loop import train
from samovar.train.memory_check import check_memory
from samovar.train.memory_model import Adapter, TrainingMemory, training_memory
from samovar.train.objectives import next_token
from samovar.train.objectives.contract import Measured
from samovar.train.optimizers import Optimizers, trained_parameters
from samovar.train.plan import Plan
from samovar.train.settings import LoopSettings
from samovar.train.step import TrainStep
from tests.data.test_shards import END, write
from tests.train.test_loop import CONTEXT, SHAPE, RandomRows, fresh_model, loss_sum, run


class Watched:
    """Keeps the weights that every step began with."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Tensor]] = []

    def weight(self, batch: Batch) -> int:
        return next_token.weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Tensor:
        self.seen.append({name: p.detach().clone() for name, p in model.named_parameters()})
        return next_token.loss_sum(model, batch, hidden_BTD)


def test_the_average_of_the_weights_by_hand(tmp_path: Path) -> None:
    """d_t = min(decay, (1 + t) / (10 + t)); the average begins as the fresh weights."""
    for name in ("plain", "averaged"):
        (tmp_path / name).mkdir()
    watched = Watched()
    last, _ = run(tmp_path / "plain", objective=watched, micro_batch_tokens=128, tokens=6 * 128)
    after = [*watched.seen[1:], dict(last.named_parameters())]
    expected = dict(watched.seen[0])
    for step, weights in enumerate(after):
        decay = min(0.3, (1 + step) / (10 + step))
        expected = {name: decay * expected[name] + (1 - decay) * weights[name] for name in weights}
    found, _ = run(tmp_path / "averaged", micro_batch_tokens=128, tokens=6 * 128, ema_decay=0.3)
    for name, parameter in found.named_parameters():
        torch.testing.assert_close(parameter.detach(), expected[name].detach(), rtol=1e-5, atol=1e-6)
    assert not torch.equal(found.norm.weight, last.norm.weight)


def test_the_average_is_what_is_validated(tmp_path: Path) -> None:
    model = fresh_model()
    seen: list[Tensor] = []

    def validate() -> dict[str, Any]:
        assert not model.training
        seen.append(model.norm.weight.detach().clone())
        return {}

    settings = LoopSettings(batch_tokens=128, micro_batch_tokens=128, validations=2, compile="off", ema_decay=0.9)
    train(
        model, next_token, RandomRows(), settings,
        tokens=4 * 128, context=CONTEXT, out=tmp_path, title="test", validate=validate,
    )  # fmt: skip
    assert len(seen) == 2
    assert torch.equal(seen[1], model.norm.weight), "what was measured last is what is left in the model"


def test_averages_change_places_with_the_weights() -> None:
    model = fresh_model()
    averages = Averages(trained_parameters(model), 0.5)
    with torch.no_grad():
        model.norm.weight.add_(1.0)
    with averages.in_the_model():
        assert torch.equal(model.norm.weight, torch.ones(SHAPE.hidden_size))
    assert torch.equal(model.norm.weight, torch.full((SHAPE.hidden_size,), 2.0))
    assert averages.state_tensors()["norm.weight"].tolist() == [1.0] * SHAPE.hidden_size


def gradients(model: Decoder, batch: Batch) -> tuple[float, list[Tensor]]:
    model.zero_grad(set_to_none=True)
    loss = loss_sum(model, batch)
    loss.backward()
    return float(loss.detach()), [p.grad.clone() for p in model.parameters() if p.grad is not None]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"block": "sandwich", "norm": "shifted_rms", "window": 4, "windowed_layers": (0,)},
        {"block": "parallel_one_norm", "mlp": "plain", "position": "alibi", "qk_norm": False},
        {"num_experts": 4, "experts_per_token": 2, "expert_size": 32, "expert_layers": (1,)},
    ],
    ids=["qwen3", "gemma", "falcon", "experts"],
)
@pytest.mark.parametrize("share", [0.0, 0.3])
def test_recomputed_layers_have_the_same_gradient(changes: dict[str, Any], share: float) -> None:
    torch.manual_seed(3)
    model = Decoder(SHAPE.model_copy(update=changes))
    batch = RandomRows().batch(np.arange(4))
    found = []
    with dropout(model, share):
        for is_recomputed in (False, True):
            model.recomputes_layers = is_recomputed
            seed_step(0, 0, 0)
            found.append(gradients(model, batch))
    assert found[0][0] == found[1][0]
    for one, two in zip(found[0][1], found[1][1], strict=True):
        assert torch.equal(one, two)


def test_the_loop_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    model, _ = run(tmp_path, tokens=2 * 128, activation_checkpointing=True, dropout=0.5)
    assert not model.recomputes_layers
    assert not model.is_compiled
    batch = RandomRows().batch(np.arange(2))
    losses = [loss_sum(mode(), batch).detach() for mode in (model.train, model.eval)]
    assert torch.equal(*losses), "nothing is dropped any more"


def test_dropout_drops_its_share_in_training_alone() -> None:
    model = fresh_model()
    torch.nn.init.ones_(model.embed_tokens.weight)
    tokens = torch.zeros(8, 32, dtype=torch.long)
    before = model.hidden(tokens)
    with dropout(model, 0.25):
        seed_step(1, 7, 0)
        embedded = model.embed_tokens(tokens)
        assert float((embedded == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
        assert float(embedded.detach().max()) == pytest.approx(1 / 0.75)
        blocks = [model.layers[1].self_attn, model.layers[1].mlp]
        dropped = [bool(block._forward_hooks) for block in blocks]
        assert dropped == [True, True]
        seed_step(1, 7, 0)
        assert torch.equal(model.embed_tokens(tokens), embedded), "the same step drops the same"
        seed_step(1, 8, 0)
        assert not torch.equal(model.embed_tokens(tokens), embedded)
        seed_step(1, 7, 1)
        assert not torch.equal(model.embed_tokens(tokens), embedded), "other rows, other places"
        assert torch.equal(model.eval().hidden(tokens), before)
    assert torch.equal(model.train().hidden(tokens), before)


class SameRows:
    """A plan whose steps all have the same rows."""

    context, rows_per_micro = CONTEXT, 4

    def micro_batches(self, step: int) -> list[np.ndarray]:
        return [np.arange(4)]


def test_a_later_part_of_a_run_drops_what_the_whole_run_would_have(tmp_path: Path) -> None:
    model = fresh_model()
    attach(model, AdapterSettings(rank=4, dropout=0.5), seed=0)
    for name, parameter in model.named_parameters():
        if name.endswith("lora_B"):  # at zero it adds nothing that could be dropped
            torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(1))

    def loss(step: int, **part: int) -> float:
        return TrainStep(model, next_token, RandomRows(), SameRows(), LoopSettings(), out=tmp_path, **part)(step)[
            "loss"
        ]

    assert loss(0, first_step=2) == loss(2) == loss(1, first_step=1)
    assert len({loss(0, first_step=number) for number in range(3)}) == 3


def test_rates_of_groups_by_their_factors() -> None:
    """One step of AdamW moves every weight by the rate: the gradient's size does not count in the first."""
    model = fresh_model()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    factors = {"embed_tokens.*": 0.5, "layers.0.mlp.*": 3.0}
    settings = LoopSettings(optimizer="adamw", learning_rate=0.01, adamw_learning_rate=0.002, rate_factors=factors)
    optimizers = Optimizers(model, settings)
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimizers.step(0.1)
    moved = {name: float((before[name] - p.detach()).abs().mean()) for name, p in model.named_parameters()}
    assert moved["embed_tokens.weight"] == pytest.approx(0.1 * 0.002 * 0.5, rel=1e-3)
    assert moved["norm.weight"] == pytest.approx(0.1 * 0.002, rel=1e-3)
    assert moved["layers.0.mlp.up_proj.weight"] == pytest.approx(0.1 * 0.01 * 3, rel=1e-3)
    assert moved["layers.1.mlp.up_proj.weight"] == pytest.approx(0.1 * 0.01, rel=1e-3)


def test_factors_reach_muon() -> None:
    moved = {}
    for factor in (1.0, 2.0):
        model = fresh_model()
        before = model.layers[0].mlp.up_proj.weight.detach().clone()
        optimizers = Optimizers(model, LoopSettings(rate_factors={"layers.0.mlp.up*": factor}))
        for parameter in model.parameters():
            parameter.grad = torch.linspace(-1, 1, parameter.numel()).view_as(parameter)
        optimizers.step(1.0)
        moved[factor] = model.layers[0].mlp.up_proj.weight.detach() - before
    torch.testing.assert_close(moved[2.0], 2 * moved[1.0], rtol=1e-2, atol=1e-6)


class MeanTarget:
    """Tells the mean of its targets, and how many rows a target has."""

    def weight(self, batch: Batch) -> int:
        return next_token.weight(batch)

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Measured:
        loss = next_token.loss_sum(model, batch, hidden_BTD)
        rows = torch.tensor(float(len(batch.tokens_BT)))
        return Measured(loss, {"mean target": batch.target_BT.sum().float(), "rows a target": rows})


def test_metrics_of_an_objective_are_averaged_over_the_step(tmp_path: Path) -> None:
    rows = RandomRows(8)  # a step is all of them
    run(tmp_path, rows=rows, objective=MeanTarget(), tokens=2 * 128, micro_batch_tokens=32)
    for row in read_metrics(tmp_path / "metrics.jsonl"):
        assert row["mean target"] == pytest.approx(float(rows.rows[:, 1:].float().mean()), rel=1e-5)
        assert row["rows a target"] == pytest.approx(1 / CONTEXT)


def test_the_penalty_s_share_is_written_down(tmp_path: Path) -> None:
    run(tmp_path, z_loss=0.01, tokens=2 * 128)
    row = read_metrics(tmp_path / "metrics.jsonl")[0]
    assert row["z_loss"] == pytest.approx(0.01 * np.log(64) ** 2, rel=0.15)
    assert row["loss"] == pytest.approx(np.log(64) + row["z_loss"], abs=0.2)


class UnlikeRows(RandomRows):
    """Says which rows are heaviest, and remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[int]] = []

    def heaviest(self, count: int) -> np.ndarray:
        return np.arange(count) + 50

    def batch(self, numbers: np.ndarray) -> Batch:
        self.asked.append(numbers.tolist())
        return super().batch(numbers)


def test_the_heaviest_batch_is_tried_first_and_changes_nothing(tmp_path: Path) -> None:
    for name in ("alike", "unlike"):
        (tmp_path / name).mkdir()
    plain, _ = run(tmp_path / "alike")
    rows = UnlikeRows()
    tried, _ = run(tmp_path / "unlike", rows=rows)
    assert rows.asked[0] == [50, 51, 52, 53]
    for one, two in zip(plain.parameters(), tried.parameters(), strict=True):
        assert torch.equal(one, two)


class Greedy(MeanTarget):
    """Asks for more memory than any machine has."""

    def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Measured:
        torch.empty(1 << 58)
        raise AssertionError("there is no such machine")


def test_memory_that_runs_out_says_what_to_lower(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"memory ran out in training: \d+ bytes could not be had") as caught:
        run(tmp_path, objective=Greedy())
    hint = str(caught.value.hint)
    assert "activation_checkpointing: true" in hint
    assert "micro_batch_tokens (now 64), the context (now 16) or the model's size" in hint
    with pytest.raises(ResourceError) as caught:
        run(tmp_path, objective=Greedy(), micro_batch_tokens=16, activation_checkpointing=True)
    assert caught.value.hint == "lower the context (now 16) or the model's size"


def test_other_errors_of_torch_stay_themselves(tmp_path: Path) -> None:
    class Wrong(MeanTarget):
        def loss_sum(self, model: Decoder, batch: Batch, hidden_BTD: Tensor) -> Measured:
            return Measured(torch.zeros(2) @ torch.zeros(3), {})

    with pytest.raises(RuntimeError, match="size"):
        run(tmp_path, objective=Wrong())


def test_a_run_that_cannot_fit_is_refused_before_it_starts(tmp_path: Path) -> None:
    tokens = CONTEXT << 40
    with pytest.raises(ResourceError, match=r"training needs \d+\.\d GiB more than the weights") as caught:
        run(tmp_path, batch_tokens=tokens, micro_batch_tokens=tokens)
    assert f"micro_batch_tokens (now {tokens})" in str(caught.value.hint)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bits", [16, 4])
def test_so_is_one_of_an_adapter_by_what_stands_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    asked: list[dict[str, Any]] = []

    def remembered(*shape: Any, **how: Any) -> TrainingMemory:
        asked.append(how)
        return training_memory(*shape, **how)

    monkeypatch.setattr(memory_check, "training_memory", remembered)
    model = fresh_model()
    if bits == 4:
        model = quantize_model(model, "nf4")
    attach(model, AdapterSettings(rank=4, targets=["q_proj", "up_proj"]), seed=0)
    tokens = CONTEXT << 40
    settings = LoopSettings(batch_tokens=tokens, micro_batch_tokens=tokens)
    plan = Plan(settings, tokens=tokens, context=CONTEXT, num_rows=1)
    with pytest.raises(ResourceError, match=r"training needs \d+\.\d GiB more than the weights"):
        check_memory(model, settings, plan)
    assert [how["adapter"] for how in asked] == [Adapter(4, ["q_proj", "up_proj"], bits)]
    small = LoopSettings(batch_tokens=CONTEXT, micro_batch_tokens=CONTEXT)
    check_memory(model, small, Plan(small, tokens=CONTEXT, context=CONTEXT, num_rows=1))


def test_a_pattern_that_fits_nothing_is_refused_before_work_starts(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="decides for no parameter"):
        run(tmp_path, rate_factors={"head.*": 2.0})
    assert not list(tmp_path.iterdir())


def test_rows_tell_the_documents_they_are_of(tmp_path: Path) -> None:
    """Rows of four tokens: "abc", "de" and "fghijk", each closed by its end, are abc| de|f ghij; k| is left over."""
    split = write(tmp_path, ["abc", "de", "fghijk"])
    rows = ShardRows(split, 4, END, document_mask=True)
    assert len(rows) == 3
    assert [rows.sources(np.array([number])) for number in range(3)] == [["d0"], ["d1", "d2"], ["d2"]]
    assert rows.sources(np.array([2, 0])) == ["d2", "d0"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the compiler: torch warns of itself
@pytest.mark.parametrize(
    "options",
    [{}, {"activation_checkpointing": True}, {"dropout": 0.1, "activation_checkpointing": True, "z_loss": 1e-3}],
    ids=["plain", "recomputed", "with dropout"],
)
def test_compiled_runs_learn_the_same_and_repeat_themselves(tmp_path: Path, options: dict[str, Any]) -> None:
    losses = []
    for name, compiled in (("eager", "off"), ("compiled", "on"), ("again", "on")):
        (tmp_path / name).mkdir()
        run(tmp_path / name, compile=compiled, tokens=10 * 128, **options)
        losses.append([row["loss"] for row in read_metrics(tmp_path / name / "metrics.jsonl")])
    assert losses[1] == losses[2]
    if not options.get("dropout"):  # compiled code draws other numbers
        assert losses[0] == pytest.approx(losses[1], rel=2e-2)

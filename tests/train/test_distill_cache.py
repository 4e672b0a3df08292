"""What a teacher expects, kept on disk: as the teacher itself where all is kept, the rest counted where it is not."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import samovar.train.teacher_cache as teacher_cache
from samovar.chat.rows import Row
from samovar.core.errors import CorruptError
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.train.batches import IGNORED, Batch
from samovar.train.expected import Expected, likeliest
from samovar.train.objectives.contract import measured
from samovar.train.objectives.distill import Distill, Divergence, divergences
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.teacher_cache import ExpectedRows, cached_rows, record_type
from tests.train.tiny_preferences import tiny_model

CONTEXT = 32


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("teacher"))


@pytest.fixture(scope="module")
def rows(teacher: Path, tmp_path_factory: pytest.TempPathFactory) -> PackedRows:
    return packed(tmp_path_factory.mktemp("rows"), load_model(teacher).settings.vocab_size)


def packed(folder: Path, vocab_size: int, *, seed: int = 0, conversations: int = 24) -> PackedRows:
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(conversations):
        ids = draw.integers(0, vocab_size, int(draw.integers(6, 20))).tolist()
        made.append(Row(ids, [place >= len(ids) // 2 for place in range(len(ids))]))
    pack_rows(made, folder, context=CONTEXT, vocab_size=vocab_size, pad_id=0, max_rows=1000)
    return PackedRows(folder)


def ask(teacher: Path, rows: PackedRows, cache: Path, *, top_k: int = 8, temperature: float = 1.0) -> ExpectedRows:
    return cached_rows(teacher, rows, cache, top_k=top_k, temperature=temperature, rows_per_batch=3)


def logits_at_targets(model: Decoder, batch: Batch) -> Tensor:
    is_target = batch.target_BT != IGNORED
    with torch.no_grad():
        return model(batch.tokens_BT, document_BT=batch.document_BT)[is_target]


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_what_is_kept_is_what_the_teacher_says(
    teacher: Path, rows: PackedRows, tmp_path: Path, temperature: float
) -> None:
    batch = ask(teacher, rows, tmp_path, temperature=temperature).batch(np.array([2, 0, 1]))
    expected = batch.expected
    assert expected is not None
    model = load_model(teacher, dtype=torch.float32)
    size = int(rows.counts["vocab_size"])
    share = (logits_at_targets(model, rows.batch(np.array([2, 0, 1])))[:, :size] / temperature).softmax(-1)
    best = share.topk(8, dim=1)
    # A tenth of what bfloat16 products are apart is what float16 adds.
    assert torch.allclose(expected.log_share_NK.exp(), best.values, rtol=0.05)
    assert torch.allclose(expected.log_rest_N.exp(), 1 - best.values.sum(1), rtol=0.01)
    assert torch.allclose(expected.log_shares().exp().sum(1), torch.ones(len(best.values)), atol=1e-6)


@pytest.mark.parametrize("kind", ["forward", "reverse", "jensen_shannon"])
def test_all_tokens_kept_are_the_live_teacher(
    kind: Divergence, teacher: Path, rows: PackedRows, tmp_path: Path
) -> None:
    """Kept are all but one, so that the rest is that one: loss and gradient are those of whole distributions."""
    master, student = load_model(teacher, dtype=torch.float32), load_model(teacher, dtype=torch.float32)
    with torch.no_grad():
        for parameter in student.parameters():
            parameter += 0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    student.requires_grad_(True)
    found = ask(teacher, rows, tmp_path, top_k=10**4, temperature=1.5)
    numbers, size = np.arange(4), int(rows.counts["vocab_size"])
    assert found.top_k == size - 1
    if master.settings.vocab_size > size:  # what pads the table is no token to either
        with torch.no_grad():
            master.embed_tokens.weight[size:] = student.embed_tokens.weight[size:] = 0.0
    losses, gradients = [], []
    for batch, model in ((rows.batch(numbers), master), (found.batch(numbers), None)):
        objective = Distill(model, kind, 0.3, 1.5, 0.1)
        hidden = student.hidden(batch.tokens_BT, document_BT=batch.document_BT)
        loss = measured(objective.loss_sum(student, batch, hidden)).loss
        losses.append(loss.item())
        gradients.append(torch.autograd.grad(loss, student.embed_tokens.weight)[0])
    assert losses[1] == pytest.approx(losses[0], rel=0.03)
    cosine = torch.nn.functional.cosine_similarity(*(one.flatten() for one in gradients), dim=0)
    assert cosine.item() > 0.998


def test_a_divergence_with_a_rest_by_hand() -> None:
    """Two tokens of four are told apart: teacher 0.5, 0.3 and 0.2 for the others; student 0.4, 0.1 and 0.5."""
    teacher = torch.tensor([[0.5, 0.3, 0.15, 0.05]], dtype=torch.float64).log()
    student = torch.tensor([[0.4, 0.1, 0.3, 0.2]], dtype=torch.float64).log()
    known = likeliest(teacher, 2)
    same = Expected(known.token_NK, student.gather(1, known.token_NK), torch.tensor([0.5], dtype=torch.float64).log())
    found = divergences(same.log_shares(), known.log_shares(), "forward").item()
    assert found == pytest.approx(0.5 * math.log(0.5 / 0.4) + 0.3 * math.log(0.3 / 0.1) + 0.2 * math.log(0.2 / 0.5))
    whole = divergences(student, teacher, "forward").item()
    assert found < whole, "what is not told apart cannot count"


def test_a_rest_that_is_next_to_nothing_is_not_lost_in_rounding() -> None:
    logits = torch.tensor([[40.0, 0.0, 0.0, 0.0]])
    found = likeliest(logits.log_softmax(-1), 1)
    assert found.log_rest_N.item() == pytest.approx(math.log(3) - 40, rel=1e-5)


def test_a_second_run_reads_and_another_teacher_does_not(
    teacher: Path, rows: PackedRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    first = ask(teacher, rows, cache)
    written = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}
    assert first.size_bytes == sum(path.stat().st_size for path in written if path.suffix == ".bin")
    assert first.size_bytes == int(rows.counts["targets"]) * record_type(8, 380).itemsize

    def refuse(*_: object, **__: object) -> Decoder:
        raise AssertionError("the teacher was asked again")

    with monkeypatch.context() as patch:
        patch.setattr(teacher_cache, "load_model", refuse)
        again = ask(teacher, rows, cache)
        for one, other in ((again.batch(np.arange(3)).expected, first.batch(np.arange(3)).expected),):
            assert one is not None
            assert other is not None
            assert all(map(torch.equal, one, other))
        for others in (
            {"top_k": 9},
            {"temperature": 2.0},
            {"rows": packed(tmp_path / "rows", int(rows.counts["vocab_size"]), seed=1)},
            {"teacher": tiny_model(tmp_path / "other", layers=1)},
        ):
            with pytest.raises(AssertionError, match="asked again"):
                ask(**{"teacher": teacher, "rows": rows, "cache": cache, **others})  # type: ignore[arg-type]
    assert {path: path.stat().st_mtime_ns for path in written} == written


def test_an_interrupted_pass_is_gone_on_with_and_never_read(
    teacher: Path, rows: PackedRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_cache, "_PIECE_BYTES", 2 * CONTEXT * record_type(8, 380).itemsize)
    whole = ask(teacher, rows, tmp_path / "whole")
    assert len(whole.pieces()) > 3
    real, asked = teacher_cache._records_of, []

    def stops(model: Decoder, found: ExpectedRows, numbers: np.ndarray, temperature: float) -> np.ndarray:
        asked.append(numbers.tolist())
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(model, found, numbers, temperature)

    with monkeypatch.context() as patch:
        patch.setattr(teacher_cache, "_records_of", stops)
        with pytest.raises(KeyboardInterrupt):
            ask(teacher, rows, tmp_path / "cut")
    (folder,) = (tmp_path / "cut").iterdir()
    assert len(list(folder.glob("*.bin"))) == 2
    assert not (folder / "index.json").exists()
    asked.clear()
    asked += [[], [], [], []]  # from here on nothing stops
    with monkeypatch.context() as patch:
        patch.setattr(teacher_cache, "_records_of", stops)
        found = ask(teacher, rows, tmp_path / "cut")
    assert [numbers[0] for numbers in asked[4:]] == [rows.start for _, rows in found.pieces()[2:]]
    for (path, _), (other, _) in zip(found.pieces(), whole.pieces(), strict=True):
        assert path.read_bytes() == other.read_bytes()
    other.write_bytes(b"")
    with pytest.raises(CorruptError, match="is not whole"):
        ask(teacher, rows, tmp_path / "whole")

"""Distillation beside documents of pretraining: what a teacher expects there is learnt and kept as well."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from samovar.brew.recipe import compose_recipe
from samovar.brew.stage import load_stages
from samovar.brew.students import kept_bytes
from samovar.chat.read import read_conversations
from samovar.chat.rows import render_rows
from samovar.core.errors import ConfigError
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.batches import IGNORED
from samovar.train.distill import distill
from samovar.train.distill_settings import DistillSettings
from samovar.train.objectives.contract import measured
from samovar.train.objectives.distill import Distill
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.replay import DocumentRows, shard_rows, together
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from samovar.train.teacher_cache import cached_rows
from tests.train.test_replay import CONTEXT, make_shards
from tests.train.tiny_preferences import THINGS, asks, tiny_model, write_rows

LOOP = {
    "tokens": 16_384, "batch_tokens": 512, "micro_batch_tokens": 256, "context": CONTEXT, "learning_rate": 0.01,
    "conversations_share": 1.0, "max_epochs": 200, "compile": "off", "validations": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a teacher that knows its documents, their shards and some conversations."""
    made = tmp_path_factory.mktemp("documents")
    base = tiny_model(made / "base")
    make_shards(base)
    talks = [{"prompt": asks(thing), "completion": f"Pass the {thing}."} for thing in THINGS]
    write_rows(made / "talks.jsonl", talks)
    (made / "teacher").mkdir()
    sft(
        SftSettings.model_validate({**LOOP, "documents_share": 0.5}),
        base=base, out=made / "teacher", tasks={}, conversations=[made / "talks.jsonl"], shards=made / "shards",
    )  # fmt: skip
    return made


def parts(folder: Path, out: Path) -> tuple[PackedRows, DocumentRows]:
    tokenizer = Tokenizer.load(folder / "teacher")
    size, end = tokenizer.vocab_size, tokenizer.document_end_id
    rendered = render_rows(read_conversations(folder / "talks.jsonl"), tokenizer)
    pack_rows(rendered, out, context=CONTEXT, vocab_size=size, pad_id=end, max_rows=100)
    documents = shard_rows(folder / "shards", tokenizer, CONTEXT)
    return PackedRows(out), DocumentRows(documents, 6, vocab_size=size, seed=0)


def test_a_batch_of_both_kinds_says_what_the_teacher_expects_at_its_own_targets(folder: Path, tmp_path: Path) -> None:
    both = parts(folder, tmp_path / "rows")
    how = {"top_k": 5, "temperature": 1.0, "rows_per_batch": 3}
    rows = together([cached_rows(folder / "teacher", part, tmp_path / "cache", **how) for part in both])  # type: ignore[arg-type]
    first = len(both[0])
    batch = rows.batch(np.array([first + 2, 0, first, 1]))
    assert torch.equal(batch.tokens_BT, together(both).batch(np.array([first + 2, 0, first, 1])).tokens_BT)
    model = load_model(folder / "teacher", dtype=torch.float32)
    with torch.no_grad():
        logits_NV = model(batch.tokens_BT, document_BT=batch.document_BT)[batch.target_BT != IGNORED]
    share_NV = logits_NV[:, : both[0].vocab_size].softmax(-1)
    assert batch.expected is not None
    likeliest = share_NV.topk(5, dim=1)
    assert torch.allclose(batch.expected.log_share_NK.exp(), likeliest.values, rtol=0.06, atol=1e-4)
    assert (batch.expected.token_NK[:, 0] == likeliest.indices[:, 0]).float().mean() > 0.97
    is_document = slice(int((batch.target_BT[:2] != IGNORED).sum()), None)
    assert (batch.target_BT[2:] != IGNORED).sum() == len(batch.expected.log_rest_N[is_document])


def test_other_documents_are_another_cache(folder: Path, tmp_path: Path) -> None:
    _, some = parts(folder, tmp_path / "rows")
    documents = shard_rows(folder / "shards", Tokenizer.load(folder / "teacher"), CONTEXT)
    same, other = (DocumentRows(documents, 6, vocab_size=some.vocab_size, seed=seed) for seed in (0, 1))
    assert some.digest() == same.digest() != other.digest()
    assert other.digest() != DocumentRows(documents, 5, vocab_size=some.vocab_size, seed=1).digest()


@pytest.mark.parametrize("top_k", [None, 16])
def test_the_student_learns_what_the_teacher_expects_of_documents(
    folder: Path, tmp_path: Path, top_k: int | None
) -> None:
    student, found = tiny_model(tmp_path / "base", layers=1), []
    for share in (0.0, 0.5):
        out = tmp_path / f"out-{share}"
        out.mkdir()
        settings = DistillSettings.model_validate({**LOOP, "size": 1, "top_k": top_k, "documents_share": share})
        distill(
            settings, teacher=folder / "teacher", student=student, out=out, tasks={},
            conversations=[folder / "talks.jsonl"], shards=folder / "shards",
        )  # fmt: skip
        found.append(divergence_on_documents(folder, out))
    assert found[1] < 0.3 * found[0]


def divergence_on_documents(folder: Path, student: Path) -> float:
    """Of the student from its teacher, in nats a token."""
    teacher, model = (load_model(one, dtype=torch.float32) for one in (folder / "teacher", student))
    documents = shard_rows(folder / "shards", Tokenizer.load(student), CONTEXT)
    batch, objective = documents.batch(np.arange(len(documents))), Distill(teacher, "forward", 0.5, 1.0, 0.0)
    with torch.no_grad():
        hidden_BTD = model.hidden(batch.tokens_BT, document_BT=batch.document_BT)
        loss = measured(objective.loss_sum(model, batch, hidden_BTD)).loss
    return loss.item() / objective.weight(batch)


def test_without_documents_it_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    settings = DistillSettings.model_validate({**LOOP, "size": 1, "documents_share": 0.5})
    with pytest.raises(ConfigError, match="no documents are given"):
        distill(
            settings, teacher=folder / "teacher", student=folder / "base", out=tmp_path / "out", tasks={},
            conversations=[folder / "talks.jsonl"],
        )  # fmt: skip
    section = {"documents_share": 0.5, "top_k": 4, "tokens": 1000}
    recipe = compose_recipe(None, {"distill": section}, ["base=some/model"])
    with pytest.raises(ConfigError, match="the recipe's base does not read any"):
        load_stages()["distill"].check(recipe)
    assert recipe.distill is not None
    # Every token of the documents is a target, of conversations 35 % are; 18 bytes each.
    assert kept_bytes(recipe.distill, 4096) == pytest.approx(18 * (500 + 0.35 * 500))

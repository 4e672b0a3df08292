"""Documents among the conversations of fine-tuning."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from samovar.chat.read import read_conversations
from samovar.chat.rows import render_rows
from samovar.core.errors import ConfigError
from samovar.core.files import read_json, write_json
from samovar.data.document import Document
from samovar.data.shards import INDEX, write_documents, write_index
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.packing import PackedRows, pack_rows
from samovar.train.replay import DocumentRows, WithDocuments, conversation_rows, document_rows, shard_rows
from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from samovar.train.teacher_cache import cached_rows
from samovar.train.validation import validation_loss
from tests.train.tiny_preferences import THINGS, asks, tiny_model, write_rows

CONTEXT = 32


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("replay") / "base")


@pytest.fixture(scope="module")
def shards(base: Path) -> Path:
    return make_shards(base)


def make_shards(base: Path) -> Path:
    """Documents of these words, beside the folder ``base`` and with its tokenizer."""
    tokenizer = Tokenizer.load(base)
    folder = base.parent / "shards"
    folder.mkdir()
    texts = [f"Kindly pass the {thing} and the {other}, fool." for thing in THINGS for other in THINGS]
    end, size = tokenizer.document_end_id, tokenizer.vocab_size
    documents = [Document(str(number), text, "") for number, text in enumerate(texts)]
    counts = write_documents(
        documents, lambda: tokenizer.encode_batch, document_end_id=end, vocab_size=size, folder=folder, split="train"
    )
    write_index(folder, vocab_size=size, document_end_id=end, splits={"train": counts})
    return folder


@pytest.fixture(scope="module")
def talks(base: Path) -> Path:
    rows = [
        {"messages": [{"role": "user", "content": asks(thing)}, {"role": "assistant", "content": f"Pass the {thing}."}]}
        for thing in THINGS
    ]
    return write_rows(base.parent / "talks.jsonl", rows)


def taught(base: Path, out: Path, talks: Path, shards: Path | None, share: float) -> Path:
    settings = SftSettings(
        tokens=16_384, batch_tokens=512, micro_batch_tokens=256, context=CONTEXT, learning_rate=0.01,
        conversations_share=1.0, max_epochs=200, compile="off", validations=1, documents_share=share,
    )  # fmt: skip
    out.mkdir()
    sft(settings, base=base, out=out, tasks={}, conversations=[talks], shards=shards)
    return out


def test_as_many_rows_as_asked_for_and_all_documents_before_any_again(
    base: Path, shards: Path, talks: Path, tmp_path: Path
) -> None:
    tokenizer = Tokenizer.load(base)
    pack_rows(
        render_rows(read_conversations(talks), tokenizer),
        tmp_path, context=CONTEXT, vocab_size=tokenizer.vocab_size, pad_id=tokenizer.document_end_id, max_rows=100,
    )  # fmt: skip
    conversations = PackedRows(tmp_path)
    documents = shard_rows(shards, tokenizer, CONTEXT)
    drawn = document_rows(len(conversations), 0.9)
    rows = WithDocuments(conversations, DocumentRows(documents, drawn, vocab_size=tokenizer.vocab_size, seed=0))
    assert drawn == pytest.approx(0.9 * len(rows), abs=1)
    assert conversation_rows(len(rows), 0.9) == pytest.approx(len(conversations), abs=1)

    both = rows.batch(np.array([len(conversations), 0]))
    first, second = conversations.batch(np.array([0])), both.tokens_BT[1]
    assert torch.equal(both.tokens_BT[0], first.tokens_BT[0])
    assert torch.equal(both.target_BT[0], first.target_BT[0])
    pool = documents.batch(np.arange(len(documents))).tokens_BT
    assert any(torch.equal(second, one) for one in pool)
    alone = rows.batch(np.arange(len(conversations), len(rows)))
    seen = [next(n for n, one in enumerate(pool) if torch.equal(row, one)) for row in alone.tokens_BT]
    count = min(drawn, len(documents))
    assert len(set(seen[:count])) == count
    assert len(rows.sources(np.arange(2))) == 2
    assert set(rows.heaviest(3).tolist()) == set(range(len(rows) - 3, len(rows)))


def test_a_share_that_is_less_than_a_row_is_one_and_a_teacher_s_rows_tell_where_they_come_from(
    base: Path, shards: Path, tmp_path: Path
) -> None:
    assert document_rows(10, 0.01) == 1
    tokenizer = Tokenizer.load(base)
    documents = DocumentRows(shard_rows(shards, tokenizer, CONTEXT), 2, vocab_size=tokenizer.vocab_size, seed=0)
    taught = cached_rows(base, documents, tmp_path, top_k=4, temperature=1.0, rows_per_batch=2)
    numbers = np.arange(2)
    assert taught.sources(numbers) == documents.sources(numbers)
    assert all(name.isdecimal() for name in taught.sources(numbers)), "ids of documents"


def test_documents_are_kept_in_mind(base: Path, shards: Path, talks: Path, tmp_path: Path) -> None:
    documents = shard_rows(shards, Tokenizer.load(base), CONTEXT)
    losses = []
    for share in (0.0, 0.3):
        out = taught(base, tmp_path / str(share), talks, shards, share)
        losses.append(validation_loss(load_model(out), documents, rows_per_batch=8))
    assert losses[1] < 0.5 * losses[0]


def test_what_is_missing_or_does_not_fit_is_said(base: Path, shards: Path, talks: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"documents_share is 0\.3"):
        taught(base, tmp_path / "missing", talks, None, 0.3)
    shutil.copytree(shards, tmp_path / "shards")
    index = read_json(tmp_path / "shards" / INDEX)
    write_json(tmp_path / "shards" / INDEX, index | {"vocab_size": 7})
    with pytest.raises(ConfigError, match="vocabulary of 7"):
        taught(base, tmp_path / "other", talks, tmp_path / "shards", 0.3)

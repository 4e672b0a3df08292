"""Shards: the same bytes whoever encodes and by however many processes, and the way from a token to its document."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.core.errors import CorruptError, DataError, MissingError, ResourceError
from samovar.data import encoding_pool, shards
from samovar.data.document import Document
from samovar.data.shards import Origin, document_at, open_split, write_documents, write_index

END = 256


def encode_bytes(texts: list[str]) -> list[list[int]]:
    return [list(text.encode()) for text in texts]


def load_bytes() -> encoding_pool.EncodeBatch:
    return encode_bytes


def die(texts: list[str]) -> list[list[int]]:
    os._exit(9)


def load_death() -> encoding_pool.EncodeBatch:
    return die


def documents_of(texts: list[str]) -> list[Document]:
    return [Document(f"d{n}", text, f"f{n}.pdf", {"page": str(n)}) for n, text in enumerate(texts)]


def write(folder: Path, texts: list[str], workers: int = 1) -> shards.Split:
    counts = write_documents(
        documents_of(texts),
        load_bytes,
        document_end_id=END,
        vocab_size=300,
        folder=folder,
        split="train",
        workers=workers,
    )
    write_index(folder, vocab_size=300, document_end_id=END, splits={"train": counts})
    return open_split(folder, "train")


@settings(deadline=None, max_examples=40)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=12))
def test_every_token_leads_back_to_its_document(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("shards")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_TOKENS", 10)  # several shards
        split = write(folder, texts)
    tokens = np.concatenate(split.shards).tolist()
    assert tokens == [token for text in texts for token in [*text.encode(), END]]
    expected = [
        Origin(f"d{n}", f"f{n}.pdf", {"page": str(n)}, offset)
        for n, text in enumerate(texts)
        for offset in range(len(text.encode()) + 1)
    ]
    assert [document_at(split, token) for token in range(split.num_tokens)] == expected
    for wrong in (-1, split.num_tokens):
        with pytest.raises(DataError, match="there is no token"):
            document_at(split, wrong)


def test_files_are_the_same_with_one_process_and_with_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_TEXTS_AT_ONCE", 5)
    texts = [f"text {n} " * (n % 7) for n in range(200)]
    write(tmp_path / "one", texts)
    write(tmp_path / "two", texts, workers=2)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == [
        "shards.json",
        "train-00000.bin",
        "train-documents.ends",
        "train-documents.jsonl",
        "train-starts.bin",
    ]
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_worker_that_is_killed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "_TEXTS_AT_ONCE", 1)
    with pytest.raises(ResourceError, match="was killed"):
        write_documents(
            documents_of(["a"] * 40), load_death, document_end_id=END, vocab_size=300, folder=tmp_path, split="train",
            workers=2,
        )  # fmt: skip


@pytest.mark.parametrize("name", ["train-starts.bin", "train-documents.jsonl", "train-documents.ends"])
def test_a_part_of_the_index_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    write(tmp_path, ["ab", "c"])
    (tmp_path / name).unlink()
    with pytest.raises(MissingError, match=f"{name} does not exist"):
        open_split(tmp_path, "train")


def test_an_index_cut_short_is_found(tmp_path: Path) -> None:
    write(tmp_path, ["ab", "c"])
    path = tmp_path / "train-starts.bin"
    path.write_bytes(path.read_bytes()[:8])
    with pytest.raises(CorruptError, match="has 1 documents, they have 2"):
        open_split(tmp_path, "train")


def test_bytes_that_are_no_tokens_are_found_where_they_are_read(tmp_path: Path) -> None:
    write(tmp_path, ["abc", "defg"])
    path = tmp_path / "train-00000.bin"
    path.write_bytes(path.read_bytes()[:-4] + b"\xff\xff\x00\x01")
    split = open_split(tmp_path, "train")
    assert split.tokens(0, 0, 7).tolist() == [*b"abc", END, *b"def"]
    with pytest.raises(CorruptError, match=r"train-00000\.bin is damaged: it holds the token 65535"):
        split.tokens(0, 4, 5)


TEXTS = [
    "Мама мыла раму. The cat's 12 345 hats,\n\n  and more…",
    "don't  стоп",
    "",
    "a\u0301 é 한글 \u1112\u1161 \ufb01 <|document_end|>",
]


@pytest.fixture(scope="module", params=["qwen2", "llama3"])
def tokenizer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from samovar.tokenizer.settings import TokenizerSettings
    from samovar.tokenizer.train import train_tokenizer

    folder: Path = tmp_path_factory.mktemp("tokenizer")
    settings = TokenizerSettings(vocab_size=400, split=request.param)
    train_tokenizer(TEXTS * 20, settings).save(folder)
    return folder


def test_the_faster_encoder_gives_the_ids_of_the_reference(tokenizer: Path) -> None:
    pytest.importorskip("gigatoken")
    from samovar.tokenizer.batch_encoder import can_be_fast, load_encoder
    from samovar.tokenizer.tokenizer import Tokenizer

    assert can_be_fast(tokenizer, TEXTS)
    fast, reference = load_encoder(tokenizer, is_fast=True), Tokenizer.load(tokenizer)

    @settings(deadline=None, max_examples=150)
    @given(texts=st.lists(st.text(st.characters(codec=None)) | st.sampled_from(TEXTS), max_size=4))
    def check(texts: list[str]) -> None:
        assert [list(ids) for ids in fast(texts)] == reference.encode_batch(texts)

    check()


def test_a_faster_encoder_that_disagrees_is_not_used(tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("gigatoken")
    from samovar.tokenizer import batch_encoder
    from samovar.tokenizer.batch_encoder import DisagreementError, can_be_fast, load_encoder

    def wrong(self: object, texts: list[str]) -> list[np.ndarray]:
        return [np.zeros(len(text), dtype=np.uint32) for text in texts]

    monkeypatch.setattr(batch_encoder._FastEncoder, "encode", wrong)
    assert not can_be_fast(tokenizer, TEXTS)
    with pytest.raises(DisagreementError, match="in another way"):
        load_encoder(tokenizer, is_fast=True)(["hello"])
    with pytest.raises(MissingError):
        can_be_fast(tokenizer / "nowhere", TEXTS)


def test_workers_load_the_real_encoders(tokenizer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from samovar.tokenizer.batch_encoder import can_be_fast, load_encoder
    from samovar.tokenizer.tokenizer import Tokenizer

    monkeypatch.setattr(shards, "_TEXTS_AT_ONCE", 2)
    reference = Tokenizer.load(tokenizer)
    texts = TEXTS * 12
    write_documents(
        documents_of(texts),
        partial(load_encoder, tokenizer, is_fast=can_be_fast(tokenizer, TEXTS)),
        document_end_id=reference.document_end_id, vocab_size=400, folder=tmp_path, split="train", workers=2,
    )  # fmt: skip
    written = np.fromfile(tmp_path / "train-00000.bin", dtype=np.uint16).tolist()
    assert written == [token for ids in reference.encode_batch(texts) for token in [*ids, reference.document_end_id]]

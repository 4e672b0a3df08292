"""The corpus as a whole: what goes in comes out once, in the same way every time, with an account."""

from __future__ import annotations

import json
import os
import random
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar.core.errors import CorruptError, DataError, MissingError, ResourceError
from samovar.data import corpus_writer
from samovar.data.corpus import build_corpus, read_corpus, source_fingerprint
from samovar.data.document import Document
from samovar.data.history import file_history, read_files
from samovar.data.pipeline.verdicts import read_verdicts
from samovar.data.settings import DataSettings

WORDS = ["чай", "самовар", "tea", "pot", "вода", "water", "leaf", "лист", "sugar", "сахар", "cup", "чашка"]


def sentence(number: int) -> str:
    return " ".join(random.Random(number).choices(WORDS, k=12)) + f" {number}."


@pytest.fixture
def project(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(30):
        (documents / f"{number:02d}.txt").write_text(sentence(number), encoding="utf-8")
    (documents / "copy.txt").write_text(sentence(3) + "\n", encoding="utf-8")
    (documents / "short.txt").write_text("tea")
    (documents / "mail.md").write_text("Write to somebody@example.org about the samovar and the tea.")
    (documents / "noise.bin").write_bytes(bytes(range(256)))
    return tmp_path


def build(project: Path, name: str = "corpus", **changes: Any) -> tuple[dict[str, Any], Path]:
    out = project / name
    data_settings = DataSettings.model_validate(changes)
    return build_corpus(data_settings, root=project, out=out, progress_quiet=True), out


def both_splits(folder: Path) -> list[Document]:
    return [document for split in ("train", "validation") for document in read_corpus(folder, split)]


def test_every_document_is_kept_once_or_dropped_with_a_reason(project: Path) -> None:
    metrics, out = build(project)
    documents = both_splits(out)
    assert sorted(document.id for document in documents) == sorted(
        [f"documents/{number:02d}.txt" for number in range(30)] + ["documents/mail.md"]
    )
    assert metrics["documents"] == 31 == metrics["documents_read"] - sum(metrics["dropped"].values())
    assert metrics["dropped"] == {
        "length: too short": 1,
        "exact_dedup: same text as an earlier document": 1,
    }
    assert metrics["masked"] == {"email": 1}
    assert metrics["files_without_documents"] == 1
    assert metrics["train_documents"] + metrics["validation_documents"] == 31


def test_the_parquet_opens_without_samovar(project: Path) -> None:
    _, out = build(project)
    table = pq.read_table(out / "train-00000.parquet")
    assert table.column_names == ["id", "text", "source", "meta"]
    assert all(isinstance(json.loads(meta), dict) for meta in table["meta"].to_pylist())
    assert sorted(path.name for path in out.iterdir()) == [
        "README.md",
        "dropped.jsonl",
        "edited.jsonl",
        "files.jsonl",
        "report.html",
        "report.md",
        "train-00000.parquet",
        "validation-00000.parquet",
        "verdicts.parquet",
    ]


def test_equal_input_gives_equal_bytes(project: Path) -> None:
    _, first = build(project, "first")
    _, second = build(project, "second")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_a_build_that_was_cut_off_leaves_nothing_behind(project: Path) -> None:
    _, whole = build(project, "whole")
    out = project / "again"
    shutil.copytree(whole, out)
    for name in ("train-00007.parquet", "train-00000.parquet.tmp", "validation-00001.parquet.tmp"):
        (out / name).write_bytes(b"half of an earlier build")
    build(project, "again")
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in whole.iterdir())


def test_reports_tell_of_files_drops_and_masks_but_not_of_what_was_masked(project: Path) -> None:
    _, out = build(project)
    for name in ("report.md", "report.html"):
        text = (out / name).read_text(encoding="utf-8")
        for part in (
            "noise.bin",
            "binary data",
            "too short",
            "same text as an earlier document",
            "exact_dedup",
            "both",
        ):
            assert part in text, (name, part)
    for path in out.iterdir():
        assert b"somebody" not in path.read_bytes(), path.name
    rows = [json.loads(line) for line in (out / "dropped.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {(row["step"], row["id"]) for row in rows} == {
        ("length", "documents/short.txt"),
        ("exact_dedup", "documents/copy.txt"),
    }
    files = [json.loads(line) for line in (out / "files.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(files) == 34
    assert [row["file"] for row in files if row["reason"]] == ["documents/noise.bin"]


def test_half_an_emoji_in_the_name_of_a_field_stops_no_corpus(project: Path) -> None:
    (project / "documents" / "odd.jsonl").write_text('{"\\ud83d": "tea"}\n')
    metrics, out = build(project)
    assert metrics["documents"] == 31
    rows = [json.loads(line) for line in (out / "files.jsonl").read_text(encoding="utf-8").splitlines()]
    (row,) = (row for row in rows if row["file"] == "documents/odd.jsonl")
    assert row["reason"].startswith("a row without text")
    assert row["notes"][0]["first"] == "line 1 has \ufffd"


def test_report_escapes_what_documents_say(project: Path) -> None:
    (project / "documents" / "<b>.txt").write_text("<script>alert(1)</script>")
    _, out = build(project, steps=[{"step": "length", "min_characters": 60}])
    assert "<script>" not in (out / "report.html").read_text()


def test_an_empty_corpus_says_what_was_seen(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "scan.pdf").write_bytes(b"%PDF-1.4 ...")
    (tmp_path / "documents" / "short.txt").write_text("tea")
    with pytest.raises(DataError) as raised:
        build(tmp_path)
    assert "2 files seen" in raised.value.what
    assert "a damaged PDF document: documents/scan.pdf" in raised.value.what
    assert "too short (length): 1 document" in raised.value.what
    assert raised.value.hint is not None
    assert (tmp_path / "corpus" / "report.md").is_file()
    shutil.rmtree(tmp_path / "documents")
    with pytest.raises(MissingError, match="documents does not exist"):
        build(tmp_path)


def test_a_full_disk_is_said_and_no_half_file_stays(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    monkeypatch.setattr(corpus_writer._SplitFiles, "_temporary", lambda self: project / "full")
    (project / "full").symlink_to("/dev/full")
    with pytest.raises(ResourceError, match="the disk is full"):
        build(project)
    assert not list((project / "corpus").glob("*.parquet"))


def test_a_damaged_or_missing_corpus_is_named(project: Path) -> None:
    _, out = build(project)
    with pytest.raises(MissingError, match="no test corpus"):
        list(read_corpus(out, "test"))
    path = out / "train-00000.parquet"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CorruptError, match=r"train-00000\.parquet is damaged"):
        list(read_corpus(out))
    (row, *_) = read_files(out)
    with pytest.raises(CorruptError, match=r"train-00000\.parquet is damaged"):
        file_history(out, row)
    for name, read in (("verdicts.parquet", read_verdicts), ("files.jsonl", read_files)):
        (out / name).write_bytes((out / name).read_bytes()[:-20])
        with pytest.raises(CorruptError, match=f"{name} is damaged"):
            list(read(out))


def test_a_large_corpus_has_several_files_and_row_groups(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, whole = build(project, "whole")
    monkeypatch.setattr(corpus_writer, "ROW_GROUP_DOCUMENTS", 3)
    monkeypatch.setattr(corpus_writer, "FILE_CHARACTERS", 300)
    _, parted = build(project, "parted")
    assert len(list(parted.glob("train-*.parquet"))) > 2
    assert both_splits(parted) == both_splits(whole)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    ids=st.lists(st.integers(0, 10**6), max_size=12, unique=True),
    share=st.sampled_from([0.001, 0.1, 0.5]),
    seed=st.integers(0, 3),
)
def test_neither_split_is_empty(tmp_path: Path, ids: list[int], share: float, seed: int) -> None:
    with corpus_writer.CorpusWriter(tmp_path, validation_share=share, seed=seed) as writer:
        for number in ids:
            writer.add(Document(str(number), f"text {number}", "test"))
        writer.finish()
    train, validation = (list(read_corpus(tmp_path, split)) for split in ("train", "validation"))
    assert sorted(document.id for document in [*train, *validation]) == sorted(map(str, ids))
    if len(ids) >= 2:
        assert train
        assert validation
    if len(train) > 1 and len(validation) > 1:
        for split, documents in (("train", train), ("validation", validation)):
            for document in documents:
                assert (corpus_writer.split_score(document.id, seed) < share) == (split == "validation")


def test_the_end_of_a_single_document_is_for_validation(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    text = "\n".join(sentence(number) for number in range(200))
    (tmp_path / "documents" / "book.txt").write_text(text, encoding="utf-8")
    _, out = build(tmp_path, validation_share=0.1)
    train, validation = next(read_corpus(out)), next(read_corpus(out, "validation"))
    assert train.text + validation.text == text
    assert train.text.endswith("\n")
    assert 0.05 < len(validation.text) / len(text) < 0.2


def test_a_lock_of_an_open_document_changes_no_fingerprint(project: Path) -> None:
    first = source_fingerprint(DataSettings(), project)
    (project / "documents" / ".~lock.00.docx#").write_text("somebody has it open")
    (project / "documents" / "~$00.docx").write_bytes(b"somebody has it open")
    (project / "documents" / ".git").mkdir()
    assert source_fingerprint(DataSettings(), project) == first
    (project / "documents" / "new.txt").write_text("somebody wrote it")
    assert source_fingerprint(DataSettings(), project) != first


def test_the_fingerprint_follows_names_sizes_and_times(project: Path) -> None:
    data_settings = DataSettings()
    first = source_fingerprint(data_settings, project)
    assert source_fingerprint(data_settings, project) == first
    path = project / "documents" / "00.txt"
    os.utime(path, ns=(0, 0))
    second = source_fingerprint(data_settings, project)
    (project / "documents" / "01.txt").rename(project / "documents" / "new.txt")
    third = source_fingerprint(data_settings, project)
    assert (
        len(
            {
                first,
                second,
                third,
                source_fingerprint(DataSettings.model_validate({"sources": ["python-docs"]}), project),
            }
        )
        == 4
    )

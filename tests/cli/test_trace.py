"""`samovar trace` finds passages in a corpus, and in what a project brewed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samovar.brew.project import Project
from samovar.data.corpus import read_corpus
from samovar.data.shards import document_at, open_split
from tests.cli.conftest import Samovar


def test_trace_prints_file_offset_count_and_context(samovar: Samovar, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "договор.txt").write_text("Пункт первый.\nСрок поставки десять дней. " * 2, encoding="utf-8")
    (tmp_path / "in" / "other.txt").write_text("Nothing of the kind, just forty words of another text.")
    assert samovar("data", tmp_path / "in", "--out", tmp_path / "c").code == 0
    ran = samovar("trace", "Срок поставки", "--corpus", tmp_path / "c")
    assert ran.code == 0, ran.err
    assert "договор.txt  offset 14 and 1 more in it" in ran.out
    assert "Пункт первый. [Срок поставки] десять дней." in ran.out
    assert "2 places in 1 document of" in ran.err
    told = json.loads(samovar("trace", "срок  ПОСТАВКИ", "--loose", "--corpus", tmp_path / "c", "--json").out)
    assert (told["num_places"], told["documents"][0]["offsets"]) == (2, [14, 55])
    nothing = samovar("trace", "срок поставки", "--corpus", tmp_path / "c")
    assert (nothing.code, nothing.out) == (0, "")
    assert "--loose" in nothing.err
    assert samovar("trace", "x", "--corpus", tmp_path / "in").code == 1


def test_a_project_without_a_corpus_says_what_to_do(
    samovar: Samovar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert samovar("new", tmp_path / "p").code == 0
    (tmp_path / "p" / "documents" / "a.txt").write_text("the quick brown fox jumps over the lazy dog " * 3)
    monkeypatch.chdir(tmp_path / "p")
    ran = samovar("trace", "brown fox")
    assert ran.code == 1
    assert "no corpus yet" in ran.err


def test_a_project_is_searched_in_what_was_brewed_last(samovar: Samovar, brewed_copy: Project) -> None:
    corpus = next(brewed_copy.artifacts.glob("data-*"))
    words = next(read_corpus(corpus)).text[:30]
    told = json.loads(samovar("trace", words, "--project", brewed_copy.root, "--json").out)
    assert told["num_places"] >= 1
    assert told["corpus"] == str(corpus)
    documents = [path for path in (brewed_copy.root / "documents").rglob("*") if path.name != "README"]
    documents[0].write_text("quite another text than before " * 5)
    ran = samovar("trace", words, "--project", brewed_copy.root)
    assert ran.code == 0
    assert f"have changed since the last brew; searching {corpus.name}" in ran.err
    assert "[" in ran.out


def test_tokens_of_a_brewed_project_lead_back_to_their_files(brewed: Project) -> None:
    split = open_split(next(brewed.artifacts.glob("shards-*")), "train")
    first = next(read_corpus(next(brewed.artifacts.glob("data-*"))))
    origin = document_at(split, 3)
    assert (origin.id, origin.source, origin.offset) == (first.id, first.source, 3)

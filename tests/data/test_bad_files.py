"""Every file that gives no document is a row with its reason; none is a crash, none is lost without a word."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samovar.core.artifact import make_artifact
from samovar.data.account import ReadingAccount
from samovar.data.document import Document
from samovar.data.readers import formats
from samovar.data.settings import DataSettings, SourceSettings
from samovar.data.sources.files import FilesSource


def read(folder: Path, **changes: Any) -> tuple[list[Document], ReadingAccount]:
    data_settings = DataSettings.model_validate({"sources": [{"path": folder.name}], **changes})
    account = ReadingAccount()
    source = FilesSource(data_settings.sources[0], root=folder.parent, settings=data_settings)
    return list(source.documents(account)), account


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "empty file"),
        ("blank.txt", b" \n\t\n", "no text in it"),
        ("noise.txt", bytes(range(256)) * 8, "binary data"),
        ("scan.txt", b"%PDF-1.7\n...", "a damaged PDF document"),
        ("letter.docx", b"PK\x03\x04rest", "a damaged zip container"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "a damaged old Office document"),
        ("table.parquet", b"PAR1 and no more", "a damaged Parquet table"),
        ("disc.7z", b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive, which no reader here opens"),
        ("empty.rtf", rb"{\rtf1\ansi }", "no text in it"),
        ("words.txt.gz", b"\x1f\x8b\x08 and no more", "damaged gzip data"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0", "an image"),
        ("page.svg", b"<svg/>", "an image"),
        ("rows.json", b"[1, 2", "not valid JSON"),
        ("deep.json", b"[" * 100_000, "not valid JSON"),
        ("number.json", b"[" + b"9" * 5000 + b"]", "not valid JSON"),
        ("rows.jsonl", b"{'a'}\n", "a line that is not JSON"),
        ("chat.jsonl", b'{"messages": [{"role": "user", "content": "hi"}]}', "a row that is a conversation"),
        ("other.jsonl", b'{"title": "x"}', "a row without text in text, content or body"),
        ("page.html", b"<script>only()</script>", "no text in it"),
        ("header.csv", b"id,text\n", "no text in it"),
    ],
)
def test_a_file_without_documents_has_its_reason(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    documents, account = read(tmp_path)
    assert not documents
    assert [*account.reasons.values()] == [1]
    (said,) = account.reasons
    assert said.startswith(reason)
    assert account.files_by_reason[said] == [f"{tmp_path.name}/{name}"]


def test_links_pipes_and_sockets_neither_loop_nor_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("The only text.")
    (tmp_path / "again.txt").symlink_to("a.txt")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "self").symlink_to("self")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        documents, account = read(tmp_path)
    assert [document.text for document in documents] == ["The only text."]
    assert account.reasons == {
        "met before under another name": 2,
        "a link that leads nowhere": 2,
        "not a regular file": 2,
    }


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.txt").write_text("hidden words")
    (tmp_path / "secret.txt").chmod(0)
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut").chmod(0)
    if os.geteuid() == 0:  # root may read everything, so the refusal is played
        path_open, listdir = Path.open, os.listdir

        def refuse_open(path: Path, *arguments: Any, **options: Any) -> Any:
            if path.name == "secret.txt":
                raise PermissionError(13, "Permission denied", str(path))
            return path_open(path, *arguments, **options)

        def refuse_listing(path: Path) -> list[str]:
            if path.name == "shut":
                raise PermissionError(13, "Permission denied", str(path))
            return listdir(path)

        monkeypatch.setattr(Path, "open", refuse_open)
        monkeypatch.setattr(os, "listdir", refuse_listing)
    documents, account = read(tmp_path)
    (tmp_path / "shut").chmod(0o700)
    assert not documents
    assert account.reasons == {"cannot be read: permission denied": 2}


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("words")
    documents, _ = read(tmp_path)
    assert documents[0].id == f"{tmp_path.name}/\\xff.txt"
    documents[0].id.encode()


def test_hidden_and_skipped_files_are_named(tmp_path: Path) -> None:
    for name in (".git/config.txt", "drafts/a.txt", "notes.log", "kept.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("words")
    documents, account = read(tmp_path, skip=["drafts", "*.log"])
    assert [document.id for document in documents] == [f"{tmp_path.name}/kept.txt"]
    assert account.reasons == {"hidden": 1, "left out by data.skip": 2}


def test_what_samovar_made_among_documents_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "manifest.json").write_text('{"text": "of a browser"}')
    data_settings = DataSettings.model_validate({"sources": [{"path": str(tmp_path), "name": "docs"}]})
    source = FilesSource(data_settings.sources[0], root=Path(), settings=data_settings)
    before = source.fingerprint()

    def make(partial: Path) -> dict[str, int]:
        (partial / "report.md").write_text("A report.")
        (tmp_path / "corpus.lock").write_text("1234")
        assert [document.id for document in read(tmp_path)[0]] == wanted
        return {}

    wanted = [f"{tmp_path.name}/{name}" for name in ("a.txt", "plugin/manifest.json:1")]
    make_artifact(tmp_path / "corpus", stage="data", version=1, config={}, inputs={}, make=make)
    documents, account = read(tmp_path)
    assert [document.id for document in documents] == wanted
    assert account.reasons == {"made by Samovar": 2}
    assert source.fingerprint() == before
    assert "A report." in [document.text for document in read(tmp_path / "corpus")[0]]  # where it is what was named


def test_a_huge_line_is_read_in_parts(tmp_path: Path) -> None:
    text = "слово и дело " * 5000
    (tmp_path / "line.txt").write_text(text)
    documents, account = read(tmp_path, max_document_characters=10_000)
    assert "".join(document.text for document in documents) == text
    assert max(len(document.text) for document in documents) <= 10_000
    assert all(document.text.endswith(" ") for document in documents)
    assert len({document.id for document in documents}) == len(documents) > 6
    assert account.notes == {"split into parts of at most 10,000 characters": 1}


def test_a_line_of_json_that_is_too_long_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.data.readers.input_file.LINE_CHARACTERS", 1000)
    rows = [{"text": "before"}, {"text": "x" * 5000}, {"text": "after"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    documents, account = read(tmp_path)
    assert [document.text for document in documents] == ["before", "after"]
    assert list(account.notes) == ["a line over 16 million characters, left out"]


def test_a_file_too_large_for_its_format_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.data.readers.input_file.WHOLE_FILE_BYTES", 100)
    (tmp_path / "page.ipynb").write_text(json.dumps({"cells": ["words"] * 100}))
    documents, account = read(tmp_path)
    assert not documents
    assert next(iter(account.reasons)).startswith("larger than 100 B")


def test_a_file_that_breaks_half_way_keeps_what_was_read(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "good words"}\n{"text": "never clo')
    documents, account = read(tmp_path)
    assert [document.text for document in documents] == ["good words"]
    assert not account.reasons
    assert account.notes == {"a line that is not JSON": 1}


@pytest.mark.parametrize("cell_characters", [1_000_000, 30])
def test_a_quote_that_is_never_closed_is_told_and_swallows_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cell_characters: int
) -> None:
    monkeypatch.setattr("samovar.data.readers.csv_rows.LINE_CHARACTERS", cell_characters)
    head = 'text,title\n"one, and\nmore",T\n'
    (tmp_path / "rows.csv").write_text(f'{head}"never closed\n\n"" two,T\nthree,T\nfour,T\nlonely', newline="\r\n")
    documents, account = read(tmp_path)
    assert [document.text.split() for document in documents] == [
        ["one,", "and", "more"],
        ["never", "closed"],
        ["two"],
        ["three"],
        ["four"],
        ["lonely"],
    ]
    assert [document.meta["row"] for document in documents] == ["2", "3", "5", "6", "7", "8"]
    assert account.notes == {"a quote that is never closed: each line from there on is a row": 1}
    (told,) = account.files_by_note.popitem()[1]
    assert told.endswith("rows.csv (row 3)")


# What files of every binary format begin with, so that random bytes get past the first look.
_BEGINNINGS = (
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"PK\x05\x06" + bytes(18),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf1\\ansi ",
    b"\x1f\x8b\x08\0",
    b"BZh91AY&SY",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
    b"PAR1",
    b"ARROW1\0\0",
    b"\xff\xff\xff\xff\x10\0\0\0",
    b"WARC/1.0\r\nWARC-Type: conversion\r\nContent-Length: 5\r\n\r\n",
    b"<mediawiki><page><title>T</title><revision><text>",
    b"From a@b Mon Jan 1 00:00:00 2024\nSubject: ",
    b"From: a\nTo: b\nSubject: c\nContent-Type: multipart/mixed; boundary=x\n\n--x\n",
    b'[{"title": "t", "create_time": 1, "mapping": {',
    b'{"name": "n", "type": "personal_chat", "messages": [{"from_id": "u", "text": ',
    b'{"cells": [{"cell_type": "code", "source": ',
    b"1\n00:00:01,000 --> 00:00:02,000\n",
    b"<!doctype html><html><body>",
)


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    beginning=st.sampled_from(_BEGINNINGS),
    rest=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    suffix=st.sampled_from([*sorted(formats()), ".gz", ".unknown", ""]),
)
def test_any_bytes_give_documents_or_a_reason(tmp_path: Path, beginning: bytes, rest: bytes, suffix: str) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(beginning + rest)
    documents, account = read(tmp_path, max_document_characters=1000)
    path.unlink()
    for document in documents:
        json.dumps(document.meta).encode()
        document.text.encode()
        assert all(isinstance(value, str) for value in document.meta.values())
    assert documents or account.reasons
    assert account.documents == len(documents)


def test_a_file_or_a_folder_that_vanishes_is_named(tmp_path: Path) -> None:
    for name in ("a.txt", "b.pdf", "c.txt", "folder/d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("words")
    data_settings = DataSettings.model_validate({"sources": [{"path": tmp_path.name}]})
    source = FilesSource(data_settings.sources[0], root=tmp_path.parent, settings=data_settings)
    account = ReadingAccount()
    documents = source.documents(account)
    next(documents)
    for name in ("b.pdf", "c.txt", "folder/d.txt"):
        (tmp_path / name).unlink()
    (tmp_path / "folder").rmdir()
    assert not list(documents)
    assert account.reasons == {"cannot be read: no such file or directory": 3}


def test_overlapping_sources_read_a_file_once(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.txt").write_text("words")
    from samovar.data.sources import make_sources

    sources = [SourceSettings(path="."), SourceSettings(path="inner")]
    account = ReadingAccount()
    made = make_sources(DataSettings(sources=sources), tmp_path)
    documents = [document for source in made for document in source.documents(account)]
    assert [document.id for document in documents] == ["./inner/a.txt"]
    assert account.reasons == {"met before under another name": 1}

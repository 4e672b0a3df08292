"""What the readers make of well-formed files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.data.account import ReadingAccount
from samovar.data.document import Document
from samovar.data.encoding import detect_encoding
from samovar.data.readers.html import read_page
from samovar.data.settings import DataSettings
from samovar.data.sources.files import FilesSource
from samovar.data.splitting import split_text

RUSSIAN = "Жила-была маленькая девочка Маша. Она любила играть с мишкой.\nОднажды Маша пошла гулять в большой город."


def read(path: Path, **source: Any) -> list[Document]:
    data_settings = DataSettings.model_validate({"sources": [{"path": path.name, **source}]})
    files = FilesSource(data_settings.sources[0], root=path.parent, settings=data_settings)
    documents = list(files.documents(ReadingAccount()))
    for document in documents:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document.meta.pop("modified"))
    return documents


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8-r", "cp866", "iso8859-5"],
)
@pytest.mark.parametrize("text", [RUSSIAN, "Plain words first. " * 20 + RUSSIAN, "ПРИКАЗ О НАЗНАЧЕНИИ"])
def test_russian_in_every_encoding(tmp_path: Path, encoding: str, text: str) -> None:
    if encoding in {"utf-16-le", "utf-16-be"} and " " not in text:
        pytest.skip("nothing tells it from binary data")
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    assert [document.text for document in read(path)] == [text]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Déjà vu, l'été à la plage. Où êtes-vous? Ça va très bien, merci.", "cp1252"),
        ("Größe und Übung, schöne Grüße aus München", "latin-1"),
        ("Zażółć gęślą jaźń, proszę bardzo", "cp1250"),
        ("これは日本語のテキストです。文字コードのテストをしています。", "shift_jis"),
    ],
)
def test_other_languages(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    assert read(path)[0].text == text


def test_a_few_broken_bytes_do_not_change_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(RUSSIAN.encode() + b"\xff" + RUSSIAN.encode() + "я".encode()[:1])
    found = detect_encoding(path)
    assert (found.name, found.is_damaged) == ("utf-8", True)
    assert read(path)[0].text == f"{RUSSIAN}\ufffd{RUSSIAN}\ufffd"


@pytest.mark.parametrize("end", [b"\xe2", b"\xe2\x80", b".\xa0"])
def test_a_wrong_byte_far_from_letters_beyond_ascii_changes_none_of_them(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "cut.txt"
    path.write_bytes(("It’s a café. " + "Plain words go on and on. " * 4000).encode() * 2 + end)
    found = detect_encoding(path)
    assert (found.name, found.is_damaged) == ("utf-8", True)


def test_a_wrong_byte_far_into_the_file_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"words and more words\n" * 100_000 + RUSSIAN.encode("cp1251"))
    assert read(path)[0].text.endswith(RUSSIAN)


def test_jsonl_rows_and_their_places(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"text": "one", "title": "T", "n": 1}, {"content": "two"}, {"body": "three"}, {"text": 4, "body": "four"}]
    path.write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    documents = read(path)
    assert [document.text for document in documents] == ["one", "two", "three", "four"]
    assert [document.id for document in documents] == [f"rows.jsonl:{line}" for line in (1, 3, 5, 7)]
    assert documents[0].meta == {"line": "1", "title": "T"}


def test_a_field_may_be_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "no", "story": "yes"}\n')
    assert [document.text for document in read(path, text_field="story")] == ["yes"]
    table = tmp_path / "rows.csv"
    table.write_text("text,Story\nno,yes\n")
    assert [document.text for document in read(table, text_field="story")] == ["yes"]


def test_json_array_and_disguised_jsonl(tmp_path: Path) -> None:
    array, lines, unnamed = tmp_path / "array.json", tmp_path / "lines.json", tmp_path / "lines"
    array.write_text('[{"text": "one"}, {"text": "two"}]')
    for path in (lines, unnamed):
        path.write_text('{"text": "one"}\n{"text": "two"}\n')
    for path in (array, lines, unnamed):
        assert [document.text for document in read(path)] == ["one", "two"]


def test_a_large_json_array_is_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("samovar.data.readers.input_file.WHOLE_FILE_BYTES", 100)
    path = tmp_path / "array.json"
    path.write_text(json.dumps([{"text": f"row {number}", "title": "T"} for number in range(20)]))
    documents = read(path)
    assert [document.text for document in documents] == [f"row {number}" for number in range(20)]
    assert (documents[19].id, documents[19].meta) == ("array.json:20", {"row": "20", "title": "T"})


def test_csv_texts_and_tables(tmp_path: Path) -> None:
    texts, table = tmp_path / "texts.csv", tmp_path / "prices.csv"
    texts.write_text('id;Text;title\n1;"one; and\nmore";T\n2;two;\n')
    table.write_text("name,price\ntea,3\n\ncoffee,4\n")
    assert [document.text for document in read(texts)] == ["one; and\nmore", "two"]
    assert read(texts)[0].meta == {"row": "2", "title": "T"}
    assert [document.text for document in read(table)] == ["name | price\ntea | 3\ncoffee | 4\n"]


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("name,price\ntea,3\n", {"no column text, content or body: the table is one document": 1}),
        ("Text,price\ntea,3\n", {}),
        ("\n", {}),
    ],
)
def test_a_csv_that_becomes_one_document_says_so(tmp_path: Path, text: str, notes: dict[str, int]) -> None:
    (tmp_path / "rows.csv").write_text(text)
    data_settings = DataSettings.model_validate({"sources": ["rows.csv"]})
    account = ReadingAccount()
    list(FilesSource(data_settings.sources[0], root=tmp_path, settings=data_settings).documents(account))
    assert account.notes == notes


def test_markdown_without_front_matter_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text('---\ntitle: "Tea"\ndate: 2024\n---\n# Tea\n<!-- draft -->\nWords.\n---\nMore.\n')
    (document,) = read(path)
    assert document.text == "# Tea\nWords.\n---\nMore.\n"
    assert document.meta == {"title": "Tea"}


def test_html_reads_as_a_page() -> None:
    page = read_page(
        "<html><head><title> A &amp; B </title><style>x{}</style></head><body><nav>Menu</nav>"
        "<h1>Hello</h1><p>An <b>important</b>\n text<br>in two lines.</p><ul><li>one<li>two</ul>"
        "<table><tr><th>a<th>b<tr><td>1<td>2</table><pre>def f():\n    return 1\n</pre><footer>(c)</footer></body>"
    )
    assert page.meta["title"] == "A & B"
    assert page.text == (
        "# Hello\n\nAn important text\nin two lines.\n\n- one\n- two\n\na | b\n1 | 2\n\ndef f():\n    return 1"
    )


def test_html_by_content_with_its_own_charset(tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_bytes("<!DOCTYPE html><meta charset=windows-1251><p>Привет, мир".encode("cp1251"))
    assert [document.text for document in read(path)] == ["Привет, мир"]


def test_deeply_nested_html_is_walked() -> None:
    assert read_page("<div>" * 20_000 + "deep").text == "deep"


def test_separated_stories(tmp_path: Path) -> None:
    path = tmp_path / "stories.txt"
    path.write_text("one\nstory\n<|endoftext|>\ntwo\n<|endoftext|>\n\n<|endoftext|>\nthree")
    documents = read(path, separator="<|endoftext|>")
    assert [document.text.strip() for document in documents] == ["one\nstory", "two", "three"]
    assert [document.id for document in documents] == ["stories.txt:1", "stories.txt:2", "stories.txt:4"]


@given(st.lists(st.text("ab \n", max_size=40), max_size=20), st.integers(2, 30))
def test_splitting_loses_nothing_and_keeps_the_bound(blocks: list[str], limit: int) -> None:
    parts = list(split_text(blocks, limit))
    assert "".join(parts) == "".join(blocks)
    assert all(0 < len(part) <= limit for part in parts)

"""Tables of data sets, archives of the web, dumps of Wikipedia."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from samovar.data.readers.wikitext import plain_wikitext
from tests.data.reading import read

TABLE = pa.table({"text": ["row a", None, "row c"], "license": ["mit", None, None], "n": [1, 2, 3]})


@pytest.mark.parametrize("kind", ["parquet", "stream", "file"])
def test_tables_of_a_data_set(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "data" / "train.arrow"
    path.parent.mkdir()
    (tmp_path / "README.md").write_text("---\nlicense: cc-by-4.0\npretty_name: Tea\ntags: [a]\n---\n# Tea\n")
    if kind == "parquet":
        pq.write_table(TABLE, path)
    else:
        with (pa.ipc.new_stream if kind == "stream" else pa.ipc.new_file)(str(path), TABLE.schema) as writer:
            writer.write_table(TABLE)
    (first, last), account = read(path)
    assert (first.id, first.text) == ("train.arrow:1", "row a")
    assert first.meta == {"licence": "mit", "dataset": "Tea", "row": "1"}
    assert last.meta == {"licence": "cc-by-4.0", "dataset": "Tea", "row": "3"}
    assert account.notes == {"a row without text in text, content or body": (1, "row 2")}


def test_a_table_without_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(TABLE.select(["n"]), path)
    assert read(path)[1].reason == "no column text, content, body; it has n"
    pq.write_table(pa.table({"messages": [[{"role": "user"}]]}), path)
    assert read(path)[1].reason.startswith("a table of conversations")


def warc_record(kind: str, url: str, body: bytes, content_type: str, http: bytes = b"") -> bytes:
    block = http + body
    return (
        (
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-01-01T00:00:00Z\r\n"
            f"WARC-Record-ID: <urn:uuid:{len(block)}>\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(block)}\r\n\r\n"
        ).encode()
        + block
        + b"\r\n\r\n"
    )


@pytest.mark.parametrize("packing", ["none", "gzip", "zstd", "bz2"])
def test_warc_and_wet(tmp_path: Path, packing: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n"
    page = "<html><head><title>Чай</title></head><body><p>Горячий чай.</p></body></html>".encode("cp1251")
    records = [
        warc_record("warcinfo", "", b"software: x\r\n", "application/warc-fields"),
        warc_record("response", "http://a/1", page, "application/http", head % b"text/html; charset=windows-1251"),
        warc_record("response", "http://a/2", b"%PDF-", "application/http", head % b"application/pdf"),
        warc_record("conversion", "http://a/3", "Текст.".encode(), "text/plain"),
    ]
    pack = {"none": bytes, "gzip": gzip.compress, "zstd": zstandard.compress, "bz2": bytes}[packing]
    packed = [pack(record) for record in records]
    path = tmp_path / "crawl.dat"
    path.write_bytes(bz2.compress(b"".join(packed)) if packing == "bz2" else b"".join(packed))
    (first, second), account = read(path)
    assert (first.text, first.meta["title"], first.meta["url"]) == ("Горячий чай.", "Чай", "http://a/1")
    assert first.meta["offset"] == str(len(packed[0]))
    assert (second.text, second.meta["date"]) == ("Текст.", "2024-01-01T00:00:00Z")
    assert account.notes == {"a record of type application/pdf, left out": (1, "record 2")}


WIKITEXT = """{{Карточка|имя={{nobr|Чай}}|фото=x.jpg}}<!-- нет -->
'''Чай''' ({{lang-zh|茶}}) — [[напиток|горячий напиток]] из [[Китай|Китая]].<ref name="a">И</ref><ref name="a" />
[[Файл:T.jpg|мини|Подпись со [[ссылка|ссылкой]]]]
== История ==
* один &mdash; ''два''
# три [http://y.ru сайт]
{| class="wikitable"
|-
| a || b
|}
=== Пусто ===
== Примечания ==
{{примечания}}
=== Ещё ===
* [http://z.ru z]
[[Категория:Чай]]
[[en:Tea]]"""


def test_wikitext_becomes_prose() -> None:
    assert plain_wikitext(WIKITEXT) == (
        "Чай (茶) — горячий напиток из Китая.\n\n## История\n\n- один — два\n- три сайт"
    )


@pytest.mark.parametrize(
    "text", ["{{" * 50_000, "[[" * 50_000, "{|" * 50_000, "<ref>" * 50_000, "<math>" * 30_000, "'" * 99_999]
)
def test_hostile_wikitext_ends(text: str) -> None:
    plain_wikitext(text)


def test_wikipedia_dump(tmp_path: Path) -> None:
    def page(title: str, number: int, text: str, more: str = "", space: int = 0) -> str:
        return (
            f"<page><title>{title}</title><ns>{space}</ns><id>{number}</id>{more}<revision><id>99</id><timestamp>2024-01-01"
            f"T00:00:00Z</timestamp><contributor><id>5</id></contributor><text>{escape(text)}</text></revision></page>"
        )

    path = tmp_path / "dump.xml.bz2"
    path.write_bytes(
        bz2.compress(
            (
                '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" xml:lang="ru"><siteinfo><base>'
                "https://ru.wikipedia.org/wiki/X</base></siteinfo>"
                + page("Чай", 7, WIKITEXT)
                + page("Ча", 8, "#REDIRECT [[Чай]]", '<redirect title="Чай"/>')
                + page("Обсуждение:Чай", 9, "talk", space=1)
                + "</mediawiki>"
            ).encode()
        )
    )
    (document,), account = read(path)
    assert document.id == "dump.xml.bz2:7"
    assert document.text.startswith("# Чай\n\nЧай (茶)")
    assert document.meta == {
        "language": "ru",
        "licence": "CC-BY-SA-4.0",
        "title": "Чай",
        "page_id": "7",
        "date": "2024-01-01T00:00:00Z",
    }
    assert account.notes == {
        "a redirect, left out": (1, "Ча"),
        "a page outside the articles, left out": (1, "Обсуждение:Чай"),
    }

"""Sources at URIs, with fsspec's store in memory standing in for a cloud."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from samovar.core.errors import ConfigError, MissingError, ResourceError
from samovar.data.account import ReadingAccount
from samovar.data.document import Document
from samovar.data.settings import DataSettings
from samovar.data.sources import make_sources
from samovar.data.sources.remote import RemoteSource


@pytest.fixture
def store() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


def source_of(uri: str, **changes: Any) -> RemoteSource:
    settings = DataSettings.model_validate({"sources": [uri], **changes})
    (source,) = make_sources(settings, Path("/nowhere"))
    assert isinstance(source, RemoteSource)
    return source


def read(uri: str, **changes: Any) -> tuple[list[Document], ReadingAccount]:
    account = ReadingAccount()
    return list(source_of(uri, **changes).documents(account)), account


def test_files_below_a_uri_in_the_order_of_their_names(store: Any) -> None:
    store.pipe("/docs/b.txt", "Второй.".encode("cp1251"))
    store.pipe("/docs/a/page.html", b"<html><body><p>First page.</p></body></html>")
    store.pipe("/docs/a/bad.pdf", b"%PDF-1.7 broken")
    store.pipe("/docs/.git/config", b"hidden")
    store.pipe("/docs/drafts/x.txt", b"draft")
    store.pipe("/docs/empty.txt", b"")
    documents, account = read("memory://docs", skip=["drafts"])
    assert [(document.id, document.text) for document in documents] == [
        ("memory://docs/a/page.html", "First page."),
        ("memory://docs/b.txt", "Второй."),
    ]
    assert documents[1].meta["url"] == "memory://docs/b.txt"
    assert documents[1].meta["modified"].startswith("20")
    assert account.files_by_reason == {
        "hidden": ["memory://docs/.git/config"],
        "a damaged PDF document": ["memory://docs/a/bad.pdf"],
        "left out by data.skip": ["memory://docs/drafts/x.txt"],
        "empty file": ["memory://docs/empty.txt"],
    }


def test_one_file(store: Any) -> None:
    store.pipe("/docs/rows.jsonl", b'{"text": "one"}\n')
    documents, _ = read("memory://docs/rows.jsonl")
    assert [document.id for document in documents] == ["memory://docs/rows.jsonl:1"]


def test_the_licence_of_a_data_set_is_in_its_card(store: Any) -> None:
    store.pipe("/set/README.md", b"---\nlicense: cc-by-4.0\npretty_name: Tea\n---\n# Tea\n")
    store.pipe("/set/data/train.jsonl", b'{"text": "one"}\n')
    documents, _ = read("memory://set")
    row = next(document for document in documents if document.id.endswith(":1"))
    assert (row.meta["licence"], row.meta["dataset"]) == ("cc-by-4.0", "Tea")


def test_the_fingerprint_follows_names_and_versions(store: Any) -> None:
    store.pipe("/docs/a.txt", b"words")
    first = source_of("memory://docs").fingerprint()
    assert source_of("memory://docs").fingerprint() == first
    store.pipe("/docs/a.txt", b"other")
    second = source_of("memory://docs").fingerprint()
    store.pipe("/docs/b.txt", b"more")
    assert len({str(first), str(second), str(source_of("memory://docs").fingerprint())}) == 3


def test_a_file_that_vanishes_or_fails_is_named(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store.pipe("/docs/a.txt", b"words")
    store.pipe("/docs/b.txt", b"other words")
    opened = type(store).open

    def open_some(self: Any, path: str, *arguments: Any, **options: Any) -> Any:
        if path.endswith("a.txt"):
            raise RuntimeError("503 https://me:secret@host/a.txt")
        return opened(self, path, *arguments, **options)

    monkeypatch.setattr(type(store), "open", open_some)
    documents, account = read("memory://docs")
    assert [document.text for document in documents] == ["other words"]
    assert account.reasons == {"cannot be read: RuntimeError: 503 https://host/a.txt": 1}


def test_units_travel_to_other_processes(store: Any) -> None:
    store.pipe("/docs/a.txt", b"words")
    store.pipe("/docs/b.txt", b"more")
    units = pickle.loads(pickle.dumps(list(source_of("memory://docs").units())))
    assert [document.text for unit in units for document in unit.documents(ReadingAccount())] == ["words", "more"]
    before = [json.dumps(unit.identity()) for unit in units]
    store.pipe("/docs/b.txt", b"other")
    after = [json.dumps(unit.identity()) for unit in source_of("memory://docs").units()]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False]


def test_what_is_not_there_is_an_error_with_advice(store: Any) -> None:
    with pytest.raises(MissingError, match="does not exist"):
        read("memory://nothing")
    with pytest.raises(ConfigError, match="cannot be opened"):
        read("nosuchscheme://bucket")


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("s3fs", "gcsfs", "adlfs"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingError, match="s3://bucket") as caught:
        read("s3://bucket/docs")
    assert (caught.value.hint or "").endswith(" -m pip install s3fs")


def test_a_store_that_refuses_is_named(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("no credentials")

    monkeypatch.setattr(type(store), "info", refuse)
    with pytest.raises(ResourceError, match="no credentials"):
        read("memory://docs")


def test_passwords_stay_out_of_names() -> None:
    assert source_of("https://me:secret@host/a.txt").label == "https://host/a.txt"
    assert source_of("https://host/a.txt?X-Signature=abc").label == "https://host/a.txt"
    # The card of the corpus and its errors call a source so.
    assert DataSettings.model_validate({"sources": ["s3://me:secret@host/b"]}).sources[0].label == "s3://host/b"


def test_a_source_is_called_as_it_is_named(store: Any) -> None:
    store.pipe("/docs/a.txt", b"words")
    settings = DataSettings.model_validate({"sources": [{"path": "memory://docs/", "name": "letters"}]})
    (source,) = make_sources(settings, Path("/nowhere"))
    (document,) = source.documents(ReadingAccount())
    assert (document.id, document.meta["url"]) == ("letters/a.txt", "memory://docs/a.txt")


def test_fsspec_is_not_imported_without_a_uri(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    program = (
        "import sys\nfrom pathlib import Path\nfrom samovar.data.account import ReadingAccount\n"
        "from samovar.data.settings import DataSettings\nfrom samovar.data.sources import make_sources\n"
        f"(source,) = make_sources(DataSettings(sources=['.']), Path({str(tmp_path)!r}))\n"
        "assert len(list(source.documents(ReadingAccount()))) == 1\nassert 'fsspec' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

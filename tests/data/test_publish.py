"""A corpus at a URI: whole while its manifest is there, and nothing of others is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from samovar.core.errors import ConfigError, MissingError, ResourceError
from samovar.data.publish import publish

URI = "memory://bucket/corpus"


@pytest.fixture
def store() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    for name in (
        "train-00000.parquet",
        "train-00001.parquet",
        "validation-00000.parquet",
        "report.md",
        "manifest.json",
    ):
        (tmp_path / name).write_text(name)
    (tmp_path / ".samovar").mkdir()
    (tmp_path / ".samovar" / "forgotten.jsonl").write_text("secret")
    return tmp_path


def names(store: Any) -> set[str]:
    return {path.removeprefix("/bucket/corpus/") for path in store.find("/bucket/corpus")}


def test_all_but_what_is_hidden_is_copied(store: Any, corpus: Path) -> None:
    sizes: list[int] = []
    assert publish(corpus, URI, advance=sizes.append) == 5
    assert names(store) == {path.name for path in corpus.iterdir()} - {".samovar"}
    assert store.cat("/bucket/corpus/train-00001.parquet") == b"train-00001.parquet"
    assert sum(sizes) == sum(path.stat().st_size for path in corpus.iterdir() if path.is_file())


def test_passwords_of_sources_stay_here(store: Any, corpus: Path) -> None:
    paths = ["s3://me:hidden@host/papers", "https://host/a.txt?sig=hidden", 'C:\\"my" letters', "https://host/b.txt"]
    (corpus / "manifest.json").write_text(json.dumps({"config": {"sources": [{"path": path} for path in paths]}}))
    publish(corpus, URI)
    there = json.loads(store.cat("/bucket/corpus/manifest.json"))
    shown = ["s3://host/papers", "https://host/a.txt", *paths[2:]]
    assert [source["path"] for source in there["config"]["sources"]] == shown


def test_a_smaller_corpus_leaves_no_shard_of_the_earlier_one_and_all_of_others(store: Any, corpus: Path) -> None:
    publish(corpus, URI)
    store.pipe("/bucket/corpus/notes.txt", b"mine")
    (corpus / "train-00001.parquet").unlink()
    (corpus / "train-00000.parquet").write_text("new")
    publish(corpus, URI)
    assert names(store) == {
        "train-00000.parquet", "validation-00000.parquet", "report.md", "manifest.json", "notes.txt"
    }  # fmt: skip
    assert store.cat("/bucket/corpus/train-00000.parquet") == b"new"


@pytest.mark.parametrize("num_before", [0, 1, 3])
def test_a_copy_that_breaks_has_no_manifest_and_can_be_repeated(
    store: Any, corpus: Path, monkeypatch: pytest.MonkeyPatch, num_before: int
) -> None:
    publish(corpus, URI)
    left = [num_before]
    put = type(store).put_file

    def breaking(self: Any, *arguments: Any, **options: Any) -> Any:
        if not left[0]:
            raise OSError("the line is down")
        left[0] -= 1
        return put(self, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(type(store), "put_file", breaking)
        with pytest.raises(ResourceError, match="the line is down"):
            publish(corpus, URI)
    assert "manifest.json" not in names(store)
    publish(corpus, URI)
    assert names(store) == {path.name for path in corpus.iterdir()} - {".samovar"}


def test_what_is_no_corpus_is_left_alone(store: Any, corpus: Path, tmp_path: Path) -> None:
    store.pipe("/bucket/corpus/report.md", b"of somebody else")
    with pytest.raises(ConfigError, match="something else"):
        publish(corpus, URI)
    assert names(store) == {"report.md"}
    assert store.cat("/bucket/corpus/report.md") == b"of somebody else"


def test_no_corpus_no_uri_and_no_driver_are_said(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="holds no corpus"):
        publish(corpus / ".samovar", URI)
    with pytest.raises(ConfigError, match="is no URI"):
        publish(corpus, "elsewhere")
    with pytest.raises(ConfigError, match="cannot be opened"):
        publish(corpus, "nowhere://bucket")


def test_a_folder_by_its_uri(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    there = tmp_path_factory.mktemp("there") / "deep" / "corpus"
    publish(corpus, f"file://{there}")
    assert sorted(path.name for path in there.iterdir()) == sorted(
        path.name for path in corpus.iterdir() if not path.name.startswith(".")
    )

"""Adapters and backends on the command line of `samovar serve`, refused before a model is loaded."""

from __future__ import annotations

import sys

import pytest

from samovar.cli.serve import _named
from samovar.core.errors import ConfigError, MissingError
from samovar.engine.backends import open_engine


def test_adapters_are_named_with_their_folders() -> None:
    found = _named(["formal=adapters/formal", "merry=/else/where=1"])
    assert {name: str(folder) for name, folder in found.items()} == {
        "formal": "adapters/formal",
        "merry": "/else/where=1",
    }
    assert _named(None) == {}


@pytest.mark.parametrize("said", [["formal"], ["=folder"], ["formal="], ["a=x", "a=y"]])
def test_what_names_no_adapter_is_refused(said: list[str]) -> None:
    with pytest.raises(ConfigError):
        _named(said)


def test_vllm_is_asked_for_by_its_extra_where_it_is_not_installed(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "samovar.core.extras.importlib.import_module",
        lambda name: (_ for _ in ()).throw(ModuleNotFoundError(name, name=name)),
    )
    with pytest.raises(MissingError, match="vllm") as caught:
        open_engine(tmp_path, backend="vllm")
    assert caught.value.hint == f"{sys.executable} -m pip install 'samovar[vllm]'"

"""Trackers, with stand-ins for the packages: what they are told, and that nothing is sent unless asked."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from samovar.core.errors import MissingError
from samovar.train.journal import Journal
from samovar.train.settings import PretrainSettings
from samovar.train.trackers import Trackers


class Package(types.ModuleType):
    """Has ``init`` as wandb and trackio do, and remembers everything."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.opened: dict[str, Any] = {}
        self.rows: list[tuple[int, dict[str, Any]]] = []
        self.is_finished = False

    def init(self, **options: Any) -> Package:
        self.opened = options
        return self

    def log(self, row: dict[str, Any], *, step: int) -> None:
        self.rows.append((step, row))

    def finish(self) -> None:
        self.is_finished = True


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> dict[str, Package]:
    for variable in ("WANDB_MODE", "WANDB_PROJECT", "TRACKIO_PROJECT"):
        monkeypatch.delenv(variable, raising=False)
    made = {name: Package(name) for name in ("wandb", "trackio")}
    for name, package in made.items():
        monkeypatch.setitem(sys.modules, name, package)
    return made


def test_none_is_told_by_default(packages: dict[str, Package], tmp_path: Path) -> None:
    assert PretrainSettings().trackers == []
    journal = Journal(tmp_path, first_step=0, about={})
    journal.write(1, {"loss": 2.0})
    journal.close()
    assert not any(package.opened or package.rows for package in packages.values())


def test_both_get_every_row_under_the_name_of_the_artifact(packages: dict[str, Package], tmp_path: Path) -> None:
    folder = tmp_path / "sft-0123.partial"
    folder.mkdir()
    journal = Journal(folder, first_step=0, about={"steps": 2}, trackers=["wandb", "trackio"])
    journal.write(1, {"loss": 2.0})
    journal.write(2, {"loss": 1.5, "sample": "tea"})
    journal.close()
    for package in packages.values():
        assert package.opened["name"] == "sft-0123"
        assert package.opened["resume"] == "allow"
        assert package.opened["config"] == {"steps": 2}
        assert package.rows == [(1, {"loss": 2.0}), (2, {"loss": 1.5, "sample": "tea"})]
        assert package.is_finished
    assert packages["wandb"].opened["dir"] == str(folder)


def test_wandb_stays_offline_unless_told_otherwise(
    packages: dict[str, Package], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Trackers(["wandb"], tmp_path)
    assert packages["wandb"].opened["mode"] == "offline"
    monkeypatch.setenv("WANDB_MODE", "online")
    Trackers(["wandb"], tmp_path)
    assert packages["wandb"].opened["mode"] == "online"
    Trackers(["trackio"], tmp_path)
    assert not {"space_id", "server_url"} & set(packages["trackio"].opened)


def test_a_tracker_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingError, match="wandb") as caught:
        Journal(tmp_path, first_step=0, about={}, trackers=["wandb"])
    assert "samovar[trackers]" in (caught.value.hint or "")

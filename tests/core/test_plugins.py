"""A file's name is its registration."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samovar.core.errors import ConfigError
from samovar.core.plugins import classes_in, load_class, module_names


class Cup:
    """What the modules of the package are to define."""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "cupboard"
    (folder / "drawer").mkdir(parents=True)
    (folder / "drawer" / "__init__.py").write_text("raise RuntimeError")
    (folder / "__init__.py").write_text("")
    (folder / "mug.py").write_text(f"from {__name__} import Cup\nclass Mug(Cup): ...\nclass Spoon: ...")
    (folder / "glass.py").write_text("from cupboard.mug import Mug\nclass Glass(Mug): ...")
    (folder / "empty.py").write_text("from cupboard.mug import Mug")
    monkeypatch.syspath_prepend(tmp_path)
    yield "cupboard"
    for name in [name for name in sys.modules if name.partition(".")[0] == "cupboard"]:
        del sys.modules[name]


def test_modules_are_listed_and_not_imported(package: str) -> None:
    assert module_names(package) == ["empty", "glass", "mug"]
    assert module_names(package, without=frozenset({"mug"})) == ["empty", "glass"]
    assert "cupboard.mug" not in sys.modules


def test_a_class_is_of_the_module_that_defines_it(package: str) -> None:
    names = [[one.__name__ for one in classes_in(package, name, Cup)] for name in module_names(package)]
    assert names == [[], ["Glass"], ["Mug"]]
    assert load_class(package, "mug", Cup, names=module_names(package)).__name__ == "Mug"


def test_what_is_not_there_is_said(package: str) -> None:
    with pytest.raises(ConfigError, match="there is no cup 'mugg'") as caught:
        load_class(package, "mugg", Cup, names=module_names(package))
    assert caught.value.hint == "did you mean 'mug'? the cups are: empty, glass, mug"
    with pytest.raises(ConfigError, match=r"cupboard/empty\.py defines no Cup"):
        load_class(package, "empty", Cup, names=module_names(package))

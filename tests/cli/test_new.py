"""What is said of a new project, to people and to machines."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Samovar


def test_a_recipe_that_reads_documents_asks_for_them(samovar: Samovar, tmp_path: Path) -> None:
    ran = samovar("new", tmp_path / "p", "--recipe", "stories")
    assert ran.code == 0
    assert f"put documents into {tmp_path / 'p' / 'documents'} first" in ran.err
    for recipe in ("quickstart", "finetune"):  # which brew without any
        assert "put documents" not in samovar("new", tmp_path / recipe, "--recipe", recipe).err


def test_a_machine_is_told_what_was_made(samovar: Samovar, tmp_path: Path) -> None:
    ran = samovar("new", tmp_path / "p", "--json")
    told = json.loads(ran.out)
    assert (told["project"], told["recipe"]) == (str(tmp_path / "p"), "quickstart")
    assert all(Path(file).exists() for file in told["files"])


def test_hints_can_be_typed_where_a_path_has_spaces(samovar: Samovar, tmp_path: Path) -> None:
    project = tmp_path / "my project"
    assert f"`samovar new '{project}'`" in samovar("brew", project).err
    assert samovar("new", project).code == 0
    assert f"`samovar brew '{project}'`" in samovar("new", project).err
    assert f"`samovar brew '{project}'`" in samovar("trace", "words", "--project", project).err

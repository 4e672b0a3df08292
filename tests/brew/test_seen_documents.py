"""A corpus is made anew when its documents have changed, and not when only the times of their files have."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from samovar.brew import seen_documents
from samovar.brew.graph import brew, resolve
from samovar.brew.project import Project
from samovar.brew.recipe import load_recipe
from samovar.brew.stages.data import DataStage
from samovar.cli.main import exit_code
from samovar.core.artifact import read_manifest
from samovar.data.sources import files
from tests.brew.tiny import tiny_project

STAGES = {"data": DataStage()}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """With a corpus; look, don't touch."""
    project = tiny_project(tmp_path_factory.mktemp("original") / "p")
    brew(project, load_recipe(project.recipe_file), STAGES, is_quiet=True)
    return project


@pytest.fixture
def copied(original: Project, tmp_path: Path) -> Project:
    """As `cp -r` copies it: every file has a new time."""
    shutil.copytree(original.root, tmp_path / "copy", copy_function=shutil.copyfile)
    age(tmp_path / "copy" / "documents", 1)
    return Project(tmp_path / "copy")


def age(folder: Path, seconds: int) -> None:
    for path in folder.iterdir():
        os.utime(path, (seconds, seconds))


def state(project: Project) -> str:
    [item] = resolve(project, load_recipe(project.recipe_file), STAGES)
    return item.state


def test_a_copy_has_its_corpus_already(copied: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert state(copied) == "made"
    monkeypatch.setattr(files, "content_hash", None)
    assert state(copied) == "made", "without another look at the contents"


def test_another_text_of_the_same_length_is_noticed_and_so_is_the_first_one(copied: Project) -> None:
    document = copied.root / "documents" / "0.txt"
    text = document.read_text()
    document.write_text(text.replace("cup 0", "cup 9"))
    assert state(copied) == "to make"
    brew(copied, load_recipe(copied.recipe_file), STAGES, is_quiet=True)
    assert state(copied) == "made"
    document.write_text(text)
    age(copied.root / "documents", 2)
    assert state(copied) == "made", "what was made of it before is still there"


def test_names_sizes_and_times_tell_without_reading(copied: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "content_hash", None)
    (copied.root / "documents" / "0.txt").write_text("a text of another length")
    assert state(copied) == "to make"


def test_a_project_that_remembers_nothing_goes_by_the_times(original: Project, tmp_path: Path) -> None:
    shutil.copytree(original.root, tmp_path / "old", copy_function=shutil.copy2)
    old = Project(tmp_path / "old")
    for memory in ("", "[]", None):
        (old.state / seen_documents.FILE).unlink(missing_ok=True)
        if memory is not None:
            (old.state / seen_documents.FILE).write_text(memory)
        assert state(old) == "made"
    age(old.root / "documents", 1)
    assert state(old) == "to make"


def test_a_corpus_by_itself_is_the_same_too(original: Project, tmp_path: Path) -> None:
    shutil.copytree(original.root / "documents", tmp_path / "documents")
    words = ["data", str(tmp_path / "documents"), "--out", str(tmp_path / "corpus"), "--set", "data.steps=[normalise]"]
    assert exit_code(words) == 0
    made = read_manifest(tmp_path / "corpus")
    age(tmp_path / "documents", 1)
    assert exit_code(words) == 0
    assert read_manifest(tmp_path / "corpus").made_at == made.made_at

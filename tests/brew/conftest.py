"""One tiny project, brewed once for all tests that only look at it."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import pytest

from samovar.brew.graph import brew
from samovar.brew.project import Project
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from tests.brew.tiny import tiny_project


@pytest.fixture(scope="session")
def brewed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with every stage made; look, don't touch."""
    return _brew_once(tmp_path_factory.getbasetemp() / "brewed" / "p")


@functools.cache
def _brew_once(root: Path) -> Project:
    """Kept here, as pytest makes a fixture anew for each folder of tests that takes it over."""
    project = tiny_project(root)
    brew(project, load_recipe(project.recipe_file), load_stages(), is_quiet=True)
    return project


@pytest.fixture
def brewed_copy(brewed: Project, tmp_path: Path) -> Project:
    """The same, to change."""
    shutil.copytree(brewed.root, tmp_path / "p", copy_function=shutil.copy2)
    return Project(tmp_path / "p")

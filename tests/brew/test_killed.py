"""A brew that is killed once in each stage, at any moment of it, ends as one that nobody touched."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from pathlib import Path

from samovar.brew.graph import brew, resolve
from samovar.brew.project import Project
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from samovar.core.artifact import Manifest
from tests.brew.killable import Brews, killable_brews
from tests.brew.tiny import tiny_project


def made(project: Project) -> dict[str, Manifest]:
    items = resolve(project, load_recipe(project.recipe_file), load_stages())
    return {item.name: item.manifest for item in items if item.manifest is not None}


def test_killed_in_every_stage_it_ends_as_an_unbroken_brew(brewed: Project, tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    for document in (project.root / "documents").iterdir():  # the id of the data is made of names, sizes and times
        shutil.copystat(brewed.root / "documents" / document.name, document)
    unbroken = made(brewed)
    with killable_brews() as brews:
        for stage, manifest in unbroken.items():
            _kill_in(brews, project, stage, after_s=random.random() * manifest.seconds)
    brew(project, load_recipe(project.recipe_file), load_stages(), is_quiet=True)
    for stage, manifest in made(project).items():
        assert manifest.id == unbroken[stage].id
        assert _results(manifest) == _results(unbroken[stage]), stage
    assert not list(project.artifacts.glob("*.partial"))


def _kill_in(brews: Brews, project: Project, stage: str, *, after_s: float) -> None:
    """Start the command, and kill it so long after ``stage`` began."""
    pid = brews.begin(project)
    deadline = time.monotonic() + 120
    while not any(project.artifacts.glob(f"{stage}-*")) and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(after_s)
    os.kill(pid, signal.SIGKILL)
    brews.exit_code()


def _results(manifest: Manifest) -> dict[str, object]:
    """What was made, but for how long it took."""
    return {name: value for name, value in manifest.metrics.items() if "second" not in name}

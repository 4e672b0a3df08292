"""A damaged artifact of a project: what to do about it is said, and doing it mends the project."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from samovar.brew.project import Project
from tests.cli.conftest import Samovar


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def test_who_does_what_the_hint_says_is_helped(samovar: Samovar, brewed_copy: Project) -> None:
    tokenizer = next(brewed_copy.artifacts.glob("tokenizer-*"))
    cut_off(tokenizer / "tokenizer.json")
    shutil.rmtree(next(brewed_copy.artifacts.glob("shards-*")))
    ran = samovar("brew", brewed_copy.root)
    assert ran.code == 1
    brew = shlex.join(["samovar", "brew", str(brewed_copy.root)])
    assert f"hint: delete the folder {tokenizer}; `{brew}` then makes it again" in ran.err
    shutil.rmtree(tokenizer)
    assert samovar("brew", brewed_copy.root).code == 0


@pytest.mark.parametrize(
    ("stage", "file", "command"),
    [
        ("quantize", "model.safetensors", ("chat", "-m", "Hi")),
        ("quantize", "config.json", ("chat", "-m", "Hi")),
        ("sft", "model.safetensors", ("export", "--out", "copy")),
        ("data", "manifest.json", ("status",)),
    ],
)
@pytest.mark.parametrize("is_gone", [False, True])
def test_the_whole_artifact_is_to_go(
    samovar: Samovar, brewed_copy: Project, stage: str, file: str, command: tuple[str, ...], is_gone: bool
) -> None:
    artifact = next(brewed_copy.artifacts.glob(f"{stage}-*"))
    if is_gone and file != "manifest.json":  # without it there is no artifact
        (artifact / file).unlink()
    else:
        cut_off(artifact / file)
    ran = samovar(command[0], brewed_copy.root, *command[1:])
    assert ran.code == 1
    assert f"hint: delete the folder {artifact}; " in ran.err


def test_bytes_that_are_no_tokens_stop_training_by_their_name(samovar: Samovar, brewed_copy: Project) -> None:
    shard = next(brewed_copy.artifacts.glob("shards-*")) / "train-00000.bin"
    shard.write_bytes(b"\xff" * shard.stat().st_size)
    shutil.rmtree(next(brewed_copy.artifacts.glob("pretrain-*")))
    ran = samovar("brew", brewed_copy.root)
    assert ran.code == 1
    assert f"{shard} is damaged" in ran.err
    assert f"hint: delete the folder {shard.parent}; " in ran.err

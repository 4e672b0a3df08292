"""One stage by itself, on files: the same code as in a brew, with inputs and output named by hand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from samovar.brew.graph import run_stage
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext
from samovar.core.artifact import Manifest, artifact_id, is_whole, partial_folder, read_manifest
from samovar.core.errors import ConfigError, MissingError
from samovar.core.files import exclusive_lock, fingerprint, read_json, write_json

_MAKING = "making.json"


def make_alone(
    stage: Stage, recipe: Recipe, *, inputs: Mapping[str, Path], out: Path, root: Path | None = None
) -> Manifest:
    """Run ``stage`` on the folders ``inputs`` and leave its artifact at ``out``.

    An interrupted run with the same settings and inputs goes on where it stopped.

    Raises:
        MissingError: an input is not there.
        ConfigError: something else is at ``out``.
        BusyError: another process makes it.
    """
    for name, folder in inputs.items():
        if not folder.is_dir():
            raise MissingError(
                f"{folder} does not exist: the {stage.name} stage reads it", hint=f"make the {name} first"
            )
    root = root or Path()
    config = stage.config(recipe)
    input_ids = {name: identify(folder) for name, folder in inputs.items()} | stage.files(root, recipe)
    identity = artifact_id(stage.name, stage.version, config, input_ids)
    made = _check_free(out, identity)
    if made is not None:
        return made
    partial = partial_folder(out)
    lock_file = out.with_name(f"{out.name}.lock")
    with exclusive_lock(lock_file, what=str(out)):
        _drop_other(partial, identity)

        def context(folder: Path) -> StageContext:
            write_json(folder / _MAKING, {"id": identity})
            return StageContext(recipe, root, inputs, folder)

        manifest = run_stage(stage, folder=out, config=config, input_ids=input_ids, context=context)
        (out / _MAKING).unlink()
        lock_file.unlink()
    return manifest


def identify(folder: Path) -> str:
    """The id of the artifact in ``folder``; of a folder that is none, a hash of its files' names, sizes and times."""
    if is_whole(folder):
        return read_manifest(folder).id
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    facts = [(str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return fingerprint(facts)[:12]


def _check_free(out: Path, identity: str) -> Manifest | None:
    """The manifest of what is at ``out`` when it is just what would be made."""
    if is_whole(out):
        manifest = read_manifest(out)
        if manifest.id == identity:
            return manifest
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigError(f"{out} is there already", hint="name another folder with --out, or move that one away")
    return None


def _drop_other(partial: Path, identity: str) -> None:
    """Forget what an interrupted run with other settings left."""
    marker = partial / _MAKING
    if partial.exists() and not (marker.is_file() and read_json(marker).get("id") == identity):
        shutil.rmtree(partial)

"""One stage by itself, on files: the same code as in a brew, with inputs and output named by hand."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from samovar.brew.graph import run_stage
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext
from samovar.core.artifact import CLOCK, Manifest, artifact_id, is_whole, partial_folder, read_manifest
from samovar.core.errors import ConfigError, MissingError
from samovar.core.files import exclusive_lock, fingerprint, read_json, write_json

_MAKING = "making.json"
_MADE_BY = {
    "data": "name a corpus that is there, or make one with `samovar data`",
    "tokenizer": "name a tokenizer's folder that is there, or make one with `samovar tokenizer`",
    "shards": "name the folder of shards that `samovar pretrain` made",
}
"""What to do where the input of that name is missing; any other is a model, whichever stage it may come from."""


def make_alone(
    stage: Stage, recipe: Recipe, *, inputs: Mapping[str, Path], out: Path, root: Path | None = None
) -> Manifest:
    """Run ``stage`` on the folders ``inputs`` and leave its artifact at ``out``.

    An interrupted run with the same settings and inputs goes on where it stopped; one that was refused leaves nothing.

    Raises:
        MissingError: an input is not there.
        ConfigError: something else is at ``out``.
        BusyError: another process makes it.
    """
    for name, folder in inputs.items():
        _check_input(name, folder, stage.name)
    root = root or Path()
    config = stage.config_alone(recipe)
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

        try:
            manifest = run_stage(stage, folder=out, config=config, input_ids=input_ids, context=context)
            (out / _MAKING).unlink()
        except BaseException:
            if not (stage.resumes and _holds_work(partial)):
                shutil.rmtree(partial, ignore_errors=True)
            raise
        finally:
            lock_file.unlink(missing_ok=True)
    return manifest


def _check_input(name: str, folder: Path, stage: str) -> None:
    hint = _MADE_BY.get(name, "name the folder of a model that is there")
    if not folder.is_dir():
        raise MissingError(f"{folder} is no folder: the {stage} stage reads it", hint=hint)
    if name == "data" and not any(folder.glob("train-*.parquet")):  # else stages that can do without measure nothing
        raise MissingError(f"{folder} holds no corpus: there is no train-*.parquet in it", hint=hint)


def _holds_work(partial: Path) -> bool:
    """Whether there is anything to go on from."""
    return any(path.is_file() and path.name not in (_MAKING, CLOCK) for path in partial.rglob("*"))


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

"""Which artifacts were made from others, however many stages lie between, by the inputs in their manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import NamedTuple

from samovar.brew.stage import load_stages
from samovar.core.artifact import Manifest, is_whole, read_manifest
from samovar.core.errors import SamovarError


class Made(NamedTuple):
    """An artifact on disk."""

    folder: Path
    manifest: Manifest


class Heir(NamedTuple):
    """An artifact that others lead to."""

    made: Made
    is_certain: bool
    """False where an artifact between is gone, or the manifest does not say: it may be an heir."""


def artifacts_in(folders: Iterable[Path]) -> Iterator[Made]:
    """The whole artifacts among ``folders``; damaged ones are left out."""
    for folder in folders:
        if is_whole(folder):
            try:
                yield Made(folder, read_manifest(folder))
            except SamovarError:
                continue


def origins_of(folder: Path, artifacts: Iterable[Made]) -> set[Path]:
    """The artifact in ``folder``, and those of ``artifacts`` that led to it."""
    made = list(artifacts)
    by_id = {one.manifest.id: one for one in made}
    found: set[Path] = set()
    waiting = [one for one in made if one.folder == folder]
    while waiting:
        one = waiting.pop()
        found.add(one.folder)
        parents = [by_id[identity] for identity in one.manifest.inputs.values() if identity in by_id]
        waiting += [parent for parent in parents if parent.folder not in found]
    return found


def heirs_of(ids: Set[str], artifacts: Iterable[Made]) -> list[Heir]:
    """Of ``artifacts`` those that an artifact of ``ids`` leads to, or may lead to; not these themselves."""
    made = list(artifacts)
    by_id = {one.manifest.id: one.manifest for one in made}
    stages = set(load_stages())
    known: dict[str, bool | None] = {}

    def comes_from(manifest: Manifest) -> bool | None:
        """True, False, or None where it cannot be told."""
        if manifest.id not in known:
            known[manifest.id] = False
            answers = [
                True if identity in ids else comes_from(by_id[identity]) if identity in by_id else None
                for name, identity in manifest.inputs.items()
                if name in stages or identity in ids or identity in by_id
            ]
            known[manifest.id] = True if True in answers else None if None in answers else False
        return known[manifest.id]

    heirs = []
    for one in made:
        if one.manifest.id not in ids and (answer := comes_from(one.manifest)) is not False:
            heirs.append(Heir(one, answer is True))
    return heirs

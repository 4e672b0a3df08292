"""The group of a document: the folder it came from, or what its meta says."""

from __future__ import annotations

from collections.abc import Iterable

from samovar.data.document import Document

SOURCE = "source"
NOT_KNOWN = "not known"
OTHER = "(other)"
REPEATED = 1.005
"""Epochs from which on a group is said to repeat: less than half a percent of it is rounding and no news."""
OFF_SHARE = 0.01
"""How far a share may lie below the wanted one before it is said."""


def group_key(document: Document, by: str) -> str:
    """What ``document`` is grouped by: its folder for ``source``, else that meta; ``not known`` where it has none."""
    if by == SOURCE:
        return document.source.rpartition("/")[0] or document.source
    return document.meta.get(by) or NOT_KNOWN


def folder_groups(folders: Iterable[str]) -> dict[str, str]:
    """The name of the group for each folder: the first part of its path in which folders differ.

    ``docs/mail/2024``, ``docs/mail`` and ``docs/contracts`` give mail, mail and contracts. A folder that lies above
    others gives the last part of its own path.
    """
    parts = {folder: _parts(folder) for folder in folders}
    if not parts:
        return {}
    shortest, longest = min(parts.values()), max(parts.values())
    common = 0
    while common < min(len(shortest), len(longest)) and shortest[common] == longest[common]:
        common += 1
    return {folder: (path[common] if len(path) > common else path[-1]) for folder, path in parts.items()}


def _parts(folder: str) -> list[str]:
    scheme, mark, path = folder.rpartition("://")
    parts = path.strip("/").split("/")
    return [f"{scheme}{mark}{parts[0]}", *parts[1:]]

"""Accounts and tallies as JSON, to be kept between runs and handed between processes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from samovar.data.account import FileAccount
from samovar.data.samples import Reservoir
from samovar.data.steps.step import DroppedSample, EditedSample, Tally

Item = TypeVar("Item", bound=NamedTuple)

_NUMBERS = ("documents_in", "documents_out", "num_edited", "characters_in", "characters_out")


def account_record(file: FileAccount) -> list[Any]:
    """The row of a file with those of its members."""
    notes = [[problem, count, where] for problem, (count, where) in file.notes.items()]
    members = [account_record(member) for member in file.members]
    return [
        *(file.file, file.size_bytes, file.format, file.encoding, file.documents, file.characters, file.reason),
        notes,
        members,
    ]


def account_from(record: list[Any]) -> FileAccount:
    """The row that ``account_record`` wrote down."""
    file, size_bytes, format_, encoding, documents, characters, reason, notes, members = record
    return FileAccount(
        *(file, size_bytes, format_, encoding, documents, characters, reason),
        {problem: (count, where) for problem, count, where in notes},
        [account_from(member) for member in members],
    )


def tally_record(tally: Tally) -> dict[str, Any]:
    """All of a tally."""
    return {
        "numbers": [getattr(tally, name) for name in _NUMBERS],
        "dropped": dict(tally.dropped),
        "edits": dict(tally.edits),
        "found": {title: dict(counts) for title, counts in tally.found.items()},
        "dropped_samples": {reason: _reservoir_record(kept) for reason, kept in tally.dropped_samples.items()},
        "edited_samples": _reservoir_record(tally.edited_samples),
    }


def tally_from(record: dict[str, Any]) -> Tally:
    """The tally that ``tally_record`` wrote down."""
    tally = Tally(edited_samples=_reservoir_from(record["edited_samples"], EditedSample._make))
    for name, value in zip(_NUMBERS, record["numbers"], strict=True):
        setattr(tally, name, value)
    tally.dropped.update(record["dropped"])
    tally.edits.update(record["edits"])
    for title, counts in record["found"].items():
        tally.found[title].update(counts)
    for reason, kept in record["dropped_samples"].items():
        tally.dropped_samples[reason] = _reservoir_from(kept, DroppedSample._make)
    return tally


def _reservoir_record(kept: Reservoir[Any]) -> list[Any]:
    return [kept.size, kept.seed, [[key, list(item)] for key, item in kept.keyed_items]]


def _reservoir_from(record: list[Any], make: Callable[[list[str]], Item]) -> Reservoir[Item]:
    size, seed, items = record
    kept: Reservoir[Item] = Reservoir(size, seed)
    for key, values in items:
        kept.offer(key, partial(make, values))
    return kept

"""Accounts and tallies as JSON, to be kept between runs and handed between processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

from samovar.data.account import FileAccount
from samovar.data.samples import Reservoir
from samovar.data.steps.step import TALLIED, DroppedSample, EditedSample, Tally

Item = TypeVar("Item", bound=NamedTuple)


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
    """All of a tally; what is empty is left out, as most is of a small file."""
    record = {
        "dropped": dict(tally.dropped),
        "edits": dict(tally.edits),
        "found": {title: dict(counts) for title, counts in tally.found.items()},
        "dropped_samples": {reason: _reservoir_record(kept) for reason, kept in tally.dropped_samples.items()},
        "edited_samples": _reservoir_record(tally.edited_samples) if tally.edited_samples.keyed_items else None,
    }
    return {
        "numbers": [getattr(tally, name) for name in TALLIED],
        **{name: it for name, it in record.items() if it},
    }


def merge_record(tally: Tally, record: dict[str, Any]) -> None:
    """Add to ``tally`` what ``tally_record`` wrote down of another: ``Tally.merge``, many thousand times as it is."""
    for name, value in zip(TALLIED, record["numbers"], strict=True):
        if value:
            setattr(tally, name, getattr(tally, name) + value)
    _add(tally.dropped, record.get("dropped", {}))
    _add(tally.edits, record.get("edits", {}))
    for title, counts in record.get("found", {}).items():
        _add(tally.found[title], counts)
    for reason, kept in record.get("dropped_samples", {}).items():
        if reason not in tally.dropped_samples:
            tally.dropped_samples[reason] = Reservoir(kept[0], kept[1])
        _offer(tally.dropped_samples[reason], kept, DroppedSample._make)
    if "edited_samples" in record:
        _offer(tally.edited_samples, record["edited_samples"], EditedSample._make)


def tally_from(record: dict[str, Any]) -> Tally:
    """The tally that ``tally_record`` wrote down."""
    size, seed, _ = record.get("edited_samples") or (0, "", [])
    tally = Tally(edited_samples=Reservoir(size, seed))
    merge_record(tally, record)
    return tally


def _add(counts: Counter[str], others: dict[str, int]) -> None:
    for name, count in others.items():
        counts[name] += count


def _reservoir_record(kept: Reservoir[Any]) -> list[Any]:
    return [kept.size, kept.seed, [[key, list(item)] for key, item in kept.keyed_items]]


def _offer(kept: Reservoir[Item], record: list[Any], make: Callable[[list[str]], Item]) -> None:
    for key, values in record[2]:
        kept.offer(key, partial(make, values))

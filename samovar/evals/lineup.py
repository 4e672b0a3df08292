"""Models in one table: how large and how fast they are, how well they foretell text, and how well they do their tasks.

For a teacher, its student, and the same student that had no teacher: what the teacher was worth is the share of the gap
between the other two that its student closes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from samovar.core.progress import short_bytes, short_number
from samovar.engine.decode_speed import measure_decode
from samovar.evals.comparison import Measures
from samovar.model.checkpoint import read_settings
from samovar.model.shards import weight_files

_DECODED = 64
"""Tokens of an answer whose speed is measured."""


class Member(NamedTuple):
    """One model of the table."""

    name: str
    parameters: int
    size_bytes: int
    """Of its weights on disk."""
    tokens_per_second: float
    """Of one answer alone, in float32 on a processor."""
    measures: Measures

    @property
    def accuracy(self) -> float | None:
        """Mean score of all tasks in all languages, which count alike; None where none was asked."""
        scores = self.measures.scores
        return sum(one.score for one in scores) / len(scores) if scores else None

    def to_json(self) -> dict[str, Any]:
        """For a manifest."""
        bits = self.measures.bits_per_byte
        return {
            "name": self.name,
            "parameters": self.parameters,
            "size_bytes": self.size_bytes,
            "tokens_per_second": round(self.tokens_per_second, 1),
            "bits_per_byte": None if bits is None else round(bits, 4),
            "accuracy": None if self.accuracy is None else round(self.accuracy, 4),
            "tasks": {f"{one.task} ({one.language})": one.to_json() for one in self.measures.scores},
        }


def member(name: str, folder: Path, measures: Measures) -> Member:
    """The model in ``folder``, of which ``measures`` are known; its speed is measured now."""
    return Member(
        name,
        read_settings(folder).num_parameters,
        sum(path.stat().st_size for path in weight_files(folder)),
        measure_decode(folder, num_tokens=_DECODED),
        measures,
    )


def gap_closed(teacher: float | None, student: float | None, alone: float | None) -> float | None:
    """Which share of the way from ``alone`` to ``teacher`` the student has gone: 1 is the teacher, 0 the student alone.

    None where one was not measured, or where the teacher is no better than the student alone.
    """
    if teacher is None or student is None or alone is None or teacher <= alone:
        return None
    return (student - alone) / (teacher - alone)


def table(members: Sequence[Member]) -> str:
    """For people, in Markdown: a column a model."""
    rows = [
        ("parameters", [short_number(one.parameters) for one in members]),
        ("weights on disk", [short_bytes(one.size_bytes) for one in members]),
        ("tokens a second, one answer", [f"{one.tokens_per_second:.0f}" for one in members]),
        ("bits per byte", [_number(one.measures.bits_per_byte, ".4f") for one in members]),
        ("accuracy, all tasks", [_number(one.accuracy, ".1%") for one in members]),
    ]
    for scores in zip(*(one.measures.scores for one in members), strict=True):
        rows.append((f"{scores[0].task} ({scores[0].language})", [f"{score.score:.1%}" for score in scores]))
    lines = [f"| what | {' | '.join(one.name for one in members)} |", f"| --- |{' ---: |' * len(members)}"]
    lines += [f"| {what} | {' | '.join(cells)} |" for what, cells in rows if any(cells)]
    return "\n".join(lines) + "\n"


def words(teacher: Member, student: Member, alone: Member | None) -> str:
    """What the student is beside its teacher, and what the teacher was worth."""
    smaller, faster = teacher.parameters / student.parameters, student.tokens_per_second / teacher.tokens_per_second
    said = f"The student is {smaller:.1f} times smaller than its teacher and answers {faster:.1f} times as fast."
    if alone is None or teacher.accuracy is None:  # no task was asked
        return said
    closed = gap_closed(teacher.accuracy, student.accuracy, alone.accuracy)
    if closed is None:
        return f"{said} Without a teacher it is as good: there is no gap in accuracy to close."
    return f"{said} It closes {closed:.0%} of the gap in accuracy between itself alone and its teacher."


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)

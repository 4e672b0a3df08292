"""Speeds of contestants side by side: medians, ranges, how many times as fast ours is, and whether that is enough."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.contest import Spread, say
from benchmarks.result import markdown_table, write_result

Outcomes = Mapping[str, Sequence[Mapping[str, Any]]]
Summary = Mapping[str, Mapping[str, Any]]


def rates(outcomes: Outcomes, measure: str, *, ours: str, kept: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """Median, lowest and highest round of each contestant, and how much faster ours is by the medians.

    Args:
        outcomes: label -> what each round gave.
        measure: the key of the speed.
        ours: our label; absent, nothing is compared.
        kept: keys of the first round that are repeated.
    """
    spreads = {label: Spread.of([one[measure] for one in rounds]) for label, rounds in outcomes.items()}
    own = spreads.get(ours)
    return {
        label: {
            measure: {name: round(value, 2) for name, value in spread._asdict().items()},
            "rounds": len(outcomes[label]),
            "peak_memory_bytes": max(one["peak_memory_bytes"] for one in outcomes[label]),
            **{name: outcomes[label][0][name] for name in kept},
            "ours_is_times_as_fast": round(own.median / spread.median, 3) if own else None,
        }
        for label, spread in spreads.items()
    }


def verdicts(summary: Summary, targets: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Of each group of peers (their labels begin so), how many times as fast ours is to be, and is."""
    found = {}
    for group, target in targets.items():
        ratios = [one["ours_is_times_as_fast"] for label, one in summary.items() if label.startswith(group)]
        measured = min((one for one in ratios if one is not None), default=None)
        if measured is not None:
            found[f"times {group}"] = {"measured": measured, "target": target, "is_met": measured >= target}
    return found


def rate_table(
    summary: Summary, measure: str, *, unit: str, cell: tuple[str, Callable[[Mapping[str, Any]], str]], digits: int = 1
) -> str:
    """The summary for people.

    Args:
        summary: of ``rates``.
        measure: the key of the speed.
        unit: the heading of its column.
        cell: a further column: its heading, and what it says of a contestant.
        digits: of the speed.
    """
    heading, words = cell
    rows = [
        [
            label,
            f"{one[measure]['median']:,.{digits}f}",
            f"{one[measure]['low']:,.{digits}f} to {one[measure]['high']:,.{digits}f}",
            str(one["rounds"]),
            words(one),
            f"{one['peak_memory_bytes'] / 2**30:.1f} GiB",
            f"{one['ours_is_times_as_fast']:.2f}" if one["ours_is_times_as_fast"] else "",
        ]
        for label, one in summary.items()
    ]
    return markdown_table(["contestant", unit, "range", "rounds", heading, "memory", "samovar is times as fast"], rows)


def report(
    name: str,
    question: str,
    *,
    job: Mapping[str, Any],
    hidden: Collection[str],
    summary: Summary,
    found: Mapping[str, Mapping[str, Any]],
    outcomes: Outcomes,
    shown: str,
    folder: Path,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write a contest's result, and print the table, the verdicts and where the file is.

    Args:
        name: of the benchmark.
        question: that it answers.
        job: of all contestants.
        hidden: keys of it that mean nothing elsewhere: paths.
        summary: of ``rates``.
        found: the verdicts.
        outcomes: of every round.
        shown: the table.
        folder: of the result.
        more: what else the result says of the contest.
    """
    settings = {key: value for key, value in job.items() if key not in hidden}
    body = {"settings": settings, **(more or {}), "verdicts": found, "summary": summary, "rounds": outcomes}
    path = write_result(name, question, body, folder=folder)
    print(shown)
    print(told(found))
    say(f"written to {path}")


def told(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The verdicts, a line each."""
    return "\n".join(
        f"{what}: {one['measured']:.2f} (target {one['target']:g}{'' if one['is_met'] else ', NOT met'})"
        for what, one in found.items()
    )

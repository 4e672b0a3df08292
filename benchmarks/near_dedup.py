"""How many documents a second does near-deduplication take on one core, against datatrove's?

    python -m benchmarks.near_dedup --datatrove-python DIR/bin/python

Real texts with planted near-copies, from one file of JSON Lines to another, with the same parameters: runs of five
words, 14 bands of 8 hashes of 64 bits. datatrove runs with its own English tokenizer, and with words cut at blanks,
which is the fastest it can be. Seconds are of processor time, all of one process; those on the wall are in the result.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.contest import Contestant, Spread, play, say
from benchmarks.documents import DATA, Counts, write_documents
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result

QUESTION = "Documents a second of near-deduplication on one core, from file to file"
OURS = "samovar"
_MB = 1_000_000


def contestants(documents: Path, folder: Path, options: argparse.Namespace) -> list[Contestant]:
    """Ours, and datatrove with two tokenizers where its Python was named."""
    found = [Contestant(OURS, "samovar_near_dedup", _job(documents, folder / OURS))]
    if options.datatrove_python is None:
        say("datatrove is left out: name the Python of an environment that has it with --datatrove-python")
        return found
    for label, is_blank in (("datatrove, words at blanks", True), ("datatrove, its tokenizer", False)):
        job = {**_job(documents, folder / label.replace(", ", "-")), "is_blank_tokenizer": is_blank}
        found.append(Contestant(label, "datatrove_near_dedup", job, python=str(options.datatrove_python)))
    return found


def _job(documents: Path, folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True)
    return {"documents": str(documents), "folder": str(folder)}


def quality(kept: Path, documents: Path) -> dict[str, int]:
    """How many planted copies were found, and how many documents went that have no planted copy."""
    all_ids, kept_ids = _ids(documents), _ids(kept)
    planted = {name for name in all_ids if name.endswith(":copy")}
    involved = planted | {name.removesuffix(":copy") for name in planted}
    found = sum(not {name, name.removesuffix(":copy")} <= kept_ids for name in planted)
    return {"planted_found": found, "others_dropped": len(all_ids - kept_ids - involved), "kept": len(kept_ids)}


def _ids(path: Path) -> set[str]:
    with path.open(encoding="utf-8") as file:
        return {json.loads(line)["id"] for line in file}


def summarize(outcomes: Mapping[str, Sequence[Mapping[str, Any]]], counts: Counts) -> dict[str, Any]:
    """Documents and megabytes a second of each contestant, with the range over the rounds, and its peak memory."""
    summary: dict[str, Any] = {}
    for label, rounds in outcomes.items():
        speed = Spread.of([one["documents_per_second"] for one in rounds])
        summary[label] = {
            "documents_per_second": {name: round(value, 1) for name, value in speed._asdict().items()},
            "megabytes_per_second": round(speed.median * counts.bytes / counts.documents / _MB, 2),
            "wall_seconds": round(Spread.of([one["seconds"] for one in rounds]).median, 2),
            "peak_memory_mb": round(max(one["peak_memory_bytes"] for one in rounds) / _MB),
            **rounds[-1]["quality"],
        }
    for one in summary.values():
        ours = summary[OURS]["documents_per_second"]["median"]
        one["samovar_times_faster"] = round(ours / one["documents_per_second"]["median"], 2)
    return summary


def table(summary: Mapping[str, Mapping[str, Any]], counts: Counts) -> str:
    """The summary for people."""
    rows = [
        [
            label,
            f"{one['documents_per_second']['median']:,.0f} ({one['documents_per_second']['low']:,.0f} to "
            f"{one['documents_per_second']['high']:,.0f})",
            f"{one['megabytes_per_second']:.1f}",
            f"{one['samovar_times_faster']:.1f}",
            f"{one['planted_found']:,} of {counts.planted:,}",
            f"{one['others_dropped']:,}",
            f"{one['peak_memory_mb']:,}",
        ]
        for label, one in summary.items()
    ]
    head = ["", "documents/s (range)", "MB/s", "Samovar faster", "planted found", "others dropped", "peak MB"]
    return markdown_table(head, rows)


def main() -> None:
    """Play the rounds, write the result, print the table."""
    options = _options()
    with TemporaryDirectory() as name:
        folder = Path(name)
        documents = folder / "input" / "documents.jsonl"
        documents.parent.mkdir()
        counts = write_documents(documents, data=options.data, max_bytes=options.megabytes * _MB)
        say(f"{counts.documents:,} documents, {counts.bytes / _MB:.1f} MB, {counts.planted:,} planted copies")
        outcomes = _play(contestants(documents, folder, options), documents, counts, options.rounds)
    summary = summarize(outcomes, counts)
    body = {"settings": {"megabytes": options.megabytes, **counts._asdict()}, "summary": summary, "rounds": outcomes}
    path = write_result("near_dedup", QUESTION, body, folder=options.out)
    print(table(summary, counts))
    say(f"written to {path}")


def _play(
    players: Sequence[Contestant], documents: Path, counts: Counts, rounds: int
) -> dict[str, list[dict[str, Any]]]:
    """Round by round, with what each kept looked at before the next round writes over it."""
    outcomes: dict[str, list[dict[str, Any]]] = {one.label: [] for one in players}
    for number in range(rounds):
        fresh = [_in_folder(one, f"round-{number}") for one in players]
        for label, (outcome,) in play(fresh, rounds=1, threads=1, measure="seconds").items():
            outcome["documents_per_second"] = counts.documents / outcome["processor_seconds"]
            outcome["quality"] = quality(Path(outcome.pop("kept")), documents)
            outcomes[label].append(outcome)
    return outcomes


def _in_folder(player: Contestant, name: str) -> Contestant:
    folder = Path(player.job["folder"]) / name
    folder.mkdir()
    return player._replace(job={**player.job, "folder": str(folder)})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datatrove-python", type=Path, help="Python of an environment with datatrove[processing]")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the texts")
    parser.add_argument("--megabytes", type=int, default=100, help="of text to read")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)

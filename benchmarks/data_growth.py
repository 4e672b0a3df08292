"""How do time and memory of the whole data stage grow, from ten megabytes to a gigabyte?

    python -m benchmarks.data_growth --megabytes 10 30 100 300 1000

The texts are made by putting sentences of real ones together anew, so that there can be as many as wanted and none is a
copy of another, but for the near-copies that are planted: one document in twenty. Each size runs in processes of its
own; memory is that of all of them together. The exponent is the slope of log time over log size by least squares: 1 is
linear. Seconds of the processors are fitted, too: other load on the machine does not touch them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import shutil
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.contest import Contestant, play, say
from benchmarks.documents import DATA, by_turns
from benchmarks.faults.damage import near_copy
from benchmarks.faults.texts import is_russian
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.core.errors import MissingError

QUESTION = "Seconds and peak memory of the whole data stage, from 10 MB to 1 GB of text"
STEPS: list[dict[str, Any]] = [
    {"step": "repair"},
    {"step": "normalise"},
    {"step": "language", "keep": ["en", "ru"], "min_score": 0.5},
    {"step": "repetition"},
    {"step": "gopher_quality"},
    {"step": "exact_dedup"},
    {"step": "near_dedup"},
    {"step": "redact"},
]
"""What runs: all that a recipe for a company's folder would have, but for what compares with earlier corpora."""
_MB = 1_000_000
_FILE_BYTES = 2_000_000
_POOL_CHARACTERS = 20_000_000
_DOCUMENT_SENTENCES = (12, 60)
_PARAGRAPH_SENTENCES = 4
_NEAR_COPIES = 0.05
_SENTENCE = re.compile(r"(?<=[.!?…])[\"»”]?\s+")
_TIMEOUT_S = 4 * 3600.0


class Pools(NamedTuple):
    """Sentences by language."""

    russian: list[str]
    english: list[str]


def sentence_pools(data: Path) -> Pools:
    """Different sentences of the real texts, of at least five words.

    Raises:
        MissingError: ``data`` has no texts.
    """
    pools: dict[bool, dict[str, None]] = {True: {}, False: {}}
    size = 0
    for _, text in by_turns(data):
        pool = pools[is_russian(text)]
        for sentence in _SENTENCE.split(text):
            line = " ".join(sentence.split())
            if 4 < len(line.split()) < 80 and line not in pool:
                pool[line] = None
                size += len(line)
        if size >= _POOL_CHARACTERS:
            break
    if not all(pools.values()):
        raise MissingError(f"no Russian and English texts in {data}", hint="name a folder with --data or SAMOVAR_DATA")
    return Pools(list(pools[True]), list(pools[False]))


def documents(pools: Pools, seed: int = 0) -> Iterator[str]:
    """Documents without end, the same ones whenever they are made: a shorter corpus is the beginning of a longer."""
    draw = random.Random(seed)
    while True:
        pool = pools.russian if draw.random() < 0.5 else pools.english
        sentences = draw.choices(pool, k=draw.randint(*_DOCUMENT_SENTENCES))
        paragraphs = [
            " ".join(sentences[at : at + _PARAGRAPH_SENTENCES]) for at in range(0, len(sentences), _PARAGRAPH_SENTENCES)
        ]
        text = "\n\n".join(paragraphs)
        yield text
        if draw.random() < _NEAR_COPIES:
            yield near_copy(text, draw.choice((0.8, 0.9, 0.95)), draw).text


def write_corpus(folder: Path, pools: Pools, size_bytes: int) -> int:
    """Files of JSON Lines of two megabytes of text with ``size_bytes`` in all; gives the number of documents."""
    folder.mkdir(parents=True)
    stream = documents(pools)
    num_documents = written = number = 0
    while written < size_bytes:
        held = 0
        with (folder / f"part-{number:05}.jsonl").open("w", encoding="utf-8") as file:
            while held < _FILE_BYTES and written + held < size_bytes:
                text = next(stream)
                file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
                held += len(text.encode("utf-8", "surrogatepass"))
                num_documents += 1
        written += held
        number += 1
    return num_documents


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of log value over log size, by least squares."""
    points = [(math.log(size), math.log(value)) for size, value in zip(sizes, values, strict=True)]
    mean_x, mean_y = (sum(axis) / len(points) for axis in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def fits(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The exponents over all sizes, and between neighbours."""
    sizes = [row["megabytes"] for row in rows]
    found: dict[str, Any] = {}
    for name in ("seconds", "processor_seconds", "peak_memory_mb"):
        values = [row[name] for row in rows]
        found[name] = {
            "exponent": round(exponent(sizes, values), 3) if len(rows) > 1 else None,
            "between_neighbours": [
                round(math.log(after / before) / math.log(more / less), 3)
                for (less, more), (before, after) in zip(pairwise(sizes), pairwise(values), strict=True)
            ],
        }
    return found


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows for people."""
    cells = [
        [
            f"{row['megabytes']:,}",
            f"{row['documents']:,}",
            f"{row['kept']:,}",
            f"{row['seconds']:,.1f}",
            f"{row['processor_seconds']:,.1f}",
            f"{row['megabytes'] / row['seconds']:.2f}",
            f"{row['peak_memory_mb']:,}",
            f"{row['scratch_mb']:,}",
        ]
        for row in rows
    ]
    head = ["MB", "documents", "kept", "seconds", "processor seconds", "MB/s", "peak MB, all processes", "disk MB"]
    return markdown_table(head, cells)


def main() -> None:
    """Run all sizes, smallest first; write the result after each, print the table."""
    options = _options()
    pools = sentence_pools(options.data)
    say(f"{len(pools.russian):,} Russian and {len(pools.english):,} English sentences")
    rows: list[dict[str, Any]] = []
    path = options.out
    for megabytes in sorted(options.megabytes):
        with TemporaryDirectory(dir=options.scratch) as name:
            rows.append(_run(megabytes, pools, Path(name), options.workers))
        settings = {"workers": options.workers, "steps": STEPS, "cores": len(os.sched_getaffinity(0))}
        body = {"settings": settings, "rows": rows, "growth": fits(rows)}
        path = write_result("data_growth", QUESTION, body, folder=options.out)
    print(table(rows))
    if len(rows) > 1:
        growth = fits(rows)
        print(
            f"\nTime grows with size to the power of {growth['seconds']['exponent']}, processor time "
            f"{growth['processor_seconds']['exponent']}, memory {growth['peak_memory_mb']['exponent']}."
        )
    say(f"written to {path}")


def _run(megabytes: int, pools: Pools, folder: Path, workers: int) -> dict[str, Any]:
    num_documents = write_corpus(folder / "input", pools, megabytes * _MB)
    write_corpus(folder / "warm-up", pools, 100_000)
    work = folder / "work"
    work.mkdir()
    job = {
        "documents": str(folder / "input"),
        "warm_up": str(folder / "warm-up"),
        "folder": str(work),
        "steps": STEPS,
        "workers": workers,
    }
    player = Contestant(f"{megabytes:,} MB", "samovar_pipeline", job, timeout_s=_TIMEOUT_S)
    (outcome,) = play([player], rounds=1, threads=1, measure="seconds")[player.label]
    shutil.rmtree(folder / "input")
    return {
        "megabytes": megabytes,
        "documents": num_documents,
        "kept": outcome["num_kept"],
        "seconds": round(outcome["seconds"], 2),
        "processor_seconds": round(outcome["processor_seconds"], 2),
        "peak_memory_mb": round(outcome["tree_memory_bytes"] / _MB),
        "most_processes": outcome["most_processes"],
        "scratch_mb": round(outcome["peak_disk_bytes"] / _MB),
        "load_average_1min": round(os.getloadavg()[0], 2),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[10, 30, 100, 300, 1000], help="sizes of text")
    parser.add_argument("--workers", type=int, default=2, help="processes that read and clean")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the real texts")
    parser.add_argument("--scratch", type=Path, help="folder for what is written meanwhile; by default the system's")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)

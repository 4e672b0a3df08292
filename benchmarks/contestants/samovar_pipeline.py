"""Samovar's data stage, from a folder of JSON Lines to a corpus with its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.contestants.memory import MemoryWatch
from benchmarks.contestants.timing import Clock
from samovar.data.corpus import build_corpus, read_corpus
from samovar.data.settings import DataSettings


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Build the corpus; what compiles or is loaded from disk has been there once before the clock runs."""
    _build(Path(job["warm_up"]), Path(job["folder"]) / "warm", job)
    out = Path(job["folder"]) / "corpus"
    with MemoryWatch(out) as memory:
        clock = Clock()
        metrics = _build(Path(job["documents"]), out, job)
        spent = clock.read()
    kept = Path(job["folder"]) / "kept.jsonl"
    num_kept = 0
    with kept.open("w", encoding="utf-8") as file:
        for split in ("train", "validation"):
            for document in read_corpus(out, split) if list(out.glob(f"{split}-*.parquet")) else ():
                num_kept += 1
                if job.get("writes_kept"):
                    file.write(json.dumps({"text": document.text}, ensure_ascii=False) + "\n")
    return {
        **spent,
        "tree_memory_bytes": memory.peak_bytes,
        "peak_disk_bytes": memory.peak_disk_bytes,
        "most_processes": memory.most_processes,
        "memory_covers_children": memory.covers_children,
        "num_kept": num_kept,
        "kept": [str(kept)],
        "metrics": {name: value for name, value in metrics.items() if isinstance(value, (int, float, str))},
    }


def _build(documents: Path, out: Path, job: dict[str, Any]) -> dict[str, Any]:
    settings = DataSettings.model_validate(
        {"sources": [{"path": str(documents)}], "steps": job["steps"], "workers": job["workers"]}
    )
    return build_corpus(settings, root=documents.parent, out=out, progress_quiet=True)

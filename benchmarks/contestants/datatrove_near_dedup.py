"""datatrove's four stages of MinHash deduplication, one after another in one process, from JSON Lines to JSON Lines."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter

from benchmarks.contestants.timing import Clock


class _BlankTokenizer:
    """Words cut at blanks: the least work that a tokenizer can do."""

    def word_tokenize(self, text: str) -> list[str]:
        return text.split()


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Deduplicate the documents; its tokenizer is loaded before the clock runs."""
    folder = Path(job["folder"])
    config = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
    source = Path(job["documents"])
    signatures, buckets, remove = (str(folder / name) for name in ("signatures", "buckets", "remove"))
    signature = MinhashDedupSignature(signatures, config=config)
    if job["is_blank_tokenizer"]:
        signature.word_tokenizer = _BlankTokenizer()
    signature.word_tokenizer.word_tokenize("some words")
    reader = JsonlReader(str(source.parent), glob_pattern=source.name)
    writer = JsonlWriter(str(folder), output_filename="kept-${rank}.jsonl", compression=None)
    stages = [
        ("signatures", [reader, signature], 1),
        ("buckets", [MinhashDedupBuckets(signatures, buckets, config=config)], config.num_buckets),
        ("clusters", [MinhashDedupCluster(buckets, remove, config=config)], 1),
        ("filter", [reader, MinhashDedupFilter(remove), writer], 1),
    ]
    clock = Clock()
    stage_seconds = {}
    for name, pipeline, tasks in stages:
        stage = Clock()
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=str(folder / "logs" / name)).run()
        stage_seconds[name] = stage.read()["seconds"]
    (kept,) = folder.glob("kept-*.jsonl")
    return {
        **clock.read(),
        "seconds_by_stage": stage_seconds,
        "kept": str(kept),
        "version": importlib.metadata.version("datatrove"),
    }

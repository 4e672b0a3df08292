"""datatrove's language filter, Gopher's rules, exact and MinHash deduplication, from JSON Lines to JSON Lines."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path
from typing import Any

from benchmarks.contestants.memory import MemoryWatch
from benchmarks.contestants.timing import Clock


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the stages one after another; a small run before the clock loads tokenizer and model."""
    os.environ["HF_ASSETS_CACHE"] = str(Path(job["folder"]) / "assets")
    if job["is_blank_tokenizer"]:
        _cut_words_at_blanks()
    _Run(Path(job["warm_up"]), Path(job["folder"]) / "warm", job).everything()
    with MemoryWatch() as memory:
        clock = Clock()
        run = _Run(Path(job["documents"]), Path(job["folder"]) / "run", job)
        kept = run.everything()
        spent = clock.read()
    return {
        **spent,
        "seconds_by_stage": run.seconds,
        "tree_memory_bytes": memory.peak_bytes,
        "most_processes": memory.most_processes,
        "memory_covers_children": memory.covers_children,
        "num_kept": sum(1 for path in kept for _ in path.open("rb")),
        "kept": [str(path) for path in kept],
        "version": importlib.metadata.version("datatrove"),
    }


class _BlankTokenizer:
    """Words cut at blanks: the least work that a tokenizer can do."""

    def word_tokenize(self, text: str) -> list[str]:
        return text.split()


def _cut_words_at_blanks() -> None:
    """In all steps; the processes are forked, and so have it, too."""
    from datatrove.pipeline.filters import gopher_quality_filter, gopher_repetition_filter

    def split(text: str, language: str = "") -> list[str]:
        return text.split()

    gopher_quality_filter.split_into_words = split
    gopher_repetition_filter.split_into_words = split


class _Run:
    """One run over a folder, with as many tasks as it has files."""

    def __init__(self, documents: Path, folder: Path, job: dict[str, Any]) -> None:
        from datatrove.pipeline.dedup.exact_dedup import ExactDedupConfig
        from datatrove.pipeline.dedup.minhash import MinhashConfig

        self.documents, self.folder, self.job = documents, folder, job
        self.num_files = len(list(documents.glob("*.jsonl")))
        self.minhash = MinhashConfig(n_grams=5, num_buckets=14, hashes_per_bucket=8)
        self.exact = ExactDedupConfig(content_getter=lambda document: document.text)
        self.seconds: dict[str, float] = {}

    def everything(self) -> list[Path]:
        """The files of what was kept."""
        if self.job["task"] == "near":
            self._near(self.documents, [])
        else:
            self._filter()
            self._exact()
            from datatrove.pipeline.dedup.exact_dedup import ExactDedupFilter

            self._near(self.folder / "filtered", [ExactDedupFilter(str(self.folder / "exact-dups"), config=self.exact)])
        return sorted((self.folder / "kept").glob("*.jsonl"))

    def _filter(self) -> None:
        from datatrove.pipeline.filters import GopherQualityFilter, GopherRepetitionFilter, LanguageFilter
        from datatrove.utils.typeshelper import Languages

        job = self.job
        language = LanguageFilter(job["languages"], language_threshold=job["min_score"])
        language.model.MODEL_URL = f"file://{job['language_model']}"
        self._stage(
            "filters",
            [
                self._reader(self.documents),
                language,
                GopherRepetitionFilter(language=Languages.english),
                GopherQualityFilter(
                    max_avg_word_length=job["max_word_characters"],
                    max_non_alpha_words_ratio=job["min_words_with_letters"],
                    stop_words=job["stop_words"],
                ),
                self._writer("filtered"),
            ],
            self.num_files,
        )

    def _exact(self) -> None:
        from datatrove.pipeline.dedup.exact_dedup import ExactDedupSignature, ExactFindDedups

        signatures, dups = str(self.folder / "exact-signatures"), str(self.folder / "exact-dups")
        signature = ExactDedupSignature(signatures, config=self.exact)
        self._stage("exact signatures", [self._reader(self.folder / "filtered"), signature], self.num_files)
        self._stage("exact duplicates", [ExactFindDedups(signatures, dups, config=self.exact)], 1)

    def _near(self, documents: Path, before: list[Any]) -> None:
        from datatrove.pipeline.dedup.minhash import (
            MinhashDedupBuckets,
            MinhashDedupCluster,
            MinhashDedupFilter,
            MinhashDedupSignature,
        )

        signatures, buckets, remove = (str(self.folder / name) for name in ("signatures", "buckets", "remove"))
        signature = MinhashDedupSignature(signatures, config=self.minhash)
        if self.job["is_blank_tokenizer"]:
            signature.word_tokenizer = _BlankTokenizer()
        reader = self._reader(documents)
        self._stage("signatures", [reader, *before, signature], self.num_files)
        self._stage(
            "buckets", [MinhashDedupBuckets(signatures, buckets, config=self.minhash)], self.minhash.num_buckets
        )
        self._stage("clusters", [MinhashDedupCluster(buckets, remove, config=self.minhash)], 1)
        self._stage("filter", [reader, *before, MinhashDedupFilter(remove), self._writer("kept")], self.num_files)

    def _reader(self, folder: Path) -> Any:
        from datatrove.pipeline.readers import JsonlReader

        return JsonlReader(str(folder), glob_pattern="*.jsonl", compression=None)

    def _writer(self, name: str) -> Any:
        from datatrove.pipeline.writers.jsonl import JsonlWriter

        return JsonlWriter(str(self.folder / name), output_filename="${rank}.jsonl", compression=None)

    def _stage(self, name: str, pipeline: list[Any], tasks: int) -> None:
        from datatrove.executor.local import LocalPipelineExecutor

        clock = Clock()
        LocalPipelineExecutor(
            pipeline,
            tasks=tasks,
            workers=self.job["workers"],
            start_method="fork",
            logging_dir=str(self.folder / "logs" / name.replace(" ", "-")),
        ).run()
        self.seconds[name] = clock.read()["seconds"]

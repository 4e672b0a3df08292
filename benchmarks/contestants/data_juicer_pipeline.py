"""Data-Juicer's operators nearest to the same steps, from JSON Lines to JSON Lines."""

from __future__ import annotations

import importlib.metadata
import json
import os
from pathlib import Path
from typing import Any

from benchmarks.contestants.memory import MemoryWatch
from benchmarks.contestants.timing import Clock


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run the operators; a small run before the clock loads what is loaded once."""
    folder = Path(job["folder"])
    assets = folder / "assets"
    assets.mkdir()
    (assets / "lid.176.bin").symlink_to(job["language_model"])
    (assets / "stopwords.json").write_text(json.dumps({"all": job["stop_words"]}), encoding="utf-8")
    os.environ["DATA_JUICER_EXTERNAL_MODELS_HOME"] = str(assets)
    os.environ["DATA_JUICER_CACHE_HOME"] = str(folder / "cache")
    os.environ["HF_DATASETS_CACHE"] = str(folder / "datasets")
    _process(Path(job["warm_up"]), folder / "warm", job, assets)
    with MemoryWatch() as memory:
        clock = Clock()
        kept = _process(Path(job["documents"]), folder / "run", job, assets)
        spent = clock.read()
    return {
        **spent,
        "tree_memory_bytes": memory.peak_bytes,
        "most_processes": memory.most_processes,
        "memory_covers_children": memory.covers_children,
        "num_kept": sum(1 for _ in kept.open("rb")),
        "kept": [str(kept)],
        "version": importlib.metadata.version("py-data-juicer"),
    }


def _operators(job: dict[str, Any], assets: Path) -> list[dict[str, Any]]:
    """The operators. There is none for the lengths of words, bullets and ellipses, nor for repeated lines."""
    near = {
        "document_minhash_deduplicator": {
            "tokenization": "space",
            "window_size": 5,
            "num_permutations": 112,
            "num_bands": 14,
            "num_rows_per_band": 8,
            "jaccard_threshold": 0.7,
        }
    }
    if job["task"] == "near":
        return [near]
    return [
        {"language_id_score_filter": {"lang": job["languages"], "min_score": job["min_score"]}},
        {"words_num_filter": {"min_num": 50, "max_num": 100_000}},
        {"alphanumeric_filter": {"tokenization": False, "min_ratio": 0.6}},
        {"special_characters_filter": {"max_ratio": 0.4}},
        {"stopwords_filter": {"lang": "all", "min_ratio": 0.01, "stopwords_dir": str(assets)}},
        {"word_repetition_filter": {"rep_len": 5, "max_ratio": 0.15}},
        {"word_repetition_filter": {"rep_len": 10, "max_ratio": 0.1}},
        {"document_deduplicator": {"lowercase": False, "ignore_non_character": False}},
        near,
    ]


def _process(documents: Path, folder: Path, job: dict[str, Any], assets: Path) -> Path:
    from data_juicer.config import init_configs
    from data_juicer.core.executor import DefaultExecutor

    folder.mkdir()
    kept = folder / "kept.jsonl"
    recipe = folder / "recipe.yaml"
    # JSON is YAML, too.
    recipe.write_text(
        json.dumps(
            {
                "project_name": "benchmark",
                "dataset_path": str(documents),
                "export_path": str(kept),
                "np": job["workers"],
                "use_cache": False,
                "open_tracer": False,
                "open_monitor": False,
                "process": _operators(job, assets),
            }
        ),
        encoding="utf-8",
    )
    DefaultExecutor(init_configs(["--config", str(recipe)])).run()
    return kept

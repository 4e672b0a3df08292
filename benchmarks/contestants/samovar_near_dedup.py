"""Samovar's step near_dedup, from a file of JSON Lines to another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.contestants.timing import Clock
from samovar.data.document import Document
from samovar.data.steps.near_dedup import NearDedup, NearDedupSettings


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Deduplicate the documents; what compiles does so before the clock runs."""
    NearDedup(NearDedupSettings()).prepare(Document("", "some words to compile the inner loops with", ""))
    list(NearDedup(NearDedupSettings())(iter([Document("1", "the same", ""), Document("2", "the same", "")])))
    folder = Path(job["folder"])
    step = NearDedup(NearDedupSettings(keep="first"))
    step.scratch = folder / "scratch"
    clock = Clock()
    with (folder / "kept.jsonl").open("w", encoding="utf-8") as out:
        for document in step(_documents(job["documents"])):
            out.write(json.dumps({"id": document.id, "text": document.text}, ensure_ascii=False) + "\n")
    return {**clock.read(), "kept": str(folder / "kept.jsonl")}


def _documents(path: str) -> Iterator[Document]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield Document(row["id"], row["text"], path)

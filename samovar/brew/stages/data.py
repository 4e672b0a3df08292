"""Read and clean the documents into a corpus."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext

if TYPE_CHECKING:
    from samovar.data.settings import DataSettings

PROBE_SECONDS = 1.0
PYTHON_DOCS_CHARACTERS = 3_000_000
PARQUET_SHARE = 0.5
"""Bytes of compressed Parquet and reports for each character, measured."""


class DataStage(Stage):
    """The corpus: Parquet, and the report of what was dropped."""

    name = "data"

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """All of the data section."""
        return recipe.data.model_dump(mode="json")

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """Names, sizes and times of the documents; contents are not read."""
        from samovar.data.corpus import source_fingerprint

        return {"sources": source_fingerprint(recipe.data, root)}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Build the corpus."""
        from samovar.data.corpus import build_corpus

        return build_corpus(context.recipe.data, root=context.root, out=context.out, progress_quiet=context.is_quiet)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """The first second of reading and cleaning, stretched to the size of the sources."""
        shape = [recipe.data.model_dump(mode="json"), self.files(outlook.root, recipe)]
        probe = outlook.machine.measured("data", shape, lambda: _probe(recipe.data, outlook.root))
        characters = probe["characters"]
        return Forecast(
            0.5 + characters / probe["characters_per_second"],
            PROCESS_BYTES + 200 * MIB,
            characters * PARQUET_SHARE + MIB,
            {"characters": characters},
        )


def _probe(settings: DataSettings, root: Path) -> dict[str, float]:
    """Characters that come out of reading in all, and a second; read for one second a source at most."""
    from samovar.data.account import ReadingAccount
    from samovar.data.sources import make_sources
    from samovar.data.steps import make_step

    total = read = 0.0
    started = time.monotonic()
    for source, named in zip(make_sources(settings, root), settings.sources, strict=True):
        account, characters, is_whole = ReadingAccount(), 0, True
        documents = source.documents(account)
        for step in settings.steps:
            documents = make_step(step, seed=settings.seed)(documents)
        begun = time.monotonic()
        for document in documents:
            characters += len(document.text)
            if time.monotonic() - begun > PROBE_SECONDS:
                is_whole = False
                break
        read += characters
        total += characters if is_whole else max(characters, _expected(named.path, root, account, characters))
    seconds = max(1e-3, time.monotonic() - started)
    return {"characters": total, "characters_per_second": max(1.0, read / seconds)}


def _expected(path: str | None, root: Path, account: Any, characters: float) -> float:
    """Characters of a source of which a part was read."""
    if path is None:
        return PYTHON_DOCS_CHARACTERS
    top = root / path
    files = [top] if top.is_file() else [file for file in top.rglob("*") if file.is_file()]
    size_bytes = sum(file.stat().st_size for file in files)
    return size_bytes * (characters / account.num_bytes if account.num_bytes else 1.0)

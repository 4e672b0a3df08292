"""Texts that say nearly the same as another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from samovar.data.document import Document
from samovar.data.duplicates.two_pass import TwoPassDedup
from samovar.data.steps.step import StepSettings

if TYPE_CHECKING:
    from samovar.data.duplicates.embedding import Embedder


class SemanticDedupSettings(StepSettings):
    """Drops documents whose vector points nearly where that of another does, which stays."""

    step: Literal["semantic_dedup"] = "semantic_dedup"
    """Name of the step."""
    min_cosine: float = Field(0.95, gt=0, le=1)
    """Cosine of two vectors, up to 1, from which on two texts are the same. What is right depends on the model."""
    model: str | None = None
    """Folder of a sentence-transformers model (extra semantic); without one, texts are compared by shared words."""
    clusters: int | None = Field(None, ge=1, le=4096)
    """Clusters inside of which texts are compared; by default one a thousand documents, at most 4,096."""
    keep: Literal["newest", "longest", "first"] = "newest"
    """Which copy stays: the newest by its meta modified or date, else the longest, else the first."""

    def below(self, root: Path) -> Self:
        """The same with the model's path taken from ``root``."""
        return self.model_copy(update={"model": str(root / self.model)}) if self.model else self


class SemanticDedup(TwoPassDedup):
    """Puts documents into clusters by k-means on their vectors, and keeps of those near to each other the best copy.

    The idea is SemDeDup's (Abbas et al. 2023, arXiv:2303.09540) as D4 uses it (Tirumala et al. 2023,
    arXiv:2308.12284), with the newest copy kept and not the one farthest from the centre. Without a model the vectors
    are weighted counts of words: they find a text with its sentences in another order, cut or lightly rewritten, which
    ``near_dedup`` with its runs of words may miss, and no paraphrase, synonym or translation; those need ``model``.

    It sees the corpus three times, from a spool on disk; its memory is bounded as ``duplicates/semantic_index.py``
    says. Texts on two sides of a border between clusters are not compared, and sums of floats may differ in the last
    bit between processors: of two runs on different machines one may drop a document that is just at the threshold.
    """

    settings_class = SemanticDedupSettings
    reason = "same meaning"
    measure = "cosine"

    def __init__(self, settings: SemanticDedupSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._kmeans_seed = seed

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that stay, in the same order, when all have been seen."""
        from samovar.data.duplicates.semantic_index import SemanticIndex
        from samovar.data.spool import Spool

        folder = self.working_folder()
        embedder = self._embedder()
        with Spool(folder / "documents.spool") as spool:
            index = SemanticIndex(
                folder,
                spool,
                embedder,
                min_cosine=self.settings.min_cosine,
                preference=self.settings.keep,
                num_clusters=self.settings.clusters,
                seed=self._kmeans_seed,
            )
            for document in documents:
                index.add(document)
            copies = index.find(self.count_group)
            yield from self._second_pass(spool, copies, index.positions)

    def _embedder(self) -> Embedder:
        from samovar.data.duplicates.embedding import SentenceEmbedder, WordEmbedder

        return SentenceEmbedder(Path(self.settings.model)) if self.settings.model else WordEmbedder()

"""A small corpus has something to validate with, and keeps its text to train on."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from samovar.data.corpus_writer import CorpusWriter
from samovar.data.document import Document


@pytest.mark.parametrize("seed", range(4))
def test_the_one_long_document_is_not_taken_for_validation(tmp_path: Path, seed: int) -> None:
    documents = [Document(f"d{size}", "t" * size, f"d{size}", {}) for size in (800, 1_000, 100_000)]
    for order in permutations(documents):
        with CorpusWriter(tmp_path, validation_share=1e-6, seed=seed) as writer:
            for document in order:
                writer.add(document)
            writer.finish()
        assert writer.counts.documents_by_split == {"train": 2, "validation": 1}
        assert writer.counts.characters_by_split["train"] > 100_000

"""The second and every later copy of a text."""

from __future__ import annotations

from typing import Literal

import xxhash

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Step, StepSettings, Verdict


class ExactDedupSettings(StepSettings):
    """Drops documents whose text was seen before, white space aside."""

    step: Literal["exact_dedup"] = "exact_dedup"
    """Name of the step."""


class ExactDedup(Step):
    """Keeps the first of equal texts.

    It remembers a 128-bit hash a kept document: about 110 bytes each with Python's set around it, 1.1 GB for ten
    million documents. Two different texts share a hash with probability below 1e-24 at that number.
    """

    settings_class = ExactDedupSettings
    is_local = False

    def __init__(self, settings: ExactDedupSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._seen: set[bytes] = set()

    def judge(self, document: Document) -> Verdict:
        """Drop it when its text was seen before."""
        words = " ".join(document.text.split())
        digest = xxhash.xxh3_128_digest(words.encode("utf-8", "surrogatepass"))
        if digest in self._seen:
            return Dropped("same text as an earlier document")
        self._seen.add(digest)
        return None

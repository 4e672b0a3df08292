"""The second and every later copy of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import xxhash

from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Step, StepSettings, Verdict

if TYPE_CHECKING:
    from samovar.data.duplicates.seen import SeenHashes


class ExactDedupSettings(StepSettings):
    """Drops documents whose text was seen before, white space aside."""

    step: Literal["exact_dedup"] = "exact_dedup"
    """Name of the step."""


class ExactDedup(Step):
    """Keeps the first of equal texts.

    It remembers a 64-bit hash a kept document (``duplicates/seen.py``): 26 MB in memory at most, the others on disk,
    8 bytes each.
    """

    settings_class = ExactDedupSettings
    is_local = False

    def __init__(self, settings: ExactDedupSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._seen: SeenHashes | None = None

    def judge(self, document: Document) -> Verdict:
        """Drop it when its text was seen before."""
        if self._seen is None:
            self._seen = self._new_memory()
        words = " ".join(document.text.split())
        (is_new,) = self._seen.add([xxhash.xxh3_64_intdigest(words.encode("utf-8", "surrogatepass"))])
        return None if is_new else Dropped("same text as an earlier document")

    def _new_memory(self) -> SeenHashes:
        from samovar.data.duplicates.seen import SeenHashes

        return SeenHashes(self.working_folder())

"""The base of every step: it sees documents one by one, and counts and samples what it keeps, edits and drops."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple

from samovar.core.settings import Settings
from samovar.data.document import Document
from samovar.data.samples import Reservoir, first_change, shown

DROPPED_SAMPLES = 20
EDITED_SAMPLES = 5


class StepSettings(Settings):
    """What every step's settings begin with: the name of the step."""

    step: str
    """Name of the step."""


class Dropped(NamedTuple):
    """The verdict that a document leaves the corpus: ``reason`` is counted, ``detail`` is shown with the sample."""

    reason: str
    detail: str = ""


class Edited(NamedTuple):
    """The verdict that a document stays with another text; ``counts`` says what was edited how often."""

    text: str
    counts: Mapping[str, int] = {}


class DroppedSample(NamedTuple):
    """A dropped document as the report shows it; personal data are masked."""

    id: str
    source: str
    detail: str
    text: str


class EditedSample(NamedTuple):
    """An edited place before and after. ``before`` is empty where it may not be shown."""

    id: str
    before: str
    after: str


class Step(ABC):
    """One rule of cleaning.

    A step judges a document alone (``judge``), or, where it must see many, overrides ``__call__`` and passes every
    document through ``settle``. It holds no documents: what it remembers of them is bounded and said in its docstring.
    """

    settings_class: ClassVar[type[StepSettings]]
    may_show_before: ClassVar[bool] = True

    def __init__(self, settings: Any, *, seed: int = 0) -> None:
        self.settings = settings
        self.name: str = settings.step
        self.documents_in = self.documents_out = self.num_edited = 0
        self.characters_in = self.characters_out = 0
        self.dropped: Counter[str] = Counter()
        self.edits: Counter[str] = Counter()
        self.dropped_samples: dict[str, Reservoir[DroppedSample]] = {}
        self.edited_samples: Reservoir[EditedSample] = Reservoir(EDITED_SAMPLES, f"{seed}:{self.name}:edited")
        self._seed = seed

    @abstractmethod
    def judge(self, document: Document) -> Dropped | Edited | None:
        """What becomes of ``document``; None keeps it as it is."""

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that stay, in the same order."""
        for document in documents:
            settled = self.settle(document, self.judge(document))
            if settled is not None:
                yield settled

    def settle(self, document: Document, verdict: Dropped | Edited | None) -> Document | None:
        """Count ``verdict`` and apply it."""
        self.documents_in += 1
        self.characters_in += len(document.text)
        if isinstance(verdict, Dropped):
            self._drop(document, verdict)
            return None
        if isinstance(verdict, Edited):
            document = self._edit(document, verdict)
        self.documents_out += 1
        self.characters_out += len(document.text)
        return document

    def _drop(self, document: Document, verdict: Dropped) -> None:
        self.dropped[verdict.reason] += 1
        samples = self.dropped_samples.get(verdict.reason)
        if samples is None:
            samples = Reservoir(DROPPED_SAMPLES, f"{self._seed}:{self.name}:{verdict.reason}")
            self.dropped_samples[verdict.reason] = samples
        samples.offer(lambda: DroppedSample(document.id, document.source, verdict.detail, shown(document.text)))

    def _edit(self, document: Document, verdict: Edited) -> Document:
        self.num_edited += 1
        self.edits.update(verdict.counts)
        self.edited_samples.offer(lambda: self._edited_sample(document, verdict.text))
        return replace(document, text=verdict.text)

    def _edited_sample(self, document: Document, after: str) -> EditedSample:
        change = first_change(document.text, after)
        before = shown(document.text, start=change) if self.may_show_before else ""
        return EditedSample(document.id, before, shown(after, start=change))

"""The base of every step: it sees documents one by one, and counts and samples what it keeps, edits and drops."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

from samovar.core.files import naming_os_errors
from samovar.core.settings import Settings
from samovar.data.document import Document
from samovar.data.quality.extremes import keep_highest
from samovar.data.samples import Reservoir, first_change, shown

DROPPED_SAMPLES = 20
EDITED_SAMPLES = 5
SHOWN_ROWS = 40
TALLIED = ("documents_in", "documents_out", "num_edited", "characters_in", "characters_out")


class StepSettings(Settings):
    """What every step's settings begin with: the name of the step."""

    step: str
    """Name of the step."""

    def below(self, root: Path) -> Self:
        """The same settings with the paths in them taken from ``root``, the project's folder."""
        return self

    def files(self) -> list[Path]:
        """The user's files that determine, beside the settings, what the step does to a document."""
        return []

    def own_files(self) -> list[Path]:
        """Files that do so as well, and that the step makes where they are absent."""
        return []


class Dropped(NamedTuple):
    """The verdict that a document leaves the corpus: ``reason`` is counted, ``detail`` is shown with the sample."""

    reason: str
    detail: str = ""


class Edited(NamedTuple):
    """The verdict that a document stays with another text; ``counts`` says what was edited how often."""

    text: str
    counts: Mapping[str, int] = {}
    meta: Mapping[str, str] = {}
    """What became known of the document, added to its meta."""


class Marked(NamedTuple):
    """The verdict that a document stays as it is, with something more known of it: ``meta`` is added to its own."""

    meta: Mapping[str, str]


Verdict = Dropped | Edited | Marked | None
"""None keeps the document as it is."""


class Table(NamedTuple):
    """Something that a step found out, as the report shows it."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""
    """A sentence that says how to read it."""


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


@dataclass
class Tally:
    """What a step counted. Tallies of parts of a corpus, merged in any order, are the tally of the whole."""

    documents_in: int = 0
    documents_out: int = 0
    num_edited: int = 0
    characters_in: int = 0
    characters_out: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """Documents by reason."""
    edits: Counter[str] = field(default_factory=Counter)
    """Edited places by kind."""
    found: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Anything else worth a table in the report: its title, then what was counted how often."""
    dropped_samples: dict[str, Reservoir[DroppedSample]] = field(default_factory=dict)
    edited_samples: Reservoir[EditedSample] = field(default_factory=lambda: Reservoir(EDITED_SAMPLES, ""))

    def merge(self, other: Tally) -> None:
        """Add what another part of the corpus gave."""
        for name in TALLIED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.dropped.update(other.dropped)
        self.edits.update(other.edits)
        for title, counts in other.found.items():
            self.found[title].update(counts)
        for reason, samples in other.dropped_samples.items():
            if reason in self.dropped_samples:
                self.dropped_samples[reason].merge(samples)
            else:
                self.dropped_samples[reason] = samples
        self.edited_samples.merge(other.edited_samples)


class Step(ABC):
    """One rule of cleaning.

    A step judges a document alone (``judge``): then it runs in any number of worker processes, and holds nothing but
    its tally. One that must see many documents sets ``is_local`` to False and overrides ``__call__``: it runs in one
    process over the whole stream, may keep documents aside in a ``Spool`` in its ``working_folder``, passes every
    document through ``settle``, and says in its docstring what it remembers and how that is bounded.
    """

    settings_class: ClassVar[type[StepSettings]]
    may_show_before: ClassVar[bool] = True
    """Whether samples of edits may show what stood there before: not where that is what must not be seen."""
    is_local: ClassVar[bool] = True

    def __init__(self, settings: Any, *, seed: int = 0) -> None:
        self.settings = settings
        self.name: str = settings.step
        self.scratch = Path()
        """A folder for this step alone, which goes when the corpus is made; set before the first document comes."""
        self.witness: Callable[[Document, Verdict], None] | None = None
        """Called with every document that is dropped, edited or marked, and the verdict, before it is applied."""
        self._seed = seed
        self.tally = self._new_tally()

    def working_folder(self) -> Path:
        """``scratch``, made; where nobody set one, as for a step used alone, a temporary folder that goes with it."""
        if self.scratch == Path():
            self.scratch = Path(tempfile.mkdtemp(prefix=f"samovar-{self.name}-"))
            weakref.finalize(self, shutil.rmtree, self.scratch, ignore_errors=True)
        with naming_os_errors(self.scratch):
            self.scratch.mkdir(parents=True, exist_ok=True)
        return self.scratch

    def _new_tally(self) -> Tally:
        return Tally(edited_samples=Reservoir(EDITED_SAMPLES, f"{self._seed}:{self.name}:edited"))

    def take_tally(self) -> Tally:
        """What was counted so far; from here on the step counts anew."""
        tally, self.tally = self.tally, self._new_tally()
        return tally

    def most_of(self, title: str) -> int | None:
        """How many of what was found under ``title`` are shown, the highest; None where all of it counts."""
        return None

    def merge(self, tally: Tally) -> None:
        """Add what another part of the corpus gave, and let go of what there is too much of then."""
        self.tally.merge(tally)
        self.trim()

    def trim(self) -> None:
        """Let go of what merging brought beyond ``most_of``: it would grow with the number of files."""
        for title, counts in self.tally.found.items():
            most = self.most_of(title)
            if most is not None:
                keep_highest(counts, most)

    @abstractmethod
    def judge(self, document: Document) -> Verdict:
        """What becomes of ``document``."""

    def tables(self) -> list[Table]:
        """What the report shows of this step beside counts and samples: by default what the tally ``found``."""
        return [
            Table(title, (title, "count"), [(name, f"{count:,}") for name, count in counts.most_common(SHOWN_ROWS)])
            for title, counts in self.tally.found.items()
        ]

    def metrics(self) -> dict[str, Any]:
        """What belongs into the manifest beside the counts, by name; nothing by default."""
        return {}

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that stay, in the same order."""
        for document in documents:
            settled = self.settle(document, self.judge(document))
            if settled is not None:
                yield settled

    def settle(self, document: Document, verdict: Verdict) -> Document | None:
        """Count ``verdict`` and apply it."""
        if self.witness is not None and verdict is not None:
            self.witness(document, verdict)
        tally = self.tally
        tally.documents_in += 1
        tally.characters_in += len(document.text)
        if isinstance(verdict, Dropped):
            self._drop(document, verdict)
            return None
        if isinstance(verdict, Edited):
            document = self._edit(document, verdict)
        elif isinstance(verdict, Marked):
            document = replace(document, meta={**document.meta, **verdict.meta})
        tally.documents_out += 1
        tally.characters_out += len(document.text)
        return document

    def _drop(self, document: Document, verdict: Dropped) -> None:
        self.tally.dropped[verdict.reason] += 1
        samples = self.tally.dropped_samples.get(verdict.reason)
        if samples is None:
            samples = Reservoir(DROPPED_SAMPLES, f"{self._seed}:{self.name}:{verdict.reason}")
            self.tally.dropped_samples[verdict.reason] = samples
        samples.offer(
            document.id, lambda: DroppedSample(document.id, document.source, verdict.detail, shown(document.text))
        )

    def _edit(self, document: Document, verdict: Edited) -> Document:
        self.tally.num_edited += 1
        self.tally.edits.update(verdict.counts)
        self.tally.edited_samples.offer(document.id, lambda: self._edited_sample(document, verdict.text))
        return replace(document, text=verdict.text, meta={**document.meta, **verdict.meta})

    def _edited_sample(self, document: Document, after: str) -> EditedSample:
        change = first_change(document.text, after)
        before = shown(document.text, start=change) if self.may_show_before else ""
        return EditedSample(document.id, before, shown(after, start=change))

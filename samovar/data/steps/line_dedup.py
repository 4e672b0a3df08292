"""Lines and paragraphs that an earlier document has: menus, footers, disclaimers, quoted mails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from samovar.data.document import Document
from samovar.data.samples import shown
from samovar.data.steps.step import SHOWN_ROWS, Dropped, Edited, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.duplicates.seen import SeenHashes
    from samovar.data.duplicates.units import Units

_BATCH_DOCUMENTS = 1024
_BATCH_CHARACTERS = 8_000_000
_COUNTED_UNITS = 4096
_SHOWN_CHARACTERS = 120


class LineDedupSettings(StepSettings):
    """Cuts out lines or paragraphs that an earlier document has."""

    step: Literal["line_dedup"] = "line_dedup"
    """Name of the step."""
    unit: Literal["line", "paragraph"] = "paragraph"
    """What is compared: lines, or paragraphs, which blank lines part."""
    min_characters: int = Field(60, ge=1)
    """Shorter lines or paragraphs stay, however often they are repeated, in characters."""
    min_kept_share: float = Field(0.5, ge=0, le=1)
    """A document that would keep less than this share of its characters is dropped, from 0 to 1."""


class LineDedup(Step):
    """Keeps the first of equal lines or paragraphs of different documents; case and white space do not count.

    Repeats within one document stay: a refrain is a refrain. What a dropped document had is not held against later
    ones, so that no text is lost to a copy that went. It remembers a 64-bit hash a line or paragraph that is long
    enough (``duplicates/seen.py``): 26 MB in memory at most, the others on disk, 8 bytes each; and it holds a batch of
    at most 1,024 documents that ends with eight million characters.
    """

    settings_class = LineDedupSettings
    is_local = False

    def __init__(self, settings: LineDedupSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._seen: SeenHashes | None = None
        self._often: Counter[str] = Counter()
        """How often the most repeated units were cut out; the least of them are forgotten now and then."""

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The documents that stay, in the same order, a batch at a time."""
        for batch in _batches(documents):
            for document, verdict in zip(batch, self._verdicts(batch), strict=True):
                settled = self.settle(document, verdict)
                if settled is not None:
                    yield settled

    def judge(self, document: Document) -> Verdict:
        """The text without what was seen before."""
        (verdict,) = self._verdicts([document])
        return verdict

    def tables(self) -> list[Table]:
        """What was cut out most often, with personal data masked."""
        rows: list[tuple[str, ...]] = [
            (shown(text, limit=_SHOWN_CHARACTERS), f"{count:,}") for text, count in self._often.most_common(SHOWN_ROWS)
        ]
        unit = self.settings.unit
        note = (
            f"In lower case and shortened; counts of rare ones may be too low: {_COUNTED_UNITS:,} are counted at once."
        )
        extra = [Table(f"Most repeated {unit}s", (unit, "cut out"), rows, note)] if rows else []
        return [*super().tables(), *extra]

    def _verdicts(self, batch: Sequence[Document]) -> list[Verdict]:
        from samovar.data.duplicates.units import normalised_unit, unit_hash, units_of

        memory = self._memory()
        cut = [units_of(document.text, self.settings.unit) for document in batch]
        normalised = [[normalised_unit(unit) for unit in units.units] for units in cut]
        least = self.settings.min_characters
        hashes = [[unit_hash(one) if len(one) >= least else None for one in units] for units in normalised]
        # One question for the whole batch: the files of the memory are walked once.
        asked = {value for one in hashes for value in one if value is not None}
        ordered = list(asked)
        old = {value for value, is_new in zip(ordered, memory.are_new(ordered), strict=True) if not is_new}
        added: set[int] = set()
        verdicts = []
        for units, texts, values in zip(cut, normalised, hashes, strict=True):
            is_removed = [value is not None and (value in old or value in added) for value in values]
            verdict = self._verdict(units, is_removed)
            verdicts.append(verdict)
            self._count(text for text, removed in zip(texts, is_removed, strict=True) if removed)
            if not isinstance(verdict, Dropped):
                added.update(value for value in values if value is not None)
        memory.add(list(added))
        return verdicts

    def _verdict(self, units: Units, is_removed: Sequence[bool]) -> Verdict:
        num_removed = sum(is_removed)
        if not num_removed:
            return None
        unit = self.settings.unit
        total = sum(len(text) for text in units.units)
        kept = sum(len(text) for text, removed in zip(units.units, is_removed, strict=True) if not removed)
        text = units.without(is_removed)
        if not text.strip() or kept < self.settings.min_kept_share * total:
            detail = f"{num_removed} of {len(is_removed)} {unit}s, {1 - kept / total:.0%} of the characters"
            return Dropped(f"mostly {unit}s of earlier documents", detail)
        return Edited(text, {f"repeated {unit}": num_removed})

    def _memory(self) -> SeenHashes:
        if self._seen is None:
            from samovar.data.duplicates.seen import SeenHashes

            self._seen = SeenHashes(self.working_folder())
        return self._seen

    def _count(self, removed: Iterator[str]) -> None:
        self._often.update(text[: 4 * _SHOWN_CHARACTERS] for text in removed)
        if len(self._often) > 2 * _COUNTED_UNITS:
            self._often = Counter(dict(self._often.most_common(_COUNTED_UNITS)))


def _batches(documents: Iterator[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    characters = 0
    for document in documents:
        batch.append(document)
        characters += len(document.text)
        if len(batch) >= _BATCH_DOCUMENTS or characters >= _BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch

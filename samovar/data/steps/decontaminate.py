"""Documents that hold questions or answers of evaluation sets."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field

from samovar.data.document import Document
from samovar.data.steps.step import SHOWN_ROWS, Dropped, Marked, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.contamination.overlap import ItemIndex

PAIRS_A_DOCUMENT = 20
_ITEMS, _DOCUMENTS, _PAIRS = "items", "documents", "pairs"
_BETWEEN = "\x1f"


class DecontaminateSettings(StepSettings):
    """Takes documents out of training that hold items of the evaluation sets named, or reports them."""

    step: Literal["decontaminate"] = "decontaminate"
    """Name of the step."""
    against: list[str] = []
    """Files or folders of evaluation sets, from the project's folder: JSON Lines, JSON, CSV, TSV, Parquet, text, also
    as .gz or .zst. The held-out questions of the project's own tasks are added to them."""
    action: Literal["drop", "report"] = "drop"
    """drop: such documents leave the corpus; report: they stay, with the items named in their meta."""
    near_share: float = Field(0.4, ge=0, le=1)
    """Least share of an item's runs of 4 words within a stretch of a document that makes them the same; 0: unused."""

    def below(self, root: Path) -> Self:
        """The same with the sets' paths taken from ``root``."""
        return self.model_copy(update={"against": [str(root / name) for name in self.against]})

    def files(self) -> list[Path]:
        """The files of the evaluation sets."""
        from samovar.data.contamination.items import evaluation_files

        return [file for name in self.against for file in evaluation_files(Path(name))]


class Decontaminate(Step):
    """Compares every document with every item (``samovar.data.contamination.overlap`` says how).

    Each process holds an index of the evaluation sets, about 60 bytes a word of theirs. The tally grows with the items
    and documents found, at most twenty pairs a document.
    """

    settings_class = DecontaminateSettings

    @cached_property
    def _index(self) -> ItemIndex:
        from samovar.data.contamination.items import read_items
        from samovar.data.contamination.overlap import ItemIndex

        items = (item for name in self.settings.against for item in read_items(Path(name)))
        return ItemIndex(items, near_share=self.settings.near_share)

    def judge(self, document: Document) -> Verdict:
        """Drop or mark it when an item stands in it."""
        if not self.settings.against:
            return None
        matches = self._index.find(document.text)
        if not matches:
            return None
        found, names = self.tally.found, self._index.items
        for match in matches:
            found[_ITEMS][_BETWEEN.join(names[match.item])] += 1
        for match in matches[:PAIRS_A_DOCUMENT]:
            found[_PAIRS][_BETWEEN.join((*names[match.item], document.id, match.how))] += 1
        sets = list(dict.fromkeys(names[match.item].set for match in matches))
        found[_DOCUMENTS].update(sets)
        shown = "; ".join(f"{names[item].set} {names[item].id}: {how}" for item, how in matches[:5])
        if self.settings.action == "report":
            return Marked({"contamination": shown})
        return Dropped(f"holds items of {sets[0]}", shown)

    def tables(self) -> list[Table]:
        """How many items of each set stand in which documents."""
        if not self.settings.against:
            return []
        found = self.tally.found
        totals = Counter(name.set for name in self._index.items)
        hit = Counter(key.split(_BETWEEN)[0] for key in found[_ITEMS])
        by_set: list[tuple[str, ...]] = [
            (name, f"{total:,}", f"{hit[name]:,}", f"{hit[name] / total:.1%}", f"{found[_DOCUMENTS][name]:,}")
            for name, total in sorted(totals.items())
        ]
        head = ("set", "items", "items found", "share", "documents that hold them")
        note = "An item is found by 13 words in a row, by half of it in runs of 8, or by nearly the same words."
        tables = [Table("Contamination by evaluation set", head, by_set, note)]
        if found[_PAIRS]:
            pairs: list[tuple[str, ...]] = [tuple(key.split(_BETWEEN)) for key in sorted(found[_PAIRS])[:SHOWN_ROWS]]
            tables.append(Table("Items found in documents", ("set", "item", "document", "by"), pairs))
        return tables

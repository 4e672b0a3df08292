"""The mixture: how much of each source, language or topic is in the corpus."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from samovar.data.document import Document
from samovar.data.mixture.groups import OFF_SHARE, REPEATED
from samovar.data.steps.step import Dropped, Step, StepSettings, Table, Verdict

if TYPE_CHECKING:
    from samovar.data.mixture.copies import Copies, GroupedDocuments
    from samovar.data.mixture.plan import GroupPlan
    from samovar.data.spool import Spool

_log = logging.getLogger(__name__)
_SHOWN_GROUPS = 100


class BalanceSettings(StepSettings):
    """Gives every source, language or topic its share: leaves documents out, or lets them come several times."""

    step: Literal["balance"] = "balance"
    """Name of the step."""
    by: str = "source"
    """What makes a group: source (the folder), or any key of meta, such as language, topic or licence."""
    alpha: float = Field(1.0, ge=0, le=2)
    """Shares are in proportion to size to this power: 1 as they are, 0.5 lifts small groups, 0 makes all equal."""
    shares: dict[str, float] = {}
    """Wanted shares of the characters by name of group, from 0 to 1; what is left goes to the others."""
    max_epochs: float = Field(4.0, gt=0, le=100)
    """How often a document may come at most, on average over its group; beyond 4 repeats teach little."""
    max_epochs_of: dict[str, float] = {}
    """The same for single groups, by name."""
    budget_characters: int | None = Field(None, ge=1)
    """Characters that are to come out; by default as many as came in."""

    @model_validator(mode="after")
    def _check_shares(self) -> BalanceSettings:
        if any(not 0 <= share <= 1 for share in self.shares.values()) or sum(self.shares.values()) > 1 + 1e-9:
            raise ValueError("shares are from 0 to 1 and together at most 1")
        if any(not 0 < epochs <= 100 for epochs in self.max_epochs_of.values()):
            raise ValueError("max_epochs_of are above 0 and at most 100")
        return self


class Balance(Step):
    """Counts all groups, then gives each its share; what repeats is spread over the corpus. It belongs at the end.

    Which documents are left out or repeated depends on their ids, the seed and the sizes of the groups, not on order or
    workers. A copy has the id of its document with ``#epoch2`` behind it, and goes with it into training; for
    validation no copies are written. The limit of four epochs is the point up to which repeated data was found nearly
    as good as new (Muennighoff et al. 2023, arXiv:2305.16264).

    The corpus waits in a spool on disk with 16 bytes a document beside it; in memory there are the sizes of groups, as
    ``samovar.data.mixture.copies`` bounds them (under 100 MB), and one document.
    """

    settings_class = BalanceSettings
    is_local = False

    def __init__(self, settings: BalanceSettings, *, seed: int = 0) -> None:
        super().__init__(settings, seed=seed)
        self._plan: dict[str, GroupPlan] = {}
        self._groups: list[str] = []
        self._copies: Copies | None = None
        self._number = 0
        self._documents: list[int] = []
        self._characters: list[int] = []
        self._documents_out: list[int] = []
        self._characters_out: list[int] = []

    def __call__(self, documents: Iterator[Document]) -> Iterator[Document]:
        """The mixture, when all documents have been seen: in their order, with the repeats spread among them."""
        from samovar.data.mixture.copies import GroupedDocuments
        from samovar.data.mixture.groups import group_key
        from samovar.data.spool import Spool

        folder = self.working_folder()
        with Spool(folder / "documents.spool") as spool:
            grouped = GroupedDocuments(folder / "groups.bin", seed=self._seed)
            for document in documents:
                key = group_key(document, self.settings.by)
                grouped.add(document.id, len(document.text), key, spool.add(document))
            self._make_plan(grouped)
            self._copies = grouped.copies(self._plan)
            yield from self._mixed(spool, self._copies)
        for warning in self.warnings():
            _log.warning("%s", warning)

    def judge(self, document: Document) -> Verdict:
        """Drop it when the mixture has no place for it; documents come in the order in which they were spooled."""
        assert self._copies is not None
        number, self._number = self._number, self._number + 1
        if self._copies.count(number):
            return None
        name = self._groups[self._copies.group(number)]
        return Dropped("left out of the mixture", f"{name}: {self._plan[name].epochs:.0%} of it is wanted")

    def warnings(self) -> list[str]:
        """Which groups are over-sampled, fell short of their shares, or were named and are not there."""
        found = []
        for name, row in self._rows().items():
            if row["epochs"] > REPEATED:
                found.append(f"{self.settings.by} {name} is over-sampled: it comes {row['epochs']:.2f} times")
            if self._plan[name].is_capped and row["wanted_share"] - row["share"] > OFF_SHARE:
                limit = self.settings.max_epochs_of.get(name, self.settings.max_epochs)
                found.append(
                    f"{self.settings.by} {name} has {row['share']:.1%} of the characters, not the "
                    f"{row['wanted_share']:.1%} wanted: it may come at most {limit:g} times"
                )
        found += [
            f"{self.settings.by} {name} is in the settings, and no document is of it"
            for name in sorted({*self.settings.shares, *self.settings.max_epochs_of}.difference(self._groups))
        ]
        return found

    def metrics(self) -> dict[str, Any]:
        """The mixture that came out, by group, and the warnings."""
        return {"by": self.settings.by, "groups": self._rows(), "warnings": self.warnings()}

    def tables(self) -> list[Table]:
        """Groups with what came in and out, and the warnings."""
        rows = self._rows()
        total_in = sum(self._characters) or 1
        shown: list[tuple[str, ...]] = [
            (
                name,
                f"{row['documents_in']:,}",
                f"{row['characters_in']:,}",
                f"{row['characters_in'] / total_in:.1%}",
                f"{row['wanted_share']:.1%}",
                f"{row['share']:.1%}",
                f"{row['documents']:,}",
                f"{row['characters']:,}",
                f"{row['epochs']:.2f}",
            )
            for name, row in list(rows.items())[:_SHOWN_GROUPS]
        ]
        if not shown:
            return []
        head = (
            self.settings.by,
            "documents before",
            "characters before",
            "share before",
            "wanted share",
            "share",
            "documents",
            "characters",
            "epochs",
        )
        note = "Shares are of characters. Epochs: how often a document of the group comes on average."
        tables = [Table("The mixture", head, shown, note)]
        if warnings := self.warnings():
            tables.append(Table("Warnings on the mixture", ("warning",), [(warning,) for warning in warnings]))
        return tables

    def _make_plan(self, grouped: GroupedDocuments) -> None:
        from samovar.data.mixture.groups import SOURCE, folder_groups
        from samovar.data.mixture.plan import plan_mixture

        def names(keys: list[str]) -> Mapping[str, str]:
            return folder_groups(keys) if self.settings.by == SOURCE else {key: key for key in keys}

        sizes = grouped.sum_groups(names)
        self._plan = plan_mixture(
            sizes,
            alpha=self.settings.alpha,
            shares=self.settings.shares,
            max_epochs=self.settings.max_epochs,
            max_epochs_of=self.settings.max_epochs_of,
            budget=self.settings.budget_characters,
        )
        self._groups = grouped.groups
        self._documents, self._characters = grouped.documents, grouped.characters
        self._documents_out, self._characters_out = [0] * len(sizes), [0] * len(sizes)

    def _mixed(self, spool: Spool, copies: Copies) -> Iterator[Document]:
        """First copies in their order; the second ones begin half-way round, or as far as there are times to come."""
        from samovar.data.mixture.repeats import EPOCHS, repeat_of

        count, times = len(copies), max(1, copies.most)
        for place in range(count):
            for epoch in range(times):
                number = (place + epoch * count // times) % count
                num_copies = copies.count(number)
                if epoch and epoch >= num_copies:
                    continue
                document = spool.at(copies.position(number))
                if num_copies > 1:
                    document = replace(document, meta={**document.meta, EPOCHS: str(num_copies)})
                if epoch:
                    self.tally.documents_out += 1
                    self.tally.characters_out += len(document.text)
                    document = repeat_of(document, epoch + 1)
                elif self.settle(document, self.judge(document)) is None:
                    continue
                self._documents_out[copies.group(number)] += 1
                self._characters_out[copies.group(number)] += len(document.text)
                yield document

    def _rows(self) -> dict[str, dict[str, Any]]:
        total = sum(self._characters_out) or 1
        return {
            name: {
                "documents_in": self._documents[place],
                "characters_in": self._characters[place],
                "wanted_share": round(self._plan[name].wanted_share, 6),
                "is_capped": self._plan[name].is_capped,
                "documents": self._documents_out[place],
                "characters": self._characters_out[place],
                "share": round(self._characters_out[place] / total, 6),
                "epochs": round(self._characters_out[place] / max(1, self._characters[place]), 4),
            }
            for place, name in enumerate(self._groups)
        }

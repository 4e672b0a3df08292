"""What each rule would lose at each threshold, so that thresholds can be fitted to a corpus before it is cleaned."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from samovar.data.document import Document
from samovar.data.quality.rule_step import RuleStep
from samovar.data.quality.rules import Rule
from samovar.data.quality.text_shape import shape_of
from samovar.data.samples import shown
from samovar.data.steps.step import Edited, Marked, Step, Table

_LOSSES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
"""Shares of the documents; for each the threshold that loses about so many is shown."""
_NUM_SAMPLES = 3
_SAMPLE_CHARACTERS = 200


class Threshold(NamedTuple):
    """A threshold and how many documents the rule would lose with it."""

    value: float
    num_lost: int
    share_lost: float


class Sample(NamedTuple):
    """A document that the present threshold loses, as near to the threshold as there is one."""

    id: str
    value: float
    text: str


@dataclass
class RulePreview:
    """What a rule does to the documents that were looked at."""

    step: str
    rule: str
    side: str
    bounds: set[float] = field(default_factory=set)
    """The thresholds in force, one a language at most; empty where the rule is off."""
    num_lost: int = 0
    """Documents that the thresholds in force lose."""
    num_lost_alone: int = 0
    """Of these, documents that no other rule loses."""
    num_spared: int = 0
    """Documents that break the rule and stay, as tables, forms or price lists."""
    values: array[float] = field(default_factory=lambda: array("d"))
    _nearest: list[tuple[float, str, Sample]] = field(default_factory=list)

    @property
    def samples(self) -> list[Sample]:
        """Up to three lost documents, the nearest to the threshold first."""
        return [sample for _, _, sample in sorted(self._nearest, key=lambda entry: (-entry[0], entry[1]))]

    def thresholds(self) -> list[Threshold]:
        """For some shares the threshold that loses at most so many of the documents, and what it loses."""
        ordered = np.sort(np.frombuffer(self.values, dtype=np.float64))
        found: dict[float, Threshold] = {}
        for loss in _LOSSES:
            allowed = int(loss * len(ordered))
            place = allowed if self.side == "at least" else len(ordered) - 1 - allowed
            value = float(ordered[min(max(place, 0), len(ordered) - 1)])
            found.setdefault(value, self._threshold(value, ordered))
        return list(found.values())

    def _threshold(self, value: float, ordered: np.ndarray) -> Threshold:
        if self.side == "at least":
            num_lost = int(np.searchsorted(ordered, value, side="left"))
        else:
            num_lost = len(ordered) - int(np.searchsorted(ordered, value, side="right"))
        return Threshold(value, num_lost, num_lost / len(ordered))

    def offer_sample(self, document: Document, value: float, bound: float) -> None:
        """Keep the document where it is among the nearest to the threshold."""
        entry = (-abs(value - bound), document.id)
        if len(self._nearest) < _NUM_SAMPLES or entry > self._nearest[0][:2]:
            sample = Sample(document.id, value, shown(document.text, limit=_SAMPLE_CHARACTERS))
            heapq.heappush(self._nearest, (*entry, sample))
            if len(self._nearest) > _NUM_SAMPLES:
                heapq.heappop(self._nearest)


def preview_rules(documents: Iterable[Document], steps: Sequence[Step]) -> list[RulePreview]:
    """What every rule of ``steps`` would lose of ``documents``, in the order of the steps.

    All documents pass all steps: edits of local steps are made, drops are not, and steps that see many documents at
    once are passed over. A step takes part when it has ``rules_for``. Memory: eight bytes a rule and document.
    """
    previews: dict[tuple[str, str], RulePreview] = {}
    for document in documents:
        broken: list[RulePreview] = []
        for step in steps:
            if not step.is_local:
                continue
            rules_for: Callable[[Document], list[Rule]] | None = getattr(step, "rules_for", None)
            if rules_for is not None:
                broken += _measure(step, rules_for(document), document, previews)
            document = _after(step, document)
        for preview in broken:
            preview.num_lost_alone += len(broken) == 1
    return list(previews.values())


def _measure(
    step: Step, rules: list[Rule], document: Document, previews: dict[tuple[str, str], RulePreview]
) -> list[RulePreview]:
    """Note the value of each rule; give those that lose the document."""
    shape = shape_of(document.text)
    spared_as = step.spared_as(document) if isinstance(step, RuleStep) else ""
    broken = []
    for rule in rules:
        preview = previews.setdefault((step.name, rule.name), RulePreview(step.name, rule.name, rule.side))
        value = rule.measure(shape)
        preview.values.append(value)
        if rule.bound is None:
            continue
        preview.bounds.add(rule.bound)
        if rule.is_kept_by(value):
            continue
        if spared_as:
            preview.num_spared += 1
            continue
        preview.num_lost += 1
        preview.offer_sample(document, value, rule.bound)
        broken.append(preview)
    return broken


def _after(step: Step, document: Document) -> Document:
    verdict = step.judge(document)
    if isinstance(verdict, Edited):
        return replace(document, text=verdict.text, meta={**document.meta, **verdict.meta})
    if isinstance(verdict, Marked):
        return replace(document, meta={**document.meta, **verdict.meta})
    return document


def preview_tables(previews: Sequence[RulePreview]) -> list[Table]:
    """The previews as tables: one over all rules, and one a rule with its thresholds."""
    rows: list[tuple[str, ...]] = [
        (
            preview.step,
            preview.rule,
            preview.side,
            ", ".join(f"{bound:g}" for bound in sorted(preview.bounds)) or "off",
            f"{preview.num_lost:,}",
            f"{preview.num_lost_alone:,}",
            f"{preview.num_spared:,}",
        )
        for preview in previews
    ]
    head = ("step", "rule", "side", "threshold", "lost", "lost by it alone", "spared")
    note = (
        "Each rule on all documents, as if it came first; several thresholds where documents are in several languages."
    )
    tables = [Table("what each rule would lose", head, rows, note)]
    for preview in previews:
        steps: list[tuple[str, ...]] = [
            (f"{preview.side} {threshold.value:.4g}", f"{threshold.num_lost:,}", f"{threshold.share_lost:.1%}")
            for threshold in preview.thresholds()
        ]
        tables.append(Table(f"{preview.step}: {preview.rule}", ("threshold", "documents lost", "share"), steps))
    return tables

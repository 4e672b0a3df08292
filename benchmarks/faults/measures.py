"""How much of what was planted a step found, and how much of what it did was right: judged by texts before and after.

A step is judged on what reached it: faults in documents that an earlier step dropped are not held against it. What is
right is decided by the ledger alone; so a step that finds a true fault of the clean texts, too, is counted as wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from benchmarks.faults.ledger import (
    BOILERPLATE,
    EXACT_COPY,
    FOREIGN,
    FOREIGN_PARAGRAPH,
    JUNK,
    MOJIBAKE,
    NEAR_COPY,
    PASSAGE,
    PERSONAL,
    QUESTION,
    REPETITION,
    TOXIC,
    Fault,
    Ledger,
)
from samovar.data.document import Document
from samovar.data.steps.step import Dropped, Edited, Verdict
from samovar.evals.intervals import Interval, wilson

LEAST_SIMILARITY = 0.7
"""Copies that are less like their originals are other texts, and are to stay."""


class Score(NamedTuple):
    """Counts for one step, or for one form of the faults that it is for."""

    step: str
    unit: str
    """What is counted."""
    form: str
    """Empty for all of them."""
    planted: int
    found: int
    """Of those planted."""
    taken: int = 0
    """What the step took out or changed; 0 for a form, which has no precision of its own."""
    right: int = 0
    """Of those taken."""

    @property
    def recall(self) -> float | None:
        """Share of the planted that was found; None where nothing was planted."""
        return self.found / self.planted if self.planted else None

    @property
    def precision(self) -> float | None:
        """Share of the taken that was right; None where nothing was taken."""
        return self.right / self.taken if self.taken else None

    def row(self) -> dict[str, Any]:
        """As written into the result, with intervals of 95 %."""
        row: dict[str, Any] = self._asdict()
        for name, share, part, whole in (
            ("recall", self.recall, self.found, self.planted),
            ("precision", self.precision, self.right, self.taken),
        ):
            row[name] = None if share is None else round(share, 4)
            row[f"{name}_interval"] = None if share is None else [round(one, 4) for one in wilson(part, whole)]
        return row

    def intervals(self) -> tuple[Interval, Interval]:
        """Of recall and of precision."""
        return wilson(self.found, self.planted), wilson(self.right, self.taken)


class Passed(NamedTuple):
    """Documents before and after a step, by id, and its verdicts on those that it touched."""

    step: str
    before: Mapping[str, Document]
    after: Mapping[str, Document]
    verdicts: Mapping[str, Verdict]

    @property
    def dropped(self) -> set[str]:
        """Ids of documents that left."""
        return set(self.before) - set(self.after)

    def edited(self) -> dict[str, Edited]:
        """The documents that stayed with another text."""
        return {name: verdict for name, verdict in self.verdicts.items() if isinstance(verdict, Edited)}

    def reached(self, faults: Iterable[Fault]) -> list[Fault]:
        """Those whose documents, and originals where there are some, came as far as this step."""
        return [
            fault
            for fault in faults
            if fault.document in self.before and (not fault.other or fault.other in self.before)
        ]


Measure = Callable[[Passed, Ledger], list[Score]]


def scores_of(passed: Passed, ledger: Ledger) -> list[Score]:
    """The scores of a step; none for a step that no fault is for."""
    measure = MEASURES.get(passed.step)
    return measure(passed, ledger) if measure is not None else []


def _with_forms(total: Score, is_found: Iterable[tuple[Fault, bool]]) -> list[Score]:
    """``total``, and a row for every form."""
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for fault, was_found in is_found:
        planted[fault.form] += 1
        found[fault.form] += was_found
    if len(planted) < 2:
        return [total]
    return [total, *(Score(total.step, total.unit, form, planted[form], found[form]) for form in sorted(planted))]


def _dropping(kind: str, *also_right: str) -> Measure:
    """A step that is to drop documents with faults of ``kind``; to drop one of ``also_right`` is no mistake either."""

    def measure(passed: Passed, ledger: Ledger) -> list[Score]:
        dropped = passed.dropped
        judged = [(fault, fault.document in dropped) for fault in passed.reached(ledger.of(kind))]
        right = dropped & ledger.documents(kind, *also_right)
        total = Score(
            passed.step, "documents", "", len(judged), sum(hit for _, hit in judged), len(dropped), len(right)
        )
        return _with_forms(total, judged)

    return measure


def _copies(passed: Passed, ledger: Ledger, kind: str) -> list[Score]:
    dropped = passed.dropped
    wanted = [fault for fault in ledger.of(kind) if not 0 < fault.similarity < LEAST_SIMILARITY]
    # One of the two is to go, and one only: a text that went with all its copies is lost.
    reached = passed.reached(wanted)
    if kind == EXACT_COPY:
        # The first document of a source keeps its header, and is no exact copy of another any more.
        texts = passed.before
        reached = [one for one in reached if _words(texts[one.document].text) == _words(texts[one.other].text)]
    judged = [(fault, len(dropped & {fault.document, fault.other}) == 1) for fault in reached]
    members = {
        name
        for fault in ledger.of(EXACT_COPY, NEAR_COPY)
        if not 0 < fault.similarity < LEAST_SIMILARITY
        for name in (fault.document, fault.other)
    }
    found = sum(hit for _, hit in judged)
    total = Score(passed.step, "copies", "", len(judged), found, len(dropped), len(dropped & members))
    return _with_forms(total, judged)


def _exact_dedup(passed: Passed, ledger: Ledger) -> list[Score]:
    return _copies(passed, ledger, EXACT_COPY)


def _near_dedup(passed: Passed, ledger: Ledger) -> list[Score]:
    return _copies(passed, ledger, NEAR_COPY)


def _substring_dedup(passed: Passed, ledger: Ledger) -> list[Score]:
    """A passage is found when only one of the two documents still has it."""
    judged = []
    for fault in passed.reached(ledger.of(PASSAGE)):
        passage = _words(fault.value)
        if all(passage in _words(passed.before[name].text) for name in (fault.document, fault.other)):
            left = sum(
                name in passed.after and passage in _words(passed.after[name].text)
                for name in (fault.document, fault.other)
            )
            judged.append((fault, left == 1))
    touched = {*passed.dropped, *passed.edited()}
    right = touched & ledger.documents(PASSAGE, EXACT_COPY, NEAR_COPY)
    found = sum(hit for _, hit in judged)
    return [Score(passed.step, "passages; documents", "", len(judged), found, len(touched), len(right))]


def _words(text: str) -> str:
    return " ".join(text.split())


def _repair(passed: Passed, ledger: Ledger) -> list[Score]:
    """A text is repaired when it is again what it was, white space at the ends of lines aside."""
    from samovar.data.steps.normalise import normalise

    judged = []
    for fault in passed.reached(ledger.of(MOJIBAKE)):
        after = passed.after.get(fault.document)
        judged.append((fault, after is not None and normalise(fault.truth) in normalise(after.text)))
    edited = set(passed.edited())
    right = edited & ledger.documents(MOJIBAKE)
    found = sum(hit for _, hit in judged)
    total = Score(passed.step, "documents", "", len(judged), found, len(edited), len(right))
    return _with_forms(total, judged)


def _boilerplate(passed: Passed, ledger: Ledger) -> list[Score]:
    """Lines. The first document of a source that has a line may keep it."""
    reached = [
        fault for fault in ledger.of(BOILERPLATE)
        if fault.document in passed.before and fault.value in passed.before[fault.document].text
    ]  # fmt: skip
    kinds_of_line = len({(fault.form, fault.value) for fault in reached})
    gone = sum(
        fault.document not in passed.after or fault.value not in passed.after[fault.document].text for fault in reached
    )
    planted_lines: dict[str, set[str]] = {}
    for fault in reached:
        planted_lines.setdefault(fault.document, set()).add(fault.value)
    taken = right = 0
    for name in passed.edited():
        removed = _lines(passed.before[name].text) - _lines(passed.after[name].text)
        taken += removed.total()
        right += sum(count for line, count in removed.items() if line in planted_lines.get(name, ()))
    return [Score(passed.step, "lines", "", len(reached) - kinds_of_line, gone, taken, right)]


def _lines(text: str) -> Counter[str]:
    return Counter(line.strip() for line in text.split("\n") if line.strip())


def _language(passed: Passed, ledger: Ledger) -> list[Score]:
    """Documents in other languages, and paragraphs in other languages in documents that stay."""
    whole = _dropping(FOREIGN, JUNK, REPETITION, MOJIBAKE)(passed, ledger)
    judged = []
    for fault in passed.reached(ledger.of(FOREIGN_PARAGRAPH)):
        after = passed.after.get(fault.document)
        judged.append((fault, after is not None and fault.value not in after.text))
    found_in = {fault.document for fault, hit in judged if hit}
    edited = passed.edited()
    taken = sum(sum(verdict.counts.values()) for verdict in edited.values())
    right = sum(1 for name in edited if name in found_in)
    total = Score(passed.step, "paragraphs", "", len(judged), sum(hit for _, hit in judged), taken, right)
    return [*whole, *_with_forms(total, judged)]


def _redact(passed: Passed, ledger: Ledger) -> list[Score]:
    """Places. One is found when its text stands there no more; what was masked beyond them is wrong."""
    judged, found_by_document = [], Counter[str]()
    for fault in passed.reached(ledger.of(PERSONAL)):
        if fault.value not in passed.before[fault.document].text:
            continue
        after = passed.after.get(fault.document)
        is_gone = after is None or fault.value not in after.text
        judged.append((fault, is_gone))
        found_by_document[fault.document] += is_gone
    taken = right = 0
    for name, verdict in passed.edited().items():
        places = sum(verdict.counts.values())
        taken += places
        right += min(places, found_by_document[name])
    found = sum(hit for _, hit in judged)
    total = Score(passed.step, "places", "", len(judged), found, taken, right)
    return _with_forms(total, judged)


def _toxicity(passed: Passed, ledger: Ledger) -> list[Score]:
    """Documents dropped or masked."""
    touched = {name for name, verdict in passed.verdicts.items() if isinstance(verdict, (Dropped, Edited))}
    judged = [(fault, fault.document in touched) for fault in passed.reached(ledger.of(TOXIC))]
    right = touched & ledger.documents(TOXIC)
    found = sum(hit for _, hit in judged)
    total = Score(passed.step, "documents", "", len(judged), found, len(touched), len(right))
    return _with_forms(total, judged)


MEASURES: dict[str, Measure] = {
    "repair": _repair,
    "boilerplate": _boilerplate,
    "language": _language,
    "repetition": _dropping(REPETITION, JUNK),
    "gopher_quality": _dropping(JUNK, REPETITION),
    "toxicity": _toxicity,
    "exact_dedup": _exact_dedup,
    "near_dedup": _near_dedup,
    "substring_dedup": _substring_dedup,
    "decontaminate": _dropping(QUESTION),
    "redact": _redact,
}
"""How each step is judged, by its name."""

"""The rules of forgetting, at work: documents that they name leave the stream, and no sample of them stays."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xxhash

from samovar.data.document import Document
from samovar.data.forget import ForgetRule
from samovar.data.samples import Reservoir
from samovar.data.steps.step import Dropped, Step, StepSettings, Tally, Verdict

NAME = "forgotten"


class Forget(Step):
    """Drops the documents that a rule names. Nothing of them is shown anywhere."""

    settings_class = StepSettings

    def __init__(self, rules: Sequence[ForgetRule]) -> None:
        super().__init__(StepSettings(step=NAME))
        self._rules = tuple(rules)
        self.met: set[ForgetRule] = set()
        """Rules that named something since ``begin``."""
        self.ids: set[str] = set()
        """Documents that were dropped since ``begin``."""

    def begin(self) -> None:
        """Begin with another unit."""
        self.met.clear()
        self.ids.clear()

    def judge(self, document: Document) -> Verdict:
        """Drop it when a rule names it."""
        for rule in self._rules:
            if rule.place(document) is not None:
                self.met.add(rule)
                self.ids.add(document.id)
                return Dropped(f"to be forgotten, by {rule.kind}")
        return None

    def _drop(self, document: Document, verdict: Dropped) -> None:
        self.tally.dropped[verdict.reason] += 1
        self.tally.dropped_samples.setdefault(verdict.reason, Reservoir(0, ""))

    def clean(self, tally: Tally, ids: Iterable[str]) -> None:
        """Take out of ``tally`` every sample of the documents ``ids``, and any text that a rule names."""
        gone = set(ids)

        def is_unwanted(sample: Any) -> bool:
            return sample.id in gone or any(self._names(text) for text in sample)

        for samples in _samples(tally):
            samples.remove(is_unwanted)
        for counts in tally.found.values():
            for text in [text for text in counts if self._names(text)]:
                del counts[text]

    def names_text_of(self, tally: Tally) -> bool:
        """Whether a rule names some text in ``tally``."""
        return any(self._names(text) for text in _texts(tally))

    def _names(self, text: str) -> bool:
        for rule in self._rules:
            if rule.kind == "text" and rule.place(Document("", text, "")) is not None:
                self.met.add(rule)
                return True
        return False


def _samples(tally: Tally) -> list[Reservoir[Any]]:
    return [*tally.dropped_samples.values(), tally.edited_samples]


def _texts(tally: Tally) -> Iterator[str]:
    for samples in _samples(tally):
        for sample in samples.items:
            yield from sample
    for counts in tally.found.values():
        yield from counts


def by_place(rules: Iterable[ForgetRule]) -> tuple[list[ForgetRule], list[ForgetRule]]:
    """The rules on files and ids, which are known before anything is read, and those on texts."""
    rules = list(rules)
    return [rule for rule in rules if rule.kind != "text"], [rule for rule in rules if rule.kind == "text"]


def rules_hash(rules: Iterable[ForgetRule]) -> int:
    """A hash of 64 bits of the rules, in their order."""
    return xxhash.xxh3_64_intdigest(json.dumps([[rule.kind, rule.pattern] for rule in rules]).encode())

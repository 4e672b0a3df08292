"""Rows of files that cannot be learnt from, counted and said in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from samovar.core.errors import DataError
from samovar.core.excerpts import beginning

_OF_ONE = {"have": "has", "are": "is", "say": "says", "prefer": "prefers"}


class LeftOut:
    """How many rows are left out for each reason, and which was the first."""

    def __init__(self, what: str, reasons: Mapping[str, str], *, advice: Mapping[str, str] | None = None) -> None:
        """Begin without any.

        Args:
            what: "conversations", with whose they are.
            reasons: each as the end of a sentence of several: "have no prompt".
            advice: what is said behind the sentence of a reason.
        """
        self._what, self._reasons, self._advice = what, reasons, advice or {}
        self.counts: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        """Reason -> the beginning of the first row to which it applies."""

    def add(self, reason: str, text: str, detail: str = "") -> None:
        """Count one more, known by what it says."""
        self.counts[reason] += 1
        self.first.setdefault(reason, f"{beginning(text)!r}{f': {detail}' if detail else ''}")

    def words(self) -> list[str]:
        """A sentence a reason."""
        return [
            f"{count} of the {self._what} {self._agreeing(reason)} and {'was' if count == 1 else 'were'} left out "
            f"(the first: {self.first[reason]}){self._advice.get(reason, '')}"
            for reason, count in self.counts.items()
        ]

    def refuse(self, *, harmless: Collection[str] = (), hint: str) -> None:
        """See that nothing was wrong.

        Args:
            harmless: reasons that are nobody's mistake.
            hint: what to do about the others.
        Raises:
            DataError: something was.
        """
        wrong = [reason for reason in self.counts if reason not in harmless]
        if wrong:
            found = "; ".join(f"{self.counted(reason)} (the first: {self.first[reason]})" for reason in wrong)
            raise DataError(f"the {self._what} are not sound: {found}", hint=hint)

    def counted(self, reason: str) -> str:
        """How many, and why: "2 have no prompt"."""
        return f"{self.counts[reason]} {self._agreeing(reason)}"

    def _agreeing(self, reason: str) -> str:
        """The end of a sentence of one or of several."""
        verb, rest = self._reasons[reason].split(" ", 1)
        return f"{_OF_ONE[verb] if self.counts[reason] == 1 else verb} {rest}"

"""Who guesses what answers will say next, before each step of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as Many
from typing import Protocol

from samovar.engine.sequence import Sequence
from samovar.engine.speculation import MAX_DRAFTED, Draft, DraftCounts, Pace, PromptLookup


class Drafter(Protocol):
    """Gives answers their ``draft``, and hears how it fared."""

    counts: DraftCounts

    def draft(self, sequences: Many[Sequence]) -> None:
        """Set ``draft`` of those whose next tokens can be guessed; all of them are about to choose one."""
        ...

    def heed(self, sequence: Sequence, num_accepted: int) -> None:
        """Hear how many tokens of its draft became part of an answer."""
        ...

    def leave(self, sequence: Sequence) -> None:
        """Forget an answer; it may be unknown."""
        ...


def drafted(sequences: Iterable[Sequence]) -> list[Sequence]:
    """Those answers whose next tokens may be guessed.

    A quote is settled line by line, and what a grammar leaves open is hard to guess for who does not know it.
    """
    return [
        one
        for one in sequences
        if one.is_read
        and one.num_unread == 1
        and one.room > 1
        and not one.sampling.verbatim_quotes
        and one.grammar is None
    ]


class LookupDrafter:
    """Guesses by what stands in the text already: for quoting, editing, code, and whatever repeats itself."""

    def __init__(self, num_tokens: int) -> None:
        """``num_tokens``: guessed at once, at most."""
        self.counts = DraftCounts()
        self._num_tokens = min(num_tokens, MAX_DRAFTED)
        self._lookups: dict[int, tuple[PromptLookup, Pace]] = {}

    def draft(self, sequences: Many[Sequence]) -> None:
        """Set ``draft`` where the end of a text stood in it before."""
        for sequence in sequences:
            lookup, pace = self._known(sequence)
            lookup.push(sequence.ids[lookup.num_ids :])
            sequence.draft = Draft(lookup.guess(min(pace.length, sequence.room - 1)))

    def heed(self, sequence: Sequence, num_accepted: int) -> None:
        """Guess more of an answer while guesses are right."""
        num_drafted = len(sequence.draft.ids)
        self.counts.add(num_drafted, num_accepted)
        if num_drafted:
            self._known(sequence)[1].heed(num_drafted, num_accepted)

    def leave(self, sequence: Sequence) -> None:
        """Forget an answer; it may be unknown."""
        self._lookups.pop(sequence.request_id, None)

    def _known(self, sequence: Sequence) -> tuple[PromptLookup, Pace]:
        known = self._lookups.get(sequence.request_id)
        if known is None:
            known = self._lookups[sequence.request_id] = (PromptLookup(sequence.ids), Pace(self._num_tokens))
        return known

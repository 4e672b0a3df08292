"""The next tokens of a batch of answers: rules, masks, drafts and log-probabilities in one place.

Axes: R rows of logits of a step, B answers that choose at the same time, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from samovar.engine import rules
from samovar.engine.grammar import GrammarState, Masks
from samovar.engine.logprobs import tell
from samovar.engine.request import FinishReason, Sampling, TokenLogprobs
from samovar.engine.rules import TokenRules
from samovar.engine.sampler import Choose, probabilities, sample
from samovar.engine.speculation import Draft, keep_or_replace


class Answering(Protocol):
    """What a choice needs to know of an answer."""

    @property
    def sampling(self) -> Sampling:
        """How to choose."""
        ...

    @property
    def ids(self) -> list[int]:
        """Prompt and answer."""
        ...

    @property
    def rules(self) -> TokenRules | None:
        """Penalties and the like; None where nothing of it was asked for."""
        ...

    @property
    def grammar(self) -> GrammarState | None:
        """Where it stands in its grammar; None where it has none."""
        ...

    @property
    def finish_reason(self) -> FinishReason | None:
        """None while it goes on."""
        ...

    def allowed_ids(self) -> list[int] | None:
        """The only tokens that may come next; None where all may."""
        ...

    def due_id(self) -> int | None:
        """The token that is to come next if it can; None where there is none such."""
        ...

    def draw(self) -> float:
        """Its next uniform number in [0, 1)."""
        ...


@dataclass
class Turn:
    """One answer's part in a step: its rows of logits, and what was guessed to come."""

    sequence: Answering
    row: int
    """Of the logits after its last token; those after each drafted token follow."""
    draft: Draft = field(default_factory=lambda: Draft([]))
    num_accepted: int = 0
    """How many of the drafted tokens became part of the answer."""


Append = Callable[[Answering, int, TokenLogprobs | None], None]
"""Takes the token that was chosen for an answer, and its log-probabilities; may append more tokens than this one, which
are without alternative."""
Settle = Callable[[Answering, int, Tensor], int]
"""Takes the token that was chosen for an answer, and the logits that it was chosen by (V); gives what is said."""


def choose(
    logits_RV: Tensor,
    turns: Sequence[Turn],
    masks: Masks,
    append: Append,
    *,
    settle: Settle | None = None,
    free: Choose | None = None,
) -> None:
    """Append a token to every answer, or several where drafts prove right.

    Args:
        logits_RV: float32, of the model itself; changed in place.
        turns: who chooses from which rows; ``num_accepted`` of each is set.
        masks: of the grammars.
        append: puts the chosen token to its answer.
        settle: may put another in its place before.
        free: chooses for answers that may take any token, see ``sampler.sample``.
    """
    live = list(turns)
    while live:
        rows = [turn.row + turn.num_accepted for turn in live]
        logits_BV = logits_RV if rows == list(range(len(logits_RV))) else logits_RV[rows]
        told = _told(logits_BV, live)
        _keep_allowed(logits_BV, live)
        rules.apply(logits_BV, [turn.sequence.rules for turn in live])
        masks.apply(logits_BV, [turn.sequence.grammar for turn in live])
        _keep_due(logits_BV, live)
        tokens = _tokens(logits_BV, live, free)
        if settle is not None:
            tokens = [settle(turn.sequence, tokens[row], logits_BV[row]) for row, turn in enumerate(live)]
        logprobs = told(tokens)
        live = [turn for row, turn in enumerate(live) if _goes_on(turn, tokens[row], logprobs.get(row), append)]


def _keep_allowed(logits_BV: Tensor, live: Sequence[Turn]) -> None:
    """Where few tokens may come, the logits of all others become minus infinity, in place."""
    for row, turn in enumerate(live):
        if (allowed := turn.sequence.allowed_ids()) is not None:
            kept_V = torch.full_like(logits_BV[row], -torch.inf)
            kept_V[allowed] = logits_BV[row, allowed]
            logits_BV[row] = kept_V


def _keep_due(logits_BV: Tensor, live: Sequence[Turn]) -> None:
    """Where one token is due and may come, the logits of all others become minus infinity, in place."""
    for row, turn in enumerate(live):
        if (due := turn.sequence.due_id()) is not None and torch.isfinite(kept := logits_BV[row, due].clone()):
            logits_BV[row] = -torch.inf
            logits_BV[row, due] = kept


def _goes_on(turn: Turn, token: int, logprobs: TokenLogprobs | None, append: Append) -> bool:
    """Append the token; whether the logits of the next one are known, as all that was appended had been guessed."""
    sequence = turn.sequence
    before = len(sequence.ids)
    append(sequence, token, logprobs)
    new = sequence.ids[before:]
    guessed = turn.draft.ids[turn.num_accepted : turn.num_accepted + len(new)]
    if not new or new != guessed:
        # Of several appended at once, the first may have been guessed.
        turn.num_accepted += next(
            (place for place, pair in enumerate(zip(new, guessed, strict=False)) if pair[0] != pair[1]), len(guessed)
        )
        return False
    turn.num_accepted += len(new)
    return sequence.finish_reason is None


def _tokens(logits_BV: Tensor, live: Sequence[Turn], free: Choose | None) -> list[int]:
    uncertain = [
        row
        for row, turn in enumerate(live)
        if turn.draft.probability_TV is not None and turn.num_accepted < len(turn.draft.ids)
    ]
    if not uncertain:
        sequences = [turn.sequence for turn in live]
        return sample(logits_BV, [one.sampling for one in sequences], [one.draw for one in sequences], free=free)
    tokens = [0] * len(live)
    plain = [row for row in range(len(live)) if row not in uncertain]
    if plain:
        some = [live[row].sequence for row in plain]
        found = sample(logits_BV[plain], [one.sampling for one in some], [one.draw for one in some], free=free)
        for row, token in zip(plain, found, strict=True):
            tokens[row] = token
    for row, token in zip(
        uncertain, _kept_or_replaced(logits_BV[uncertain], [live[row] for row in uncertain]), strict=True
    ):
        tokens[row] = token
    return tokens


def _kept_or_replaced(logits_BV: Tensor, live: Sequence[Turn]) -> list[int]:
    drafted_BV = logits_BV.new_zeros(logits_BV.shape)
    for row, turn in enumerate(live):
        assert turn.draft.probability_TV is not None
        drafted_BV[row] = turn.draft.probability_TV[turn.num_accepted]
    return keep_or_replace(
        probabilities(logits_BV, [turn.sequence.sampling for turn in live]),
        drafted_BV,
        [turn.draft.ids[turn.num_accepted] for turn in live],
        [turn.sequence.draw for turn in live],
    )


def _told(logits_BV: Tensor, live: Sequence[Turn]) -> Callable[[Sequence[int]], dict[int, TokenLogprobs]]:
    """Keeps the model's own log-probabilities for those who want them: rules are about to change the logits."""
    wanting = [row for row, turn in enumerate(live) if turn.sequence.sampling.logprobs is not None]
    if not wanting:
        return lambda tokens: {}
    # Taken by their numbers, 64 rows take as long as their log-probabilities.
    own_BV = (logits_BV if len(wanting) == len(live) else logits_BV[wanting]).log_softmax(-1)
    num_top = [live[row].sequence.sampling.logprobs or 0 for row in wanting]

    def told(tokens: Sequence[int]) -> dict[int, TokenLogprobs]:
        found = tell(own_BV, [tokens[row] for row in wanting], num_top)
        return dict(zip(wanting, found, strict=True))

    return told

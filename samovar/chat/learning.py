"""What of a conversation is learnt: whose turns, which of them, and how much each counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from samovar.chat.conversation import Message


class Learn(NamedTuple):
    """Which turns are targets; a message's own weight wins."""

    roles: frozenset[str] = frozenset({"assistant"})
    turns: Literal["all", "last"] = "all"
    """Of the assistant: each of its turns, or the last of a conversation."""
    heeds_weights: bool = False
    """Whether messages' own weights count."""


LEARN_ALL = Learn()
"""All that the assistant says."""


class Span(NamedTuple):
    """What somebody else than the assistant says, in the rendered text."""

    start: int
    end: int
    weight: float


def weights_of_turns(messages: Sequence[Message], learn: Learn) -> list[float] | None:
    """How much each turn of the assistant counts, in their order; None where all count as one."""
    turns = [message for message in messages if message.role == "assistant"]
    usual = float("assistant" in learn.roles)
    weights = [usual] * len(turns)
    if learn.turns == "last" and turns:
        weights = [0.0] * (len(turns) - 1) + [usual]
    if learn.heeds_weights:
        own = [message.weight for message in turns]
        weights = [usual if mine is None else mine for usual, mine in zip(weights, own, strict=True)]
    return None if all(weight == 1.0 for weight in weights) else weights


def spans_of_roles(messages: Sequence[Mapping[str, Any]], text: str, learn: Learn) -> list[Span]:
    """Where in ``text`` the template has put what others say whose turns are learnt, one after the other.

    Args:
        messages: as the template saw them.
        text: what it made of them.
        learn: whose turns.
    """
    spans: list[Span] = []
    if learn.roles <= {"assistant"}:
        return spans
    place = 0
    for message in messages:
        said = str(message.get("content") or "").strip()
        start = text.find(said, place) if said else -1
        if start < 0:
            continue
        place = start + len(said)
        if message["role"] != "assistant" and message["role"] in learn.roles:
            spans.append(Span(start, place, 1.0))
    return spans

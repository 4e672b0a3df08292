"""/api/chats/{id}/votes: what the owner of a chat thinks of its answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import Body, Shape, Temperature, WholeText
from samovar.serve.shapes.chats import KeptStep
from samovar.serve.votes import Verdict


class ShownMessage(Shape):
    """A turn that the model was shown."""

    role: Literal["system", "user", "assistant"]
    content: WholeText


class VotedAnswer(Shape):
    """An answer as it was seen."""

    content: Annotated[WholeText, Field(min_length=1)]
    reasoning_content: WholeText = ""
    """What the assistant thought before it said so."""
    steps: Annotated[list[KeptStep], Field(max_length=64)] = []
    """Tools that ran for it."""
    model: WholeText | None = None
    """Who gave it: the ``system_fingerprint`` of the answer, or its model."""
    temperature: Temperature | None = None
    """How it was drawn, where that was not by the server's habit."""


class NewVote(Body):
    """The body of POST /api/chats/{id}/votes."""

    place: Annotated[int, Field(ge=0, lt=2**31)]
    """Of the answer in the chat, from 0 on."""
    messages: Annotated[list[ShownMessage], Field(min_length=1, max_length=10_000)]
    """What the model was asked: the turns that it was shown."""
    answers: Annotated[list[VotedAnswer], Field(min_length=1, max_length=2)]
    """One, or two that stood side by side, the left one first."""
    vote: Verdict
    """Of one answer good or bad; of two left, right, tie or both_bad."""


class ToldVote(TypedDict):
    """A vote that stands."""

    id: str
    object: Literal["vote"]
    vote: Verdict
    place: int


class GoneVote(TypedDict):
    """What is left of a vote that was taken back."""

    id: str
    object: Literal["vote.deleted"]
    deleted: Literal[True]

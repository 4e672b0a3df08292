"""/api/chats/{id}/votes: what the owner of a chat thinks of its answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import Body, Shape, Temperature, WholeText
from samovar.serve.shapes.chats import KeptStep
from samovar.serve.votes import Verdict


class OtherAnswer(Shape):
    """The answer that was shown beside the chat's own."""

    content: WholeText
    side: Literal["left", "right"] = "right"
    """Where it was shown."""
    steps: Annotated[list[KeptStep], Field(max_length=64)] = []
    """Tools that ran for it."""
    model: WholeText | None = None
    """Who gave it."""
    temperature: Temperature | None = None
    """How it was drawn, where that was not by the server's habit."""


class NewVote(Body):
    """The body of POST /api/chats/{id}/votes."""

    place: Annotated[int, Field(ge=0, lt=2**31)]
    """Of the answer in the chat, from 0 on."""
    vote: Verdict
    """On the answer alone: good or bad; beside another: left, right, tie or both_bad."""
    other: OtherAnswer | None = None
    """The one beside."""


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

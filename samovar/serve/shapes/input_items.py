"""GET /v1/responses/{id}/input_items: what the model had before it when it made a response."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import Shape
from samovar.serve.shapes.responses import OutputCall, OutputText, OutputThought


class ItemQuery(Shape):
    """Which of the items are listed."""

    limit: Annotated[int, Field(ge=1, le=100)] = 20
    """As many at most."""
    order: Literal["asc", "desc"] = "desc"
    """What was said last comes first, or last."""
    after: str | None = None
    """Only what comes after the item of this id, in that order."""


class GivenText(TypedDict):
    """A piece of what the client said."""

    type: Literal["input_text"]
    text: str


class ItemMessage(TypedDict):
    """A turn of the conversation."""

    type: Literal["message"]
    id: str
    role: Literal["user", "assistant", "system"]
    status: Literal["completed"]
    content: list[GivenText | OutputText]


class ItemResult(TypedDict):
    """What a call gave, whoever ran it."""

    type: Literal["function_call_output"]
    id: str
    call_id: str
    output: str
    status: Literal["completed"]


class ItemList(TypedDict):
    """Items, and whether more follow."""

    object: Literal["list"]
    data: list[ItemMessage | OutputThought | OutputCall | ItemResult]
    first_id: str | None
    last_id: str | None
    has_more: bool

"""/api/chats: the chats that the page keeps."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import Body, Shape, WholeText, whole
from samovar.serve.shapes.chat import Step

Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(whole)]
Note = Literal["stopped", "cut_short", "rounds_spent", "forgot", "failed"]
"""The user stopped it; it reached its limit; tools could be called no further; the beginning of the chat was left out;
it could not be made."""


class KeptStep(Shape):
    """A tool that the server ran for an answer."""

    name: WholeText
    arguments: dict[str, Any]
    result: WholeText


class KeptMessage(Shape):
    """A message of a chat."""

    role: Literal["user", "assistant"]
    content: WholeText
    reasoning_content: WholeText | None = None
    """What the assistant thought before it said so."""
    steps: Annotated[list[KeptStep], Field(max_length=64)] | None = None
    """Tools that ran for it."""
    notes: Annotated[list[Note], Field(max_length=5)] | None = None
    model: WholeText | None = None
    """Who gave it: the ``system_fingerprint`` of the answer, or its model."""
    told: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """How many of the turns before it the model was shown, where the beginning was left out."""


KeptMessages = Annotated[list[KeptMessage], Field(max_length=1000)]


class NewChat(Body):
    """The body of POST /api/chats."""

    title: Title | None = None
    """By default the beginning of what the user says first."""
    messages: KeptMessages = []


class MoreMessages(Body):
    """The body of POST /api/chats/{id}/messages."""

    messages: Annotated[list[KeptMessage], Field(min_length=1, max_length=1000)]
    place: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    """They become all that the chat has from this place on; by default they come after all others."""


class ChatTitle(Body):
    """The body of PATCH /api/chats/{id}."""

    title: Title


class ChatQuery(Shape):
    """What of the chats is listed."""

    search: Annotated[str, Field(max_length=500)] = ""
    """Only chats that have all of these words, or words that begin so, in one message or in the title."""
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    """As many at most."""
    before: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """Only chats that changed before: the ``changed_at`` of the last one listed."""


class ChatOutline(TypedDict):
    """A chat without its messages."""

    id: str
    object: Literal["chat"]
    title: str
    created_at: int
    changed_at: float
    """Seconds since 1970, as ``created_at``."""
    num_messages: int
    excerpt: NotRequired[str]
    """A line of what was found, where words were sought."""


class ChatList(TypedDict):
    """Chats, those first that changed last."""

    object: Literal["list"]
    data: list[ChatOutline]
    has_more: bool


class StandingVote(TypedDict):
    """What the chat's owner said of an answer."""

    id: str
    vote: Literal["good", "bad"]


class ToldMessage(TypedDict):
    """A message of a chat."""

    role: Literal["user", "assistant"]
    content: str
    created_at: int
    reasoning_content: NotRequired[str]
    steps: NotRequired[list[Step]]
    notes: NotRequired[list[Note]]
    model: NotRequired[str]
    told: NotRequired[int]
    vote: NotRequired[StandingVote]


class WholeChat(ChatOutline):
    """A chat, and all that was said in it."""

    messages: list[ToldMessage]


class GoneChat(TypedDict):
    """What is left of a deleted chat."""

    id: str
    object: Literal["chat.deleted"]
    deleted: Literal[True]

"""POST /v1/rerank, in the form that Jina, Cohere and vLLM share: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import Body


class RerankRequest(Body):
    """The body of POST /v1/rerank."""

    model: str
    query: Annotated[str, Field(min_length=1)]
    documents: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=1000)]
    top_n: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """Give the best ones only."""
    return_documents: bool | None = None
    """Give their texts too."""


class RankedText(TypedDict):
    """A document's text."""

    text: str


class Ranked(TypedDict):
    """A document's place among those given, and its score."""

    index: int
    relevance_score: float
    document: NotRequired[RankedText]


class RerankUsage(TypedDict):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class RankedList(TypedDict):
    """The best first."""

    id: str
    model: str
    results: list[Ranked]
    usage: RerankUsage

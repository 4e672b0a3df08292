"""POST /v1/embeddings: what is asked, and what is answered."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from typing_extensions import TypedDict

from samovar.serve.shapes.body import Body
from samovar.serve.shapes.completions import TokenIds, TokenPrompts

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[list[Text], Field(min_length=1, max_length=256)]


class EmbeddingRequest(Body):
    """The body of POST /v1/embeddings."""

    UNSUPPORTED: ClassVar[frozenset[str]] = frozenset({"dimensions"})

    model: str
    input: Text | Texts | TokenIds | TokenPrompts
    """A text, token ids, or a list of either."""
    encoding_format: Literal["float", "base64"] | None = None
    """Numbers, or the bytes of float32 numbers in base64."""
    dimensions: None = None
    """Not supported: the model was not trained to be cut short."""
    user: str | None = None
    """Accepted, without effect."""


class Embedding(TypedDict):
    """A text as a vector of length 1."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(TypedDict):
    """Tokens read."""

    prompt_tokens: int
    total_tokens: int


class EmbeddingList(TypedDict):
    """All vectors, in the order of the texts."""

    object: Literal["list"]
    model: str
    data: list[Embedding]
    usage: EmbeddingUsage

"""GET /v1/models and /v1/models/{name}."""

from __future__ import annotations

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Model(TypedDict):
    """A model that requests may name."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    max_model_len: int
    """Longest prompt and answer together, in tokens; as vLLM names it."""
    parent: NotRequired[str]
    """Of an adapter, the model that it belongs to."""


class ModelList(TypedDict):
    """All of them."""

    object: Literal["list"]
    data: list[Model]

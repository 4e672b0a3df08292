"""GET /health and /ready."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict


class Health(TypedDict):
    """The process lives."""

    status: Literal["ok"]
    model: str


class Readiness(TypedDict):
    """Whether it takes requests."""

    status: Literal["ready", "stopping"]

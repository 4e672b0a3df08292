"""Tools as OpenAI's clients offer them, and which of them the model is to call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from samovar.serve.shapes.body import Shape

FunctionName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]


class Function(Shape):
    """A function that the client offers to the model."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = None
    """JSON schema of the arguments: whatever the model writes fits it."""
    strict: bool | None = None
    """Refuse a schema that cannot be followed as a whole; else what cannot goes unheeded."""


class ClientTool(Shape):
    """A tool that the client offers and runs itself."""

    type: Literal["function"]
    function: Function


class NamedFunction(Shape):
    """Names one of the tools."""

    name: FunctionName


class NamedTool(Shape):
    """The tool that the model must call."""

    type: Literal["function"]
    function: NamedFunction


ToolChoice = Literal["auto", "none", "required"] | NamedTool

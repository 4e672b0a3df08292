"""The base of every configuration: frozen, and unknown keys are refused with the nearest known one."""

from __future__ import annotations

import difflib
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from samovar.core.errors import ConfigError


class Settings(BaseModel):
    """A frozen group of settings. Every field has a description with its unit."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    RENAMED: ClassVar[dict[str, str]] = {}
    """Keys of earlier versions, and what to write in their place."""


S = TypeVar("S", bound=Settings)
_NEAR = 0.7
"""Likeness (difflib's ratio) from which a key is taken for a misspelt one: 'nmae' is 0.75 like 'name', while of other
words 'questions' is 0.63 like 'iterations'."""


def parse_settings(kind: type[S], value: Any, *, source: str) -> S:
    """Read ``value`` as ``kind``; ``source`` names where it came from in the error.

    Raises:
        ConfigError: with every wrong key, type and range, one a line, and 'did you mean' for misspelt keys.
    """
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        problems = [_problem(kind, issue) for issue in error.errors()]
        raise ConfigError(
            f"{source}: " + "; ".join(problems), hint="`samovar config schema` lists every key with its meaning"
        ) from error


def _problem(kind: type[BaseModel], issue: Any) -> str:
    path = [part for part in issue["loc"] if not (isinstance(part, str) and part.startswith("function-"))]
    where = ".".join(str(part) for part in path) or "the file"
    if issue["type"] == "extra_forbidden":
        models = _models_at(kind, path[:-1])
        for model in models:
            if issubclass(model, Settings) and path[-1] in model.RENAMED:
                return f"'{where}' is a key of an earlier version: {model.RENAMED[path[-1]]}"
        keys = [name for model in models for name in model.model_fields]
        near = difflib.get_close_matches(str(path[-1]), keys, n=1, cutoff=_NEAR)
        return f"unknown key '{where}'" + (f" (did you mean '{near[0]}'?)" if near else "")
    if issue["type"] == "missing":
        return f"'{where}' is missing"
    return f"'{where}' is {issue['input']!r}: {issue['msg'][0].lower()}{issue['msg'][1:]}"


def _models_at(kind: type[BaseModel], path: list[Any]) -> list[type[BaseModel]]:
    """The group at ``path`` below ``kind``; of a union the one that ``path`` names, else all that it may be."""
    models: list[type[BaseModel]] = [kind]
    for part in path:
        found = [
            model
            for parent in models
            if isinstance(part, str) and part in parent.model_fields
            for model in _models_in(parent.model_fields[part].annotation)
        ]
        named = [model for model in models if isinstance(part, str) and _is_called(model, part)]
        models = found or named or models
    return models


def _is_called(model: type[BaseModel], name: str) -> bool:
    """Whether a field of ``model`` holds this name, by which a union tells it from others."""
    return any(field.default == name for field in model.model_fields.values())


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]

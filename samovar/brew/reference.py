"""Every key of the recipe with its type, default and meaning: for editors (JSON schema) and for people (a page)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from samovar.brew.recipe import Recipe

_HEADER = """\
# The recipe: every key of samovar.yaml

Written by `samovar config schema --markdown`. Every key may be left out; the defaults are those shown. Editors complete
and check the file with the output of `samovar config schema`.
"""


def recipe_schema() -> dict[str, Any]:
    """The JSON schema of samovar.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Recipe.model_json_schema()}


def recipe_reference() -> str:
    """The schema as a page of Markdown, one table a group."""
    schema = recipe_schema()
    lines = [_HEADER, *_table("The file", schema, schema)]
    seen: set[str] = set()
    for name, group in _groups(schema, schema):
        if name not in seen:
            seen.add(name)
            lines += _table(name, group, schema)
    return "\n".join(lines)


def _groups(group: dict[str, Any], schema: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every group of settings below ``group``, named by its path."""
    for key, field in group.get("properties", {}).items():
        for reference in _references(field):
            inner = schema["$defs"][reference]
            if "properties" in inner:
                is_item = "items" in field or any("items" in part for part in field.get("anyOf", []))
                path = f"{prefix}{key}[]" if is_item else f"{prefix}{key}"
                kinds = len(_references(field))
                yield (f"{path} ({reference})" if kinds > 1 else path), inner
                yield from _groups(inner, schema, f"{path}.")


def _references(field: Any) -> list[str]:
    if isinstance(field, dict):
        own = [field["$ref"].rsplit("/", 1)[-1]] if "$ref" in field else []
        return own + [name for key, value in field.items() if key != "$ref" for name in _references(value)]
    if isinstance(field, list):
        return [name for value in field for name in _references(value)]
    return []


def _table(title: str, group: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    lines = [f"## {title}", ""]
    if group.get("description"):
        lines += [" ".join(group["description"].split()), ""]
    lines += ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]
    for key, field in group.get("properties", {}).items():
        meaning = " ".join(field.get("description", "").split())
        default = "needed" if key in group.get("required", ()) else _default(field)
        cells = (f"`{key}`", _type(field, schema), default, meaning)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return [*lines, ""]


def _type(field: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in field:
        target = schema["$defs"][field["$ref"].rsplit("/", 1)[-1]]
        return "group" if "properties" in target else _type(target, schema)
    choices = field.get("anyOf") or field.get("oneOf")
    if choices:
        parts = [_type(part, schema) for part in choices]
        return " or ".join(dict.fromkeys(parts))
    if "enum" in field or "const" in field:
        return " or ".join(f"`{value}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), schema)}"
    if field.get("type") == "object":
        inner = field.get("additionalProperties")
        return f"map to {_type(inner, schema)}" if isinstance(inner, dict) else "map"
    return field.get("type", "any") + _range(field)


def _range(field: dict[str, Any]) -> str:
    signs = (
        ("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"),
        ("minLength", "length ≥"), ("maxLength", "length ≤"),
    )  # fmt: skip
    bounds = [f"{sign} {field[key]}" for key, sign in signs if key in field]
    return f", {', '.join(bounds)}" if bounds else ""


def _default(field: dict[str, Any]) -> str:
    value = field.get("default")
    if "default" not in field or (isinstance(value, (dict, list)) and "$ref" in str(field)):
        return "see below"
    return "none" if value is None else f"`{value}`"

"""Single values of a recipe's file changed, with its comments and its order left as they are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

from samovar.core.errors import ConfigError


def set_values(text: str, changes: Mapping[str, Any]) -> str:
    """``text`` with each ``section.key`` set; None takes the key away.

    Raises:
        ConfigError: the file is written in a way in which that cannot be done safely (aliases, a key that is no group).
    """
    for path, value in changes.items():
        section, key = path.split(".")
        before = yaml.safe_load(text) or {}
        if not isinstance(before.get(section) or {}, dict):
            raise ConfigError(f"'{section}' is no group of settings in the recipe", hint="`samovar config schema`")
        edited = _set(text, section, key, value)
        if (yaml.safe_load(edited) or {}) != _expected(before, section, key, value):
            raise ConfigError(
                f"{path} cannot be changed in place: the recipe is written in an uncommon way",
                hint="paste the lines yourself",
            )
        text = edited
    return text


def recipe_lines(changes: Mapping[str, Any]) -> str:
    """The changes as YAML to paste, grouped by section; keys to take away as comments."""
    lines: list[str] = []
    last = ""
    for path, value in changes.items():
        section, key = path.split(".")
        if section != last:
            lines.append(f"{section}:")
            last = section
        lines.append(f"  # {key}: leave it out" if value is None else f"  {key}: {_written(value)}")
    return "\n".join(lines)


def _expected(before: dict[str, Any], section: str, key: str, value: Any) -> dict[str, Any]:
    inner = dict(before.get(section) or {})
    if value is None:
        inner.pop(key, None)
    else:
        inner[key] = value
    return {**before, section: inner} if inner or section in before else before


def _set(text: str, section: str, key: str, value: Any) -> str:
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    group = _child(top, section)
    if group is None or not isinstance(group, yaml.MappingNode):
        return text if value is None else _with_line_end(text) + f"{section}:\n  {key}: {_written(value)}\n"
    old = _child(group, key)
    if old is not None and value is not None:
        start = next(name for name, _ in group.value if name.value == key).end_mark.index + 1
        return f"{text[:start]} {_written(value)}{text[_end(old) :]}"
    if old is not None:
        return _without(text, group, key)
    return text if value is None else _inserted(text, group, f"{key}: {_written(value)}")


def _written(value: Any) -> str:
    """In one line: groups in braces."""
    return yaml.safe_dump(value, default_flow_style=True, width=math.inf).removesuffix("\n...\n").strip()


def _end(node: yaml.Node) -> int:
    """Where it ends in the text; a block's own mark is where the next thing begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if getattr(name, "value", None) == key), None)


def _inserted(text: str, group: yaml.MappingNode, line: str) -> str:
    """The group with one more entry, before its first."""
    if group.flow_style or not group.value:
        inside = group.start_mark.index + 1
        return text[:inside] + line + (", " if group.value else "") + text[inside:]
    first = group.value[0][0].start_mark
    return text[: first.index] + line + "\n" + " " * first.column + text[first.index :]


def _without(text: str, group: yaml.MappingNode, key: str) -> str:
    name, value = next((name, value) for name, value in group.value if name.value == key)
    start, end = name.start_mark.index, _end(value)
    if group.flow_style:
        rest = text[end:]
        stripped = rest.lstrip()
        return text[:start] + (stripped[1:].lstrip() if stripped.startswith(",") else rest)
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    return text[:line_start] + ("" if line_end < 0 else text[line_end + 1 :])


def _with_line_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"

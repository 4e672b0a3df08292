"""Tools by name: every module in ``tools/`` is a tool, and its file name is its name."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable

from samovar.agent.tool import Tool
from samovar.core.errors import ConfigError

_PACKAGE = "samovar.agent.tools"


def tool_names() -> list[str]:
    """The names of all tools, sorted. Imports none of them."""
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(_PACKAGE).__path__))


def load_tools(names: Iterable[str]) -> list[Tool]:
    """The tools of these names, in this order.

    Raises:
        ConfigError: there is no such tool.
    """
    return [_load_tool(name) for name in names]


def _load_tool(name: str) -> Tool:
    names = tool_names()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"there is no tool {name!r}", hint=f"{meant}the tools are: {', '.join(names)}")
    module = importlib.import_module(f"{_PACKAGE}.{name}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Tool) and value.__module__ == module.__name__:
            return value()
    raise ConfigError(f"samovar/agent/tools/{name}.py defines no Tool", hint="give it a class that inherits Tool")

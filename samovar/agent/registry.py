"""Tools by name: every module in ``tools/`` is a tool, and its file name is its name."""

from __future__ import annotations

from collections.abc import Iterable

from samovar.agent.tool import Tool
from samovar.core.plugins import load_class, module_names

_PACKAGE = "samovar.agent.tools"


def tool_names() -> list[str]:
    """The names of all tools, sorted. Imports none of them."""
    return module_names(_PACKAGE)


def load_tools(names: Iterable[str]) -> list[Tool]:
    """The tools of these names, in this order.

    Raises:
        ConfigError: there is no such tool.
    """
    known = tool_names()
    return [load_class(_PACKAGE, name, Tool, names=known)() for name in names]

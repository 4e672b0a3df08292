"""Packages that only some people need, imported when they are."""

from __future__ import annotations

import importlib
from typing import Any

from samovar.core.errors import MissingError


def require(module: str, *, extra: str) -> Any:
    """The module of this name, which the extra ``extra`` brings.

    Raises:
        MissingError: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.split(".")[0]:
            raise  # it is there, and misses something itself
        raise MissingError(
            f"the package {module.split('.')[0]} is not installed", hint=f"pip install 'samovar[{extra}]'"
        ) from error

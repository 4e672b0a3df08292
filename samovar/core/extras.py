"""Packages that only some people need, imported when they are."""

from __future__ import annotations

import importlib
import shlex
import sys
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
        raise not_installed(module.split(".")[0], extra=extra) from error


def not_installed(package: str, *, extra: str) -> MissingError:
    """The error that says how to get ``package``.

    By the Python that runs: another one's pip does not find Samovar installed, and would fetch whatever has its name.
    """
    python = shlex.quote(sys.executable)
    return MissingError(f"the package {package} is not installed", hint=f"{python} -m pip install 'samovar[{extra}]'")

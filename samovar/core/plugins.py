"""A file's name is its registration: what the modules of a package are called, and which classes they define."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from typing import Any

from samovar.core.errors import ConfigError


def module_names(package: str, *, without: frozenset[str] = frozenset()) -> list[str]:
    """The names of the modules of ``package`` itself, sorted. Imports none of them."""
    modules = pkgutil.iter_modules(importlib.import_module(package).__path__)
    return sorted(module.name for module in modules if not module.ispkg and module.name not in without)


def classes_in(package: str, name: str, kind: type) -> list[Any]:
    """The classes of this ``kind`` that the module ``name`` of ``package`` defines."""
    module = importlib.import_module(f"{package}.{name}")
    classes = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, kind)]
    return [value for value in classes if value.__module__ == module.__name__]


def load_class(package: str, name: str, kind: type, *, names: list[str]) -> Any:
    """The class of this ``kind`` in the module ``name``, one of ``names``.

    Raises:
        ConfigError: there is no such module, or no such class in it.
    """
    what = kind.__name__
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        known = f"the {what.lower()}s are: {', '.join(names)}"
        raise ConfigError(f"there is no {what.lower()} {name!r}", hint=f"{meant}{known}")
    if classes := classes_in(package, name, kind):
        return classes[0]
    file = f"{package.replace('.', '/')}/{name}.py"
    raise ConfigError(f"{file} defines no {what}", hint=f"give it a class that inherits {what}")

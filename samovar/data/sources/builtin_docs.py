"""Docstrings of the modules that are written in C: they have no source to parse, and importing them does nothing."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

from samovar.data.sources.docstrings import Section, clean_docstring

# Module -> the name under which people know it.
_MODULES = {
    "array": "array",
    "_asyncio": "asyncio",
    "atexit": "atexit",
    "binascii": "binascii",
    "_bisect": "bisect",
    "builtins": "builtins",
    "_bz2": "bz2",
    "cmath": "cmath",
    "_codecs": "codecs",
    "_collections": "collections",
    "_contextvars": "contextvars",
    "_csv": "csv",
    "_ctypes": "ctypes",
    "errno": "errno",
    "faulthandler": "faulthandler",
    "fcntl": "fcntl",
    "_functools": "functools",
    "gc": "gc",
    "grp": "grp",
    "_hashlib": "hashlib",
    "_io": "io",
    "itertools": "itertools",
    "_json": "json",
    "_locale": "locale",
    "_lzma": "lzma",
    "marshal": "marshal",
    "math": "math",
    "mmap": "mmap",
    "_operator": "operator",
    "posix": "os",
    "_pickle": "pickle",
    "pwd": "pwd",
    "_queue": "queue",
    "_random": "random",
    "resource": "resource",
    "select": "select",
    "_signal": "signal",
    "_socket": "socket",
    "_sqlite3": "sqlite3",
    "_ssl": "ssl",
    "_struct": "struct",
    "sys": "sys",
    "termios": "termios",
    "_thread": "threading",
    "time": "time",
    "_tracemalloc": "tracemalloc",
    "unicodedata": "unicodedata",
    "_warnings": "warnings",
    "_weakref": "weakref",
    "pyexpat": "xml.parsers.expat",
    "zlib": "zlib",
}


def builtin_sections() -> Iterator[tuple[str, list[Section]]]:
    """Each module's name with its functions and classes, by name."""
    for name, known_as in sorted(_MODULES.items(), key=lambda item: item[1]):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue  # left out when this Python was built
        yield known_as, _sections(module, known_as)


def _sections(module: ModuleType, name: str) -> list[Section]:
    prefix = "" if name == "builtins" else f"{name}."
    sections = []
    for key, value in sorted(vars(module).items()):
        # A program may have put a hook of its own in place; the documents may not depend on it.
        if (
            key.startswith("_")
            or key.endswith("hook")
            or getattr(value, "__module__", None) not in {module.__name__, name}
        ):
            continue
        if inspect.isclass(value):
            section = Section(key, f"class {prefix}{key}", _text(value), True, _methods(value))
        elif callable(value):
            section = Section(key, _heading(value, prefix + key), _text(value))
        else:
            continue
        if section.text or section.sections:
            sections.append(section)
    return sections


def _methods(kind: type) -> list[Section]:
    """The public methods that ``kind`` itself documents; those with two underscores say the same in every class."""
    sections = []
    for key, value in sorted(vars(kind).items()):
        is_described = callable(value) or inspect.isdatadescriptor(value)
        if key.startswith("_") or not is_described:
            continue
        if text := _text(value):
            sections.append(Section(key, _heading(value, key) if callable(value) else key, text))
    return sections


def _heading(value: object, name: str) -> str:
    try:
        signature = str(inspect.signature(value))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return name
    return name + re.sub(r"\((?:self|\$self)(?:, /)?(?:, |(?=\)))", "(", signature).replace(", /", "")


def _text(value: object) -> str:
    doc = getattr(value, "__doc__", None)
    return clean_docstring(doc, level=3) if isinstance(doc, str) else ""

"""Which readers there are: a module of this package that names its suffixes is one."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

from samovar.core.plugins import module_names
from samovar.data.document import Document
from samovar.data.readers.input_file import InputFile

_PACKAGE = __name__.rpartition(".")[0]


class Format(NamedTuple):
    """A reader: its name, and what gives the documents of a file."""

    name: str
    read: Callable[[InputFile], Iterator[Document]]
    suffixes: tuple[str, ...] = ()
    is_isolated: bool = False
    has_magic: Callable[[bytes], bool] | None = None
    recognises: Callable[[str], bool] | None = None
    zip_parts: tuple[str, ...] = ()
    zip_types: tuple[bytes, ...] = ()
    reads_packed: tuple[str, ...] = ()
    is_general: bool = False

    @property
    def is_text(self) -> bool:
        """Whether what it reads is text, in some encoding."""
        return self.has_magic is None and not self.zip_parts and not self.zip_types


@cache
def all_formats() -> tuple[Format, ...]:
    """Every reader, in the order of their names."""
    modules = [importlib.import_module(f"{_PACKAGE}.{name}") for name in module_names(_PACKAGE)]
    return tuple(_format(module) for module in modules if hasattr(module, "SUFFIXES") and hasattr(module, "read"))


@cache
def formats() -> dict[str, Format]:
    """The reader for every known suffix."""
    return {suffix: format_ for format_ in all_formats() for suffix in format_.suffixes}


def format_named(name: str) -> Format:
    """The reader of this name."""
    return next(format_ for format_ in all_formats() if format_.name == name)


def _format(module: Any) -> Format:
    return Format(
        module.__name__.rpartition(".")[2],
        module.read,
        module.SUFFIXES,
        getattr(module, "IS_ISOLATED", False),
        getattr(module, "has_magic", None),
        getattr(module, "recognises", None),
        getattr(module, "ZIP_PARTS", ()),
        getattr(module, "ZIP_TYPES", ()),
        getattr(module, "READS_PACKED", ()),
        getattr(module, "IS_GENERAL", False),
    )

"""Docstrings of a module's source, with the signatures they belong to; the source is parsed, not run."""

from __future__ import annotations

import ast
import inspect
import re
import warnings
from dataclasses import dataclass, field

from samovar.data.plain_rst import plain_rst

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_LONG_SIGNATURE = 100
_SHOWN_ARGUMENTS = 6
_SHORTEST_COMMENT = 40
# Comments that part a file rather than tell of what follows.
_RULED = re.compile(r"[-=*#_]{5}")


@dataclass(slots=True)
class Section:
    """A function or class: the name, the line that introduces it, the text, and the sections of a class's methods."""

    name: str
    heading: str
    text: str
    is_class: bool = False
    sections: list[Section] = field(default_factory=list)

    def size(self) -> int:
        """Characters of text in it."""
        return len(self.text) + sum(section.size() for section in self.sections)

    def render(self, *, level: int) -> str:
        """As text, under a heading of ``level``."""
        parts = [f"{'#' * level} {self.heading}", self.text, *(part.render(level=level + 1) for part in self.sections)]
        return "\n\n".join(part for part in parts if part)


@dataclass(slots=True)
class ModuleDocs:
    """What a module says of itself and of what is in it."""

    name: str
    text: str
    sections: list[Section]


def module_docs(source: bytes, name: str) -> ModuleDocs:
    """The docstrings in ``source``.

    Raises:
        SyntaxError, ValueError: it is not valid Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in other people's strings
        tree = ast.parse(source)
    text = _doc(tree, level=1)
    return ModuleDocs(name, text, _Parsed(_lines(source)).sections(tree.body, name, level=2))


def _lines(source: bytes) -> list[str]:
    return source.decode("utf-8", "replace").splitlines()


def clean_docstring(doc: str, *, level: int) -> str:
    """A docstring as it reads below a heading of ``level``."""
    return plain_rst(inspect.cleandoc(doc), outermost_heading=level).strip()


def _doc(node: ast.Module | ast.ClassDef | _Function, *, level: int) -> str:
    doc = ast.get_docstring(node, clean=False)
    return clean_docstring(doc, level=level) if doc else ""


class _Parsed:
    """A parsed source with its lines, from which comments are read."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def sections(self, body: list[ast.stmt], prefix: str, *, level: int) -> list[Section]:
        sections: list[Section] = []
        for node in _definitions(body):
            if isinstance(node, ast.ClassDef):
                section = self._class(node, prefix, level=level)
            else:
                section = Section(node.name, f"{prefix}.{_heading(node)}".lstrip("."), self._text(node, level=level))
            if section.text or section.sections:
                sections.append(section)
        return sections

    def _class(self, node: ast.ClassDef, prefix: str, *, level: int) -> Section:
        methods = self.sections(node.body, "", level=level + 1)
        init = next((item for item in node.body if isinstance(item, _Function) and item.name == "__init__"), None)
        signature = f"{node.name}{_signature(init)}" if init else node.name
        bases = ", ".join(ast.unparse(base) for base in node.bases)
        text = self._text(node, level=level)
        if text and bases and bases != "object":
            text = f"Base classes: {bases}.\n\n{text}"
        return Section(node.name, f"class {prefix}.{signature}".replace(" .", " "), text, True, methods)

    def _text(self, node: ast.ClassDef | _Function, *, level: int) -> str:
        """The docstring, or, as help() does, the comment right above."""
        if _is_setter(node):
            return ""
        return _doc(node, level=level) or self._comment_above(node)

    def _comment_above(self, node: ast.ClassDef | _Function) -> str:
        number = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 2
        comment: list[str] = []
        while number >= 0 and self._lines[number].lstrip().startswith("#"):
            comment.append(self._lines[number].strip().lstrip("#").removeprefix(" "))
            number -= 1
        text = "\n".join(reversed(comment)).strip()
        return text if len(text) >= _SHORTEST_COMMENT and not _RULED.search(text) else ""


def _definitions(body: list[ast.stmt]) -> list[ast.ClassDef | _Function]:
    """Functions and classes of ``body``, also those under `if` and `try`."""
    found: list[ast.ClassDef | _Function] = []
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.append(node)
        elif isinstance(node, ast.If):
            found += _definitions(node.body) + _definitions(node.orelse)
        elif isinstance(node, ast.Try):
            found += _definitions(node.body)
    return found


def _is_setter(node: ast.ClassDef | _Function) -> bool:
    return any(isinstance(item, ast.Attribute) and item.attr in {"setter", "deleter"} for item in node.decorator_list)


def _heading(node: _Function) -> str:
    """The name with its signature; alone for properties, and for a constructor, as the class shows its signature."""
    names = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    if node.name == "__init__" or any(name.endswith("property") for name in names):
        return node.name
    return node.name + _signature(node)


def _signature(node: _Function) -> str:
    """The arguments without ``self``; only the first names where they are long."""
    arguments = node.args
    if arguments.args and arguments.args[0].arg in {"self", "cls"}:
        arguments = _without_first(arguments)
    written = ast.unparse(arguments)
    if len(written) > _LONG_SIGNATURE:
        names = [argument.arg for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        written = ", ".join(names[:_SHOWN_ARGUMENTS]) + ", ..."
    returns = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    return f"({written}){returns}"


def _without_first(arguments: ast.arguments) -> ast.arguments:
    copied = ast.arguments(**{name: getattr(arguments, name) for name in arguments._fields})
    if copied.posonlyargs:
        copied.posonlyargs = copied.posonlyargs[1:]
    else:
        copied.args = copied.args[1:]
    num_positional = len(copied.posonlyargs) + len(copied.args)
    copied.defaults = copied.defaults[-num_positional:] if num_positional else []
    return copied

"""The documentation of the Python that runs: real text that is on every machine.

It is made of the reference topics that ``help()`` shows (``pydoc_data``), the docstrings of the standard library, whose
sources are parsed and never imported, and those of the built-in modules, which have no source.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from samovar.data.account import FileAccount, ReadingAccount
from samovar.data.document import Document
from samovar.data.plain_rst import plain_rst
from samovar.data.settings import PYTHON_DOCS
from samovar.data.sources.builtin_docs import builtin_sections
from samovar.data.sources.docstrings import ModuleDocs, Section, module_docs

# Raised when the text that comes out changes.
READER_VERSION = "1"

_SKIPPED_FOLDERS = {
    "__pycache__",
    "dist-packages",
    "ensurepip",
    "idle_test",
    "idlelib",
    "lib-dynload",
    "lib2to3",
    "pydoc_data",
    "site-packages",
    "test",
    "tests",
    "turtledemo",
}
_SKIPPED_MODULES = {"__hello__", "__phello__", "antigravity", "this"}
# A class with less to say stands with the functions of its module.
_OWN_DOCUMENT_CHARACTERS = 600


class PythonDocsSource:
    """Reference topics, modules and classes: 950 documents of 2.6 million characters in Python 3.11."""

    label = PYTHON_DOCS

    def documents(self, account: ReadingAccount) -> Iterator[Document]:
        """One document a topic, a module, and a class that has much to say, in the order of their names."""
        yield from _counted(account, f"{PYTHON_DOCS}/topics", _topics())
        yield from _counted(account, f"{PYTHON_DOCS}/builtins", _builtins())
        for path in _modules(Path(sysconfig.get_path("stdlib"))):
            yield from _module(account, path)

    def fingerprint(self) -> dict[str, str]:
        """The version of Python, and of this reader."""
        version = ".".join(map(str, sys.version_info[:3]))  # sys.version tells who built it, and when
        return {PYTHON_DOCS: f"{version} reader {READER_VERSION}"}


def _document(name: str, text: str) -> Document:
    return Document(f"{PYTHON_DOCS}/{name}", text, PYTHON_DOCS, {"language": "en", "license": "PSF-2.0"})


def _counted(account: ReadingAccount, name: str, documents: Iterator[Document]) -> Iterator[Document]:
    row = FileAccount(name, format=PYTHON_DOCS)
    yield from row.counted(documents)
    account.close_file(row)


def _topics() -> Iterator[Document]:
    """The reference, from a module that holds a dictionary of texts and nothing else."""
    if importlib.util.find_spec("pydoc_data") is None:
        return
    from pydoc_data.topics import topics

    for name in sorted(topics):
        yield _document(f"topics/{name}", plain_rst(topics[name]).strip("\n"))


def _builtins() -> Iterator[Document]:
    for name, sections in builtin_sections():
        yield from _documents_of(ModuleDocs(name, "", sections), f"builtins/{name}")


def _modules(folder: Path) -> Iterator[tuple[Path, str]]:
    """The sources of the standard library with their dotted names, sorted."""
    found: list[tuple[str, Path]] = []
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name.isidentifier() and name not in _SKIPPED_FOLDERS]
        parts = Path(where).relative_to(folder).parts
        for file in files:
            stem, suffix = os.path.splitext(file)
            is_codec_table = parts == ("encodings",) and stem != "__init__"
            if suffix != ".py" or not stem.isidentifier() or stem == "__main__" or is_codec_table:
                continue
            if not stem.startswith("_sysconfigdata") and stem not in _SKIPPED_MODULES:
                name = ".".join(parts if stem == "__init__" else (*parts, stem))
                found.append((name, Path(where) / file))
    return iter([(path, name) for name, path in sorted(found)])


def _module(account: ReadingAccount, where: tuple[Path, str]) -> Iterator[Document]:
    path, name = where
    row = FileAccount(f"{PYTHON_DOCS}/{name}", format=PYTHON_DOCS)
    try:
        source = path.read_bytes()
        row.size_bytes = len(source)
        docs = module_docs(source, name)
    except (OSError, SyntaxError, ValueError) as error:
        row.reason = f"cannot be read: {type(error).__name__}"
    else:
        yield from row.counted(_documents_of(docs, name))
        if not row.documents:
            row.reason = "no docstrings"
    account.close_file(row)


def _has_own_document(section: Section) -> bool:
    return section.is_class and section.size() >= _OWN_DOCUMENT_CHARACTERS


def _documents_of(docs: ModuleDocs, name: str) -> Iterator[Document]:
    """The module with its functions and small classes, then each large class."""
    large = [section for section in docs.sections if _has_own_document(section)]
    small = [section.render(level=2) for section in docs.sections if not _has_own_document(section)]
    # Some modules begin with their own name, which the heading has already said.
    text = docs.text.removeprefix(docs.name).lstrip()
    parts = [text, *small] if text else small
    if body := "\n\n".join(parts):
        yield _document(name, f"# {docs.name}\n\n{body}")
    seen: dict[str, int] = {}
    for section in large:
        # A class may be defined twice, in the branches of an `if`.
        seen[section.name] = seen.get(section.name, 0) + 1
        suffix = f"#{seen[section.name]}" if seen[section.name] > 1 else ""
        yield _document(f"{name}.{section.name}{suffix}", section.render(level=1))

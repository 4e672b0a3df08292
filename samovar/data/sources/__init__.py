"""Where documents come from: folders of files, URIs, and the documentation of Python."""

from __future__ import annotations

from pathlib import Path

from samovar.core.files import fingerprint
from samovar.data.settings import PYTHON_DOCS, DataSettings
from samovar.data.sources.files import By, FilesSource
from samovar.data.sources.python_docs import PythonDocsSource
from samovar.data.sources.remote import RemoteSource
from samovar.data.sources.source import Source
from samovar.data.uri import is_uri


def source_fingerprint(settings: DataSettings, root: Path, by: By = "times") -> str:
    """A hash that changes when the documents may have; of files by names and sizes, and times or contents.

    Raises:
        MissingError: a source does not exist.
    """
    sources = make_sources(settings, root)
    return fingerprint([one.fingerprint(by) if isinstance(one, FilesSource) else one.fingerprint() for one in sources])


def make_sources(settings: DataSettings, root: Path) -> list[Source]:
    """The sources that ``settings`` name, below the project's folder ``root``."""
    seen_files: set[tuple[int, int]] = set()
    sources: list[Source] = []
    for source in settings.sources:
        if source.kind == PYTHON_DOCS:
            sources.append(PythonDocsSource())
        elif is_uri(source.path or ""):
            sources.append(RemoteSource(source, settings=settings))
        else:
            sources.append(FilesSource(source, root=root, settings=settings, seen_files=seen_files))
    return sources

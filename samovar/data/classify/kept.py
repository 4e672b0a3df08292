"""A trained classifier kept in a folder, so that workers and the report need not train it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from samovar.core.errors import CorruptError
from samovar.core.files import fingerprint
from samovar.data.classify.classifier import TextClassifier
from samovar.data.classify.examples import example_files


def kept_or_trained(
    folder: Path, settings: Any, paths: Iterable[str], train: Callable[[], TextClassifier]
) -> TextClassifier:
    """The classifier that ``train`` gives, from ``folder`` where it was kept for these settings and files.

    Training is deterministic: workers that begin together each train and keep the same, and no lock is needed.
    """
    path = (
        folder
        / f"classifier-{fingerprint([settings, [_state(file) for file in example_files(paths)]])[:16]}.safetensors"
    )
    if path.is_file():
        try:
            return TextClassifier.load(path)
        except CorruptError:
            pass  # trained anew
    classifier = train()
    classifier.save(path)
    return classifier


def _state(file: Path) -> list[Any]:
    """Name, size and time of change."""
    status = file.stat() if file.is_file() else None
    return [str(file), status and status.st_size, status and status.st_mtime_ns]

"""A folder that appears whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from samovar.core.artifact import partial_folder, put_in_place
from samovar.core.errors import ConfigError
from samovar.core.files import naming_os_errors


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A folder to write into, which becomes ``out`` when the block ends well, and vanishes when it does not.

    Raises:
        ConfigError: ``out`` holds something already.
        ResourceError: it cannot be written.
    """
    partial = partial_folder(out)
    with naming_os_errors(out):
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ConfigError(f"{out} is not empty", hint="name a new folder, or empty this one yourself")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
            # Some writers make files that nobody else may read.
            for path in partial.rglob("*"):
                path.chmod(partial.stat().st_mode & (0o777 if path.is_dir() else 0o666))
            put_in_place(partial, out)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise


def folder_facts(folder: Path) -> dict[str, object]:
    """What was written: names of the files, and their bytes together."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {"files": [path.name for path in files], "size_bytes": sum(path.stat().st_size for path in files)}

"""Detectors, one file a family; each file names its own in ``DETECTORS``, and that is its registration."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from samovar.data.personal.finding import Detector


@cache
def all_detectors() -> tuple[Detector, ...]:
    """The detectors of all families, in the order of the families' names."""
    found: list[Detector] = []
    for module_info in pkgutil.iter_modules(__path__):
        found += importlib.import_module(f"{__name__}.{module_info.name}").DETECTORS
    return tuple(found)

"""Detectors, one file a family; each file names its own in ``DETECTORS``, and that is its registration."""

from __future__ import annotations

import importlib
from functools import cache

from samovar.core.plugins import module_names
from samovar.data.personal.finding import Detector


@cache
def all_detectors() -> tuple[Detector, ...]:
    """The detectors of all families, in the order of the families' names."""
    found: list[Detector] = []
    for name in module_names(__name__):
        found += importlib.import_module(f"{__name__}.{name}").DETECTORS
    return tuple(found)

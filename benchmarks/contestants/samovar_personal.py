"""Samovar's finder of personal data, with the kinds and with or without RE2 as the job says."""

from __future__ import annotations

import json
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from samovar.data.personal.finder import PersonalFinder


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Find once to warm up and for the answers, then again against the clock."""
    work = json.loads(Path(job["job"]).read_text(encoding="utf-8"))
    finder = PersonalFinder(job["kinds"], uses_re2=job["uses_re2"])
    outcome: dict[str, Any] = {"documents_per_second": {}, "found": {}}
    for name, texts in work["texts"].items():
        found = [[(one.start, one.end, one.kind) for one in finder.find(text)] for text in texts]
        if job["gives_found"]:
            outcome["found"][name] = found
        started = time.perf_counter()
        for text in texts:
            finder.find(text)
        outcome["documents_per_second"][name] = len(texts) / (time.perf_counter() - started)
    secrets = PersonalFinder(["secret"])
    outcome["secret_lines"] = [bool(secrets.find(line)) for line in work["lines"]]
    outcome["all_documents_per_second"] = sum(outcome["documents_per_second"].values())
    packages = ("google-re2", "phonenumbers", "pymorphy3", "pymorphy3-dicts-ru", "faker")
    outcome["versions"] = {name: version(name) for name in packages}
    return outcome

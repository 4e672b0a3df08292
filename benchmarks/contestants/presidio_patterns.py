"""Presidio's pattern recognisers, and detect-secrets, by the Python of an environment that has them.

    PYTHON presidio_patterns.py job.json outcome.json

It runs by itself and imports nothing of this repository. Recognisers are called directly, without spaCy: that is the
least work that Presidio can do, and leaves out what it does with the words around.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any


def recognisers() -> list[Any]:
    """Those of the kinds that are compared."""
    import tldextract
    from presidio_analyzer import predefined_recognizers as known

    logging.disable(logging.CRITICAL)
    # Else it asks the network for the list of public suffixes, which its package brings along.
    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    names = ("CreditCard", "Email", "Iban", "Ip", "Phone", "UsSsn")
    return [getattr(known, f"{name}Recognizer")() for name in names]


def find(all_of_them: list[Any], text: str) -> list[tuple[int, int, str, float]]:
    """(start, end, kind, score) of all that they find."""
    return [
        (one.start, one.end, one.entity_type, one.score)
        for recogniser in all_of_them
        for one in recogniser.analyze(text, recogniser.supported_entities, None)
    ]


def secret_lines(lines: list[str]) -> list[bool]:
    """Whether detect-secrets, with its default plugins, finds a secret in each line."""
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings

    with default_settings():
        return [any(True for _ in scan_line(line)) for line in lines]


def main(job_path: Path, out: Path) -> None:
    """Find once to warm up and for the answers, then again against the clock."""
    job = json.loads(job_path.read_text(encoding="utf-8"))
    outcome: dict[str, Any] = {"documents_per_second": {}, "found": {}}
    all_of_them = recognisers()
    for name, texts in job["texts"].items():
        outcome["found"][name] = [find(all_of_them, text) for text in texts]
        started = time.perf_counter()
        for text in texts:
            find(all_of_them, text)
        outcome["documents_per_second"][name] = len(texts) / (time.perf_counter() - started)
    if job.get("lines"):
        outcome["secret_lines"] = secret_lines(job["lines"])
    outcome["versions"] = {name: version(name) for name in ("presidio-analyzer", "detect-secrets", "phonenumbers")}
    out.write_text(json.dumps(outcome), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""What is known of a file before it is opened: when it was changed, and the licence of the data set it belongs to."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from samovar.data.readers.input_file import InputFile

# Formats of data sets as Hugging Face keeps them, in a folder with a card.
_TABLE_SUFFIXES = (".parquet", ".arrow", ".jsonl", ".json", ".csv", ".tsv", ".zst", ".gz", ".ndjson", ".txt")
# A card stands in the folder of the file, or above folders such as data/ and data/train/.
_CARD_LEVELS = 3
_CARD_CHARACTERS = 20_000
_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?)^---[ \t]*\r?$", re.DOTALL | re.MULTILINE)


def file_facts(file: InputFile) -> dict[str, str]:
    """What holds for every document of the file."""
    if file.is_copy:
        return {}
    return {"modified": iso_time(file.path.stat().st_mtime)} | card_facts(file.path, file.name)


def card_facts(path: Path, name: str) -> dict[str, str]:
    """Licence and name of the data set that a file of this name may belong to; empty where there is no card."""
    if name.lower().endswith(_TABLE_SUFFIXES):
        folder = path.parent
        for _ in range(_CARD_LEVELS):
            if card := _card(folder):
                return card
            folder = folder.parent
    return {}


def iso_time(timestamp: float) -> str:
    """A time in seconds as ISO 8601 in UTC, to the second; '' where it is no time."""
    try:
        return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


@lru_cache(maxsize=256)
def _card(folder: Path) -> dict[str, str]:
    """Licence and name of the data set whose card (README.md, dataset_info.json) lies in ``folder``."""
    facts: dict[str, str] = {}
    try:
        with (folder / "README.md").open(encoding="utf-8", errors="replace") as file:
            facts = facts_of_card(file.read(_CARD_CHARACTERS))
    except OSError:
        pass
    try:
        with (folder / "dataset_info.json").open(encoding="utf-8", errors="replace") as file:
            info = json.loads(file.read(1 << 20))
        if isinstance(info, dict):
            for key, name in (("license", "licence"), ("dataset_name", "dataset")):
                if isinstance(info.get(key), str) and info[key].strip():
                    facts.setdefault(name, info[key].strip())
    except (OSError, ValueError, RecursionError):
        pass
    return facts


def facts_of_card(text: str) -> dict[str, str]:
    """Licence and name in the front matter of a data set's card, in Hugging Face's form."""
    import yaml

    front = _FRONT_MATTER.search(text)
    if front is None:
        return {}
    try:
        values = yaml.safe_load(front.group(1))
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    if not isinstance(values, dict):
        return {}
    facts = {}
    licence = values.get("license")
    if isinstance(licence, list):
        licence = ", ".join(str(name) for name in licence)
    if licence == "other" and values.get("license_name"):
        licence = values["license_name"]
    if licence:
        facts["licence"] = str(licence)[:200]
    if isinstance(values.get("pretty_name"), str):
        facts["dataset"] = values["pretty_name"][:200]
    return facts

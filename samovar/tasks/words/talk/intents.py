"""Intents from text files: ``en/weather.txt`` holds how people ask for the weather, and what to answer.

A file has three parts, each under a line of its own: ``# asked`` (phrasings, the most usual first: they are drawn more
often), ``# answered``, and ``# right if`` (regular expressions, one of which a right answer matches). ``{name}`` is the
assistant's name. A new intent is a new file in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from samovar.tasks.words.phrasing import Intent, lines

_PARTS = ("asked", "answered", "right if")


@cache
def load_intents(language: str) -> Mapping[str, Intent]:
    """All intents of a language by name.

    Raises:
        ValueError: a file lacks a part.
    """
    folder = files(__package__) / language
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.name.endswith(".txt")}
    return {name.removesuffix(".txt"): _parse(text, name) for name, text in sorted(texts.items())}


def _parse(text: str, name: str) -> Intent:
    parts: dict[str, str] = {}
    for block in f"\n{text}".split("\n# ")[1:]:
        title, _, body = block.partition("\n")
        parts[title.strip()] = body
    if tuple(parts) != _PARTS:
        raise ValueError(f"{name} has the parts {', '.join(parts)}; it must have {', '.join(_PARTS)}")
    return Intent(*(lines(parts[title]) for title in _PARTS))

"""Clean texts to plant faults in: all of them prose, none of them near another, none with anything personal in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import xxhash

from benchmarks.documents import by_turns
from samovar.core.errors import MissingError

_LEAST_CHARACTERS, _MOST_CHARACTERS = 900, 2_000
_WINDOW_WORDS = 12
_STORED_EVERY = 8
# A text that repeats more of its runs of five words has the fault already that is to be planted.
_MOST_REPEATED = 0.03
# Beyond them a text is a table, a listing of code or a list of names, of which nobody can say that it is clean prose.
_LEAST_LETTERS = 0.9
_LEAST_SENTENCE_LINES = 0.12
# What may be personal by itself, or is damage already.
_SUSPECT = re.compile(r"@|\d(?:[ .()+-]?\d){6}|\b\d{1,3}(?:\.\d{1,3}){3}\b|&#?\w+;|[Pp]assw|[Ss]ecret|[�Ã]|\bkey\s*=")
_LETTERS = re.compile(r"[^\W\d_]|[ \n]")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def clean_texts(folder: Path | None, *, max_characters: int) -> list[str]:
    """Texts of one to two thousand characters, at most ``max_characters`` in all.

    No run of 20 words stands in two of them, or twice in one, so that every repeat is a planted one.

    Args:
        folder: with the real sets that ``benchmarks.documents`` knows, or else with .txt and .md files; None for the
            documentation of the Python that runs.
    Raises:
        MissingError: there is no such text.
    """
    texts: list[str] = []
    size = 0
    for text in distinct(part for whole in _wholes(folder) for part in parts(whole) if is_prose(part)):
        texts.append(text)
        size += len(text)
        if size >= max_characters:
            break
    if not texts:
        raise MissingError(f"no clean text in {folder}", hint="name a folder with .txt or .md files, or none")
    return texts


def is_russian(text: str) -> bool:
    """Whether a third of its characters are Cyrillic letters."""
    return len(_CYRILLIC.findall(text)) * 3 > len(text)


def is_prose(text: str) -> bool:
    """Whether it is made of sentences and has nothing in it that looks like a fault."""
    if _SUSPECT.search(text) or len(_LETTERS.findall(text)) < _LEAST_LETTERS * len(text):
        return False
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    return sum(line.endswith((".", "!", "?", "…", "»", '"')) for line in lines) >= _LEAST_SENTENCE_LINES * len(lines)


def parts(text: str) -> Iterator[str]:
    """``text`` cut at blank lines into parts of about the wanted length; shorter rests are left out."""
    held: list[str] = []
    size = 0
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        block = paragraph.strip("\n").rstrip()
        if size and size + len(block) > _MOST_CHARACTERS:
            if size >= _LEAST_CHARACTERS:
                yield "\n\n".join(held)
            held, size = [], 0
        if block.strip() and len(block) <= _MOST_CHARACTERS:
            held.append(block)
            size += len(block) + 2
    if size >= _LEAST_CHARACTERS:
        yield "\n\n".join(held)


def distinct(texts: Iterable[str]) -> Iterator[str]:
    """The texts that share no run of 20 words with an earlier one, and repeat little themselves.

    Every eighth run of 12 words is remembered and every run is looked up: of 20 words in a row, one run is hit.
    """
    seen: set[int] = set()
    for text in texts:
        words = re.findall(r"\w+", text.lower())
        runs = [
            xxhash.xxh3_64_intdigest(" ".join(words[at : at + _WINDOW_WORDS]).encode())
            for at in range(len(words) - _WINDOW_WORDS + 1)
        ]
        if len(set(runs)) < len(runs) or not seen.isdisjoint(runs) or _repeated_share(words) > _MOST_REPEATED:
            continue
        seen.update(runs[::_STORED_EVERY])
        yield text


def _repeated_share(words: list[str]) -> float:
    """The share of the runs of five words that occurred before."""
    runs = list(zip(*(words[at:] for at in range(5)), strict=False))
    return 1 - len(set(runs)) / max(1, len(runs))


def _wholes(folder: Path | None) -> Iterator[str]:
    if folder is None:
        yield from _python_docs()
        return
    found = False
    for _, text in by_turns(folder):
        found = True
        yield text
    if not found:
        for path in sorted((*folder.rglob("*.txt"), *folder.rglob("*.md"))):
            yield path.read_text(encoding="utf-8", errors="replace")


def _python_docs() -> Iterator[str]:
    from samovar.data.account import ReadingAccount
    from samovar.data.sources.python_docs import PythonDocsSource

    for document in PythonDocsSource().documents(ReadingAccount()):
        yield document.text

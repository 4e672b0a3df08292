"""What a list of a language consists of."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["obscene", "insult", "hate"]
LEVELS: tuple[Level, ...] = ("hate", "obscene", "insult")
"""The gravest first: a word that is on several lists has the gravest level."""


class WordList(NamedTuple):
    """The words of one language, in the notation of ``samovar.data.lexicon``."""

    is_cyrillic: bool
    by_level: dict[Level, str]
    starred: dict[Level, str]
    """Plain words that are recognised when letters are replaced by stars or dots: f**k, х..й."""
    spaced: dict[Level, str]
    """Plain words that are recognised when their letters stand apart: f u c k, х-у-й."""
    unless: tuple[tuple[str, str], ...]
    """Entries, and words (a regular expression) in whose company, on either side, they mean something else."""

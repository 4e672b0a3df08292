"""The scores of all documents of a corpus: one by one on disk, and by language as counts from which quantiles come."""

from __future__ import annotations

import struct
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from samovar.core.files import naming_os_errors

_ROW = struct.Struct("<Hdd")
_BINS_A_BIT = 64


class Scored(NamedTuple):
    """What is known of a document. A language without a name stands for what could not be judged."""

    language: str
    bits_a_word: float
    bits_a_character: float

    @property
    def perplexity(self) -> float:
        """Per word."""
        return float(2.0**self.bits_a_word)


class Scores:
    """Takes the scores of documents, then gives them back in the same order.

    Memory: a count for every 64th of a bit that occurs, 20 kilobytes a language; 18 bytes a document lie on disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with naming_os_errors(folder):
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed on exit
        self._languages: dict[str, int] = {}
        self._names: list[str] = []
        self._bins: defaultdict[str, Counter[int]] = defaultdict(Counter)

    def add(self, scored: Scored) -> None:
        """Keep one more."""
        number = self._languages.setdefault(scored.language, len(self._languages))
        with naming_os_errors(self._folder):
            self._file.write(_ROW.pack(number, scored.bits_a_word, scored.bits_a_character))
        if scored.language:
            self._bins[scored.language][int(scored.bits_a_word * _BINS_A_BIT)] += 1

    def rewind(self) -> None:
        """Begin to give them back."""
        self._file.flush()
        self._file.seek(0)
        self._names = list(self._languages)

    def next(self) -> Scored:
        """The next one."""
        number, bits_a_word, bits_a_character = _ROW.unpack(self._file.read(_ROW.size))
        return Scored(self._names[number], bits_a_word, bits_a_character)

    @property
    def languages(self) -> dict[str, int]:
        """Judged documents by language, most first."""
        counts = {language: sum(bins.values()) for language, bins in self._bins.items()}
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def quantile(self, language: str, share: float) -> float:
        """The bits a word that at least ``share`` of the documents do not exceed, up to a 64th of a bit above."""
        wanted = share * sum(self._bins[language].values())
        below = 0
        for place, count in sorted(self._bins[language].items()):
            below += count
            if below >= wanted and below:
                return (place + 1) / _BINS_A_BIT
        return 0.0

    def floor(self, language: str, share: float) -> float:
        """The bits a word below which at most ``share`` of the documents lie, up to a 64th of a bit below."""
        wanted = share * sum(self._bins[language].values())
        below = 0
        for place, count in sorted(self._bins[language].items()):
            below += count
            if below > wanted:
                return place / _BINS_A_BIT
        return 0.0

    def __enter__(self) -> Scores:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

"""The rows of comma-separated text, and what to do where a quote is never closed: the csv module takes all that is
left for one cell."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator

from samovar.data.readers.input_file import LINE_CHARACTERS
from samovar.data.readers.problems import UnreadableError


def csv_rows(lines: Iterable[str], delimiter: str, *, on_open_quote: Callable[[int], None]) -> Iterator[list[str]]:
    """The rows of a table, streamed. Where a quote is never closed, each line of what would be one cell is a row.

    Args:
        lines: with their ends.
        on_open_quote: called with the number of the row where the quote begins, the head being 1.
    """
    csv.field_size_limit(LINE_CHARACTERS)
    taken = _Lines(iter(lines))
    reader = csv.reader(taken, delimiter=delimiter)
    number = 0
    while not taken.have_ended:
        taken.of_row.clear()
        row: list[str] | None = None
        is_open: bool
        try:
            row = next(reader, None)
            is_open = row is not None and taken.have_ended  # for a whole row no further line is asked for
        except csv.Error:  # a cell of over 16 million characters
            is_open = True
        if is_open:
            on_open_quote(number + 1)
            for line in taken.of_row:
                number += 1
                yield next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
        elif row is not None:
            number += 1
            yield row


def refuse_open_quote(row: int) -> None:
    """For ``on_open_quote`` where no row may be misread.

    Raises:
        UnreadableError: always.
    """
    raise UnreadableError(f"row {row} opens a quote that is never closed, or has a cell of over 16 million characters")


class _Lines:
    """Lines for the csv module, with those that it took for the row it is at."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.of_row: list[str] = []
        self.have_ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.have_ended = True
            raise StopIteration
        self.of_row.append(line.replace("\0", ""))  # Python would keep it in the text
        return self.of_row[-1]

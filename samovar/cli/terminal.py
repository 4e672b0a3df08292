"""What commands share with the terminal: arguments, JSON, tables, errors. Data on stdout, the rest on stderr."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from samovar.core.command_line import as_typed
from samovar.core.errors import CorruptError, MissingError, SamovarError

ProjectFolder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the project.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and make nothing.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to make.", show_default=False)]
RecipeFile = Annotated[
    Path | None,
    typer.Option("--recipe", metavar="FILE", help="Take the settings from this samovar.yaml.", show_default=False),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a setting, as --set pretrain.seed=1; may be repeated.",
        show_default=False,
    ),
]


_FIGURE = re.compile(r"(about )?([~<>≤≥±+−-]*\s?\d[\d,.]*(e[+-]?\d+)?(\s?([^\W\d_]|[%°/])+)?(\s|$))+")
"""What a cell of figures holds: numbers with their signs and units, as `about +1.2%`, `1h 02m` or `3.5 USD/h`."""
_NOTHING = {"", "-", "–", "—", "?"}
_ARTIFACT = re.compile(r"(?P<artifact>(?P<project>.*?)/?\.samovar/artifacts/[\w-]+)(?=[/ :])")
"""What an error begins with that is about a file of an artifact."""


def say(text: str = "") -> None:
    """A line for the person, on stderr."""
    print(text, file=sys.stderr, flush=True)


def say_next(*words: str | Path) -> None:
    """The command to type next, as a shell takes it: paths may hold spaces."""
    say(f"next: {as_typed(*words)}")


def print_json(value: Any) -> None:
    """The command's result for a machine, on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, on_stderr: bool = False) -> None:
    """A table for a person; columns where all cells are figures stand at the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=on_stderr, highlight=False)
    if not console.is_terminal:
        console.width = 160  # a file or a pipe has no width: never fold a figure there
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    rows = list(rows)
    for heading, *cells in zip(headings, *rows, strict=True):
        table.add_column(heading, justify="right" if _are_figures(cells) else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # not as markup: "[email]" is what a table says
    console.print(table)


def _are_figures(cells: Sequence[str]) -> bool:
    told = [cell for cell in cells if cell not in _NOTHING]
    return bool(told) and all(map(_FIGURE.fullmatch, told))


def counted(number: int, noun: str) -> str:
    """``1 vote``, ``2,000 votes``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """Line ends and control characters as spaces: it stays one line, and no text of a stranger steers the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def show_error(error: SamovarError) -> None:
    """What happened and what to do, on stderr."""
    say(f"error: {error.what}")
    hint = _how_to_make_again(error) or error.hint
    if hint:
        say(f"hint: {hint}")


def _how_to_make_again(error: SamovarError) -> str | None:
    """Of a damaged artifact of a project: it goes as a whole, since a brew makes only what is not there."""
    found = _ARTIFACT.match(error.what)
    if found is None or not isinstance(error, CorruptError | MissingError):
        return None
    brew = as_typed("samovar", "brew", found["project"] or ".")
    return f"delete the folder {found['artifact']}; `{brew}` then makes it again"

"""A row as a person can check it: what is learnt in colour, what is only read grey."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from samovar.chat.rows import Row
from samovar.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:
    from rich.text import Text

TARGET_STYLE = "bold green"
CONTEXT_STYLE = "dim"
MARK_STYLE = "reverse"


def show_row(row: Row, tokenizer: Tokenizer) -> Text:
    """The text of ``row``: targets in green, the rest dim, special tokens reversed; a count below."""
    from rich.text import Text

    marks = set(tokenizer.special_ids.values())
    shown = Text()
    tokens = zip(row.ids, row.is_target, strict=True)
    for (is_target, is_mark), group in groupby(tokens, key=lambda token: (token[1], token[0] in marks)):
        text = tokenizer.decode([number for number, _ in group], skip_special=False)
        style = TARGET_STYLE if is_target else CONTEXT_STYLE
        shown.append(text, style=f"{style} {MARK_STYLE}" if is_mark else style)
    shown.append(f"\n{sum(row.is_target)} of {len(row.ids)} tokens are targets (green)", style="italic")
    return shown

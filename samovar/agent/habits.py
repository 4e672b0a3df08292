"""How an assistant is run, whoever asks it: the server, an examination, or training by reward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Habits(NamedTuple):
    """What goes with a model that is to answer."""

    tools: Sequence[str] = ("calculator",)
    system: str | None = None
    max_rounds: int = 4
    announces_tools: bool = False
    verbatim_quotes: bool = False
    thinking: bool | None = None
    max_thought_tokens: int | None = None

"""Which assistant answers: the one that the recipe leads to, or the one that was made before a change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from samovar.cli.terminal import say

if TYPE_CHECKING:
    from samovar.brew.assistant import Assistant


def assistant_of(folder: Path) -> Assistant:
    """The assistant in ``folder`` to talk to; a word on stderr where the recipe leads to another by now.

    Raises:
        MissingError: none was made, or ``folder`` is neither a project nor a model's folder.
    """
    from samovar.brew.assistant import find_assistant

    found = find_assistant(folder, or_earlier=True)
    if found.is_earlier:
        say(
            f"{found.model.name} answers, which was made before: by now the recipe, the documents or Samovar differ, "
            "and `samovar brew` would make another"
        )
    return found

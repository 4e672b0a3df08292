"""How a command is written for a person to type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path


def as_typed(*words: str | Path) -> str:
    """A command as a shell takes it: paths may hold spaces."""
    return " ".join(
        word if re.fullmatch(r"[\w@%+=:,./~-]+", word) else shlex.quote(word) for word in (str(one) for one in words)
    )

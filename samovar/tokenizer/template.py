"""The chat template that every new tokenizer gets; the only place where one is chosen."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

TEMPLATE_FILE = "chat_template.jinja"


@lru_cache(maxsize=1)
def chat_template() -> str:
    """The text of the Jinja template."""
    return Path(__file__).with_name(TEMPLATE_FILE).read_text(encoding="utf-8")

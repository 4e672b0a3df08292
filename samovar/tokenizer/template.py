"""The chat template that every new tokenizer gets, and the one that a model brings; nothing else chooses one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from samovar.core.files import read_json

TEMPLATE_FILE = "chat_template.jinja"
OLDER_TEMPLATE_FILE = "chat_template.json"
PLAIN_TEMPLATE_FILE = "plain_template.jinja"


@lru_cache(maxsize=1)
def chat_template() -> str:
    """The text of the Jinja template: ChatML, with tools."""
    return Path(__file__).with_name(TEMPLATE_FILE).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def plain_template() -> str:
    """For base models whose vocabulary has no marks of turns: turns are told apart by words."""
    return Path(__file__).with_name(PLAIN_TEMPLATE_FILE).read_text(encoding="utf-8")


def read_template(folder: Path, config: Mapping[str, Any]) -> str:
    """The template beside the tokenizer in ``folder``, or inside its ``config`` as older folders have it; or nothing.

    Of several, which some models have, the one named ``default``, and ``tool_use`` where tools are listed.

    Raises:
        CorruptError: a file is not JSON.
    """
    path = folder / TEMPLATE_FILE
    if path.is_file():
        return path.read_text(encoding="utf-8")
    if "chat_template" not in config and (folder / OLDER_TEMPLATE_FILE).is_file():
        older = read_json(folder / OLDER_TEMPLATE_FILE)
        config = older if isinstance(older, dict) else {}
    template = config.get("chat_template")
    if isinstance(template, list):
        named = {one.get("name"): one.get("template") for one in template if isinstance(one, Mapping)}
        template, other = named.get("default", next(iter(named.values()), None)), named.get("tool_use")
        if isinstance(template, str) and isinstance(other, str) and other != template:
            template = f"{{% if tools %}}{other}{{% else %}}{template}{{% endif %}}"
    return template if isinstance(template, str) else ""

"""The chat template that every new tokenizer gets, and the one that a model brings; nothing else chooses one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from samovar.core.files import read_json

TEMPLATE_FILE = "chat_template.jinja"
OLDER_TEMPLATE_FILE = "chat_template.json"
OTHERS_FOLDER = "additional_chat_templates"
"""Holds a file for each template but the default one, ``tool_use.jinja`` for instance."""
PLAIN_TEMPLATE_FILE = "plain_template.jinja"
_TOLD = "<|tool_call|>"
_WRITING_CALLS = (
    "{%- set told = namespace(messages=[]) -%}{%- for m in messages -%}{%- set told.messages = told.messages + "
    "[{'role': m.role, 'content': (m.content or '') ~ '<|tool_call|>' ~ "
    "(m.tool_calls | map(attribute='function') | list | tojson)} if m.tool_calls else m] -%}"
    "{%- endfor -%}{%- set messages = told.messages -%}"
)
"""Begins a template as Granite 3's, which tells the model to write calls behind a mark, and itself writes none."""


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

    Of several, which some models have, the one named ``default``, and ``tool_use`` where tools are listed. One that
    only tells how calls are written also writes them so.

    Raises:
        CorruptError: a file is not JSON.
    """
    named = {file.stem: file.read_text(encoding="utf-8") for file in sorted((folder / OTHERS_FOLDER).glob("*.jinja"))}
    if (folder / TEMPLATE_FILE).is_file():
        named["default"] = (folder / TEMPLATE_FILE).read_text(encoding="utf-8")
    named = named or _in_settings(folder, config)
    template, other = named.get("default", next(iter(named.values()), "")), named.get("tool_use", "")
    if other and other != template:
        template = f"{{% if tools %}}{other}{{% else %}}{template}{{% endif %}}"
    return _WRITING_CALLS + template if _TOLD in template and "tool_calls" not in template else template


def _in_settings(folder: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """Templates by their names, as folders have them that were written before templates had files of their own."""
    if "chat_template" not in config and (folder / OLDER_TEMPLATE_FILE).is_file():
        older = read_json(folder / OLDER_TEMPLATE_FILE)
        config = older if isinstance(older, dict) else {}
    found = config.get("chat_template")
    several = found if isinstance(found, list) else [{"name": "default", "template": found}]
    named = {one.get("name"): one.get("template") for one in several if isinstance(one, Mapping)}
    return {str(name): template for name, template in named.items() if isinstance(template, str)}

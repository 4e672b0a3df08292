"""Which tokens are marks, that no text can forge, and where text looks like one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from samovar.tokenizer.decoding import BYTE_TOKEN
from samovar.tokenizer.roles import Roles

_OF_CALLS = re.compile(r"tool.?call|tool.?sep|python_tag|\[(ARGS|CALL_ID)\]", re.IGNORECASE)
_OF_THOUGHTS = re.compile(r"[<\[]/?think[>\]]", re.IGNORECASE)
_BRACKETED = re.compile(r"[<\[].+[>\]]", re.DOTALL)
_TAG_OF_HTML = re.compile(
    r"</?(table|caption|thead|tbody|tfoot|tr|th|td|h[1-6]|blockquote|strong|em|b|i|u|s|sub|sup|code|a|html|body|img"
    r"|span|bbox|p|br|ul|ol|li|div|iframe|footer)>"
)
"""Words of Gemma, one of which is another family's end of a document."""


def vocabulary(parts: Mapping[str, Any]) -> Mapping[str, int]:
    """Token -> id of the model alone, without added tokens; Unigram writes it as a list."""
    vocabulary = parts["model"]["vocab"]
    if isinstance(vocabulary, list):
        return {piece: number for number, (piece, _) in enumerate(vocabulary)}
    return dict(vocabulary)


def is_mark(token: Mapping[str, Any]) -> bool:
    """Whether an added token is one that no text may forge: a special one, or one that looks like <tool_call>."""
    looks_so = _BRACKETED.fullmatch(token["content"]) is not None
    return bool(token["special"]) or (looks_so and not _TAG_OF_HTML.fullmatch(token["content"]))


def is_of_calls(mark: str) -> bool:
    """Whether it is one that families write their calls of tools with."""
    return _OF_CALLS.search(mark) is not None


def is_read(mark: str) -> bool:
    """Whether it is read as words are: it tells what is a call, or a thought."""
    return is_of_calls(mark) or _OF_THOUGHTS.fullmatch(mark) is not None


def forgotten(parts: Mapping[str, Any], vocabulary: Mapping[str, int], roles: Roles) -> list[dict[str, Any]]:
    """Special tokens that the configuration names, and the file has among its words only."""
    known = {token["content"] for token in parts.get("added_tokens", [])}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return [
        {"id": vocabulary[token], "content": token, **plain}
        for token in dict.fromkeys(roles.texts.values())
        if token not in known and token in vocabulary
    ]


def unreadable(parts: Mapping[str, Any], roles: Roles, chat_template: str) -> frozenset[str]:
    """Marks for which the embedding has no row, and which nothing writes.

    Gemma 3 of 270M and 1B has such a one for pictures, which only its larger sisters see; others have one for padding.
    """
    if roles.num_rows is None:
        return frozenset()
    needed = {roles.texts.get(name) for name in ("bos_token", "eos_token", "unk_token")}
    return frozenset(
        token["content"]
        for token in parts.get("added_tokens", [])
        if token["id"] >= roles.num_rows
        and token["id"] not in roles.stop_ids
        and token["content"] not in needed
        and token["content"] not in chat_template
    )


def forgeable(vocabulary: Mapping[str, int], marks: Mapping[str, int], *, has_bytes: bool) -> re.Pattern[str] | None:
    """Finds in text what the model itself could take for a mark or a byte, because it is among its words."""
    words = [re.escape(mark) for mark in sorted(marks, key=len, reverse=True) if mark in vocabulary and len(mark) > 1]
    words += [BYTE_TOKEN.pattern.replace("(", "(?:")] if has_bytes else []
    return re.compile("|".join(words)) if words else None

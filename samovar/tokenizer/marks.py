"""Which tokens are marks, that no text can forge, and where text looks like one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from samovar.tokenizer.decoding import BYTE_TOKEN
from samovar.tokenizer.roles import Roles

_BRACKETED = re.compile(r"[<\[].+[>\]]", re.DOTALL)


def vocabulary(parts: Mapping[str, Any]) -> Mapping[str, int]:
    """Token -> id of the model alone, without added tokens; Unigram writes it as a list."""
    vocabulary = parts["model"]["vocab"]
    if isinstance(vocabulary, list):
        return {piece: number for number, (piece, _) in enumerate(vocabulary)}
    return dict(vocabulary)


def is_mark(token: Mapping[str, Any]) -> bool:
    """Whether an added token is one that no text may forge: a special one, or one that looks like <tool_call>."""
    return bool(token["special"]) or _BRACKETED.fullmatch(token["content"]) is not None


def forgotten(parts: Mapping[str, Any], vocabulary: Mapping[str, int], roles: Roles) -> list[dict[str, Any]]:
    """Special tokens that the configuration names, and the file has among its words only."""
    known = {token["content"] for token in parts.get("added_tokens", [])}
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return [
        {"id": vocabulary[token], "content": token, **plain}
        for token in dict.fromkeys(roles.texts.values())
        if token not in known and token in vocabulary
    ]


def forgeable(vocabulary: Mapping[str, int], marks: Mapping[str, int], *, has_bytes: bool) -> re.Pattern[str] | None:
    """Finds in text what the model itself could take for a mark or a byte, because it is among its words."""
    words = [re.escape(mark) for mark in sorted(marks, key=len, reverse=True) if mark in vocabulary and len(mark) > 1]
    words += [BYTE_TOKEN.pattern.replace("(", "(?:")] if has_bytes else []
    return re.compile("|".join(words)) if words else None

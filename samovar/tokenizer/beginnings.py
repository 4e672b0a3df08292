"""What a tokenizer puts before a text by itself: a space, so that a first word is written as any other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

Prefixed = Literal["never", "first", "always"]
"""Which stretches of a text between special tokens get a space in front: none, the one that begins it, each."""


def prefixed(parts: Mapping[str, Any]) -> Prefixed:
    """Which stretches get a space in front, under the tokenizer of these ``parts`` of a ``tokenizer.json``."""
    found: Prefixed = "never"
    for step in _steps(parts):
        scheme = _scheme(step)
        if scheme == "always":
            return scheme
        if scheme == "first":
            found = scheme
    return found


def without_prefix(parts: Mapping[str, Any]) -> dict[str, Any]:
    """The same tokenizer for text that goes on where other text ends: nothing is put in front."""
    return {
        **parts,
        "normalizer": _plain(parts.get("normalizer"), "normalizers"),
        "pre_tokenizer": _plain(parts.get("pre_tokenizer"), "pretokenizers"),
    }


def _steps(parts: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind, inner in (("normalizer", "normalizers"), ("pre_tokenizer", "pretokenizers")):
        step = parts.get(kind)
        if step:
            yield from step.get(inner, [step])


def _scheme(step: Mapping[str, Any]) -> Prefixed:
    if step["type"] == "Prepend" or (step["type"] == "ByteLevel" and step.get("add_prefix_space")):
        return "always"
    if step["type"] == "Metaspace" and step.get("add_prefix_space", True):
        scheme: Prefixed = step.get("prepend_scheme", "always")
        return scheme
    return "never"


def _plain(step: Any, inner: str) -> Any:
    if not step:
        return step
    if inner in step:
        return {**step, inner: [plain for one in step[inner] if (plain := _plain(one, inner)) is not None]}
    if step["type"] == "Prepend":
        return None
    if step["type"] == "Metaspace":
        kept = {key: value for key, value in step.items() if key != "add_prefix_space"}
        return {**kept, "prepend_scheme": "never"}
    return {**step, "add_prefix_space": False} if step["type"] == "ByteLevel" else step

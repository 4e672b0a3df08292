"""What tokens say: their bytes, as the decoder in a ``tokenizer.json`` describes it.

Two kinds are known. Byte-level tokenizers (GPT-2, Llama 3, Qwen) write bytes in an alphabet of printable letters. Those
that come from SentencePiece (Llama 1 and 2, Mistral, Gemma, Baichuan) write text with a letter for the space, and what
they have no piece for as tokens of single bytes, ``<0xE2>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from samovar.tokenizer.byte_alphabet import token_bytes

BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class Decoding(NamedTuple):
    """How a token becomes bytes."""

    is_byte_level: bool = False
    """Whether its letters stand for bytes."""
    replaced: tuple[tuple[str, str], ...] = ()
    """Parts of a token that are written otherwise in text, as the letter for the space."""
    has_byte_tokens: bool = False
    """Whether ``<0xE2>`` is a byte."""
    leading_spaces: int = 0
    """Spaces that encoding puts before a text, and that are no part of it."""

    def bytes_of(self, token: str) -> bytes:
        """What ``token`` stands for."""
        if self.is_byte_level:
            raw = token_bytes(token)
            return token.encode() if raw is None else raw
        for before, after in self.replaced:
            token = token.replace(before, after)
        if self.has_byte_tokens and (found := BYTE_TOKEN.fullmatch(token)):
            return bytes([int(found[1], 16)])
        return token.encode()


def read_decoding(decoder: Mapping[str, Any] | None) -> Decoding:
    """The decoding that the file's ``decoder`` describes.

    Raises:
        ValueError: it is of a kind that is not known here.
    """
    found = Decoding()
    is_joined = False
    for step in _steps(decoder):
        kind = step["type"]
        if kind == "ByteLevel":
            found = found._replace(is_byte_level=True)
        elif kind == "Metaspace":
            prefixed = step.get("prepend_scheme", "always") != "never" and step.get("add_prefix_space", True)
            found = found._replace(
                replaced=(*found.replaced, (step["replacement"], " ")), leading_spaces=1 if prefixed else 0
            )
        elif kind == "Replace" and "String" in step["pattern"] and not is_joined:
            found = found._replace(replaced=(*found.replaced, (step["pattern"]["String"], step["content"])))
        elif kind == "ByteFallback":
            found = found._replace(has_byte_tokens=True)
        elif kind == "Fuse":
            is_joined = True
        elif kind == "Strip" and is_joined and step["content"] == " " and not step["stop"]:
            found = found._replace(leading_spaces=step["start"])
        else:
            raise ValueError(f"its decoder has a step {kind!r} that is not known here")
    if not (found.is_byte_level or found.replaced):
        raise ValueError("it is neither a byte-level tokenizer nor one that comes from SentencePiece")
    return found


def _steps(decoder: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    if decoder is None:
        return []
    return list(decoder["decoders"]) if decoder["type"] == "Sequence" else [decoder]

"""The printable letters by which byte-level tokenizers write down bytes.

Source: the GPT-2 tokenizer; each byte that is printable in Latin-1 stands for itself, the others follow from U+0100.
"""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1)
def byte_of_letter() -> dict[str, int]:
    """Letter of the alphabet -> the byte that it stands for; all 256 bytes."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = sorted(set(range(256)) - set(printable))
    letters = {chr(byte): byte for byte in printable}
    letters.update({chr(0x100 + place): byte for place, byte in enumerate(hidden)})
    return letters


def token_bytes(token: str) -> bytes | None:
    """The bytes that ``token`` stands for; None when it is not written in the alphabet."""
    letters = byte_of_letter()
    try:
        return bytes(letters[letter] for letter in token)
    except KeyError:
        return None

"""Tokens as the API names them, with their probabilities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from samovar.engine.request import TokenLogprobs
from samovar.serve.shapes.chat import TokenLogprob
from samovar.tokenizer.tokenizer import Tokenizer

LOWEST = -9999.0
"""Stands for minus infinity, which JSON has not; OpenAI's API says the same."""


def token_bytes(tokenizer: Tokenizer, token: int) -> bytes:
    """The bytes of a token; of a mark, its name."""
    return tokenizer.decode_bytes((token,), skip_special=False)


def token_text(tokenizer: Tokenizer, token: int) -> str:
    """The text of a token; of one that is but a part of a letter, its bytes in OpenAI's form: ``bytes:\\xd0``.

    Different tokens must have different names: texts are the keys of what was likely.
    """
    raw = token_bytes(tokenizer, token)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)


def chat_logprobs(tokenizer: Tokenizer, tokens: Iterable[TokenLogprobs]) -> Iterator[TokenLogprob]:
    """As chat completions tell them."""
    for one in tokens:
        yield {
            "token": token_text(tokenizer, one.token),
            "logprob": max(one.logprob, LOWEST),
            "bytes": list(token_bytes(tokenizer, one.token)),
            "top_logprobs": [
                {
                    "token": token_text(tokenizer, token),
                    "logprob": max(logprob, LOWEST),
                    "bytes": list(token_bytes(tokenizer, token)),
                }
                for token, logprob in one.top
            ],
        }

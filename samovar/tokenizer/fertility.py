"""How dearly a tokenizer writes each language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from samovar.tokenizer.tokenizer import Tokenizer, whole_unicode

_WORD = re.compile(r"\w+")
_TEXTS_AT_ONCE = 64


class Fertility(NamedTuple):
    """What ``num_words`` words of a language cost."""

    num_texts: int
    num_words: int
    num_tokens: int
    num_bytes: int

    @property
    def tokens_per_word(self) -> float:
        """Tokens, those of spaces and punctuation too, for each word; lower is better."""
        return self.num_tokens / max(1, self.num_words)

    @property
    def bytes_per_token(self) -> float:
        """Bytes of UTF-8 that a token stands for; higher is better."""
        return self.num_bytes / max(1, self.num_tokens)


def fertility(tokenizer: Tokenizer, texts_by_language: Mapping[str, Iterable[str]]) -> dict[str, dict[str, float]]:
    """For each language: tokens per word, bytes per token, and the counts that they come from.

    The texts are read once, as streams. A language without text is left out.
    """
    measured = {language: measure(tokenizer, texts) for language, texts in texts_by_language.items()}
    return {
        language: {
            "tokens_per_word": round(one.tokens_per_word, 3),
            "bytes_per_token": round(one.bytes_per_token, 3),
            **one._asdict(),
        }
        for language, one in measured.items()
        if one.num_tokens
    }


def measure(tokenizer: Tokenizer, texts: Iterable[str]) -> Fertility:
    """Count texts, words, tokens and bytes of ``texts``."""
    num_texts = num_words = num_tokens = num_bytes = 0
    for some in _in_batches(iter(texts)):
        num_texts += len(some)
        num_words += sum(len(_WORD.findall(text)) for text in some)
        num_bytes += sum(len(whole_unicode(text).encode()) for text in some)
        num_tokens += sum(map(len, tokenizer.encode_batch(some)))
    return Fertility(num_texts, num_words, num_tokens, num_bytes)


def _in_batches(texts: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(texts, _TEXTS_AT_ONCE)):
        yield some

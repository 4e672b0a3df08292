"""Settings of the tokenizer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from samovar.core.settings import Settings
from samovar.tokenizer.special import MIN_VOCAB_SIZE


class TokenizerSettings(Settings):
    """How the tokenizer is trained."""

    vocab_size: int = Field(4096, ge=MIN_VOCAB_SIZE, le=1_000_000)
    """Tokens in all: the 256 bytes, the learnt merges and the special tokens."""

    split: Literal["qwen2", "llama3"] = "qwen2"
    """Pattern that cuts text into words before merging: 'qwen2' makes every digit a token of its own (and composes
    letters with their accents, NFC), 'llama3' keeps up to three digits together."""

    min_frequency: int = Field(2, ge=1)
    """How often a pair must occur in the text to be merged, in occurrences."""

    max_token_bytes: int = Field(32, ge=2)
    """Longest learnt token, in bytes: without a bound, ruler lines and indents of documents fill the vocabulary."""

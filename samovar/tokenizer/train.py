"""Learn a byte-level BPE vocabulary from texts, with a split that other encoders know."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers, processors, trainers
from tokenizers import Tokenizer as Backend

from samovar.core.errors import DataError
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.special import CONTROL_TOKENS, SPECIAL_TOKENS
from samovar.tokenizer.template import chat_template
from samovar.tokenizer.tokenizer import Tokenizer, whole_unicode

# Letter for letter those of the published tokenizers: converters to other formats refuse a pattern they don't know.
_DIGITS = {"qwen2": r"\p{N}", "llama3": r"\p{N}{1,3}"}
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|DIGITS| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

SPLIT_PATTERNS = {name: _SPLIT.replace("DIGITS", digits) for name, digits in _DIGITS.items()}
"""Split, as the settings name it -> the regular expression that cuts text into words."""

_log = logging.getLogger(__name__)


def train_tokenizer(texts: Iterable[str], settings: TokenizerSettings) -> Tokenizer:
    """Learn a tokenizer from ``texts``, which are read once, as a stream.

    The same texts in the same order give the same tokenizer. Memory holds each different word of the texts once. A text
    too small for ``vocab_size`` gives fewer tokens, and a warning in the log.

    Raises:
        DataError: there is no text.
    """
    backend = _untrained(settings)
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocab_size - len(SPECIAL_TOKENS),
        min_frequency=settings.min_frequency,
        # The library takes the length that is too long.
        max_token_length=settings.max_token_bytes + 1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_some_text(texts), trainer)
    backend.add_tokens(
        [AddedToken(token, normalized=False, special=token in CONTROL_TOKENS) for token in SPECIAL_TOKENS]
    )
    tokenizer = Tokenizer(backend.to_str(pretty=True), chat_template())
    if tokenizer.vocab_size < settings.vocab_size:
        _log.warning(
            "the tokenizer has %d tokens instead of %d: the text has no more pairs that occur %d times",
            tokenizer.vocab_size,
            settings.vocab_size,
            settings.min_frequency,
        )
    return tokenizer


def _untrained(settings: TokenizerSettings) -> Backend:
    backend = Backend(models.BPE())
    if settings.split == "qwen2":
        backend.normalizer = normalizers.NFC()
    pattern = Regex(SPLIT_PATTERNS[settings.split])
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern, behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
        ]
    )
    backend.post_processor = processors.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    return backend


def _some_text(texts: Iterable[str]) -> Iterator[str]:
    """Pass ``texts`` on; refuse when all of them are blank."""
    has_text = False
    for text in texts:
        has_text = has_text or bool(text.strip())
        yield whole_unicode(text)
    if not has_text:
        raise DataError(
            "the tokenizer has no text to learn from: every document is empty",
            hint="look at the data stage's report: it lists what was dropped, and why",
        )

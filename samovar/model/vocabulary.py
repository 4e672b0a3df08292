"""Whether a tokenizer and a model belong together."""

from __future__ import annotations

from pathlib import Path

from samovar.core.errors import CorruptError
from samovar.model.encoder_settings import EncoderSettings
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.pair_tokenizer import PairTokenizer
from samovar.tokenizer.tokenizer import Tokenizer


def check_vocabulary(
    tokenizer: Tokenizer | PairTokenizer, settings: DecoderSettings | EncoderSettings, folder: Path
) -> None:
    """Refuse a tokenizer with ids for which the embedding has no row.

    Raises:
        CorruptError: it has such ids.
    """
    if tokenizer.vocab_size > settings.vocab_size:
        raise CorruptError(
            f"the tokenizer in {folder} does not fit the model: it has ids up to {tokenizer.vocab_size - 1}, and the "
            f"embedding has {settings.vocab_size} rows",
            hint="the two are of different models: copy or fetch the folder again",
        )

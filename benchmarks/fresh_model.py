"""A tokenizer trained on a contest's own texts, and weights drawn at random, for ours and for peers alike."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from samovar.model.settings import DecoderSettings
    from samovar.tokenizer.tokenizer import Tokenizer

MODEL, TOKENIZER = "model", "tokenizer"


def fresh_tokenizer(folder: Path, texts: Iterable[str], *, vocab_size: int) -> Tokenizer:
    """The tokenizer, which stands in ``tokenizer/`` of the folder as well."""
    from samovar.tokenizer.settings import TokenizerSettings
    from samovar.tokenizer.train import train_tokenizer

    tokenizer = train_tokenizer(texts, TokenizerSettings(vocab_size=vocab_size))
    tokenizer.save(folder / TOKENIZER)
    return tokenizer


def fresh_model(folder: Path, shape: DecoderSettings) -> str:
    """Write a model of this shape into ``model/`` of the folder, with its tokenizer, in float32; gives its path."""
    import torch

    from samovar.model.checkpoint import save_model
    from samovar.model.decoder import Decoder
    from samovar.model.initialization import initialize

    model = Decoder(shape)
    initialize(model, 0)
    save_model(model, folder / MODEL, tokenizer_folder=folder / TOKENIZER, dtype=torch.float32)
    return str(folder / MODEL)

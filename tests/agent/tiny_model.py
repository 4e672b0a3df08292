"""A model folder with random weights, small enough to make in a test."""

from __future__ import annotations

from pathlib import Path

from samovar.model.checkpoint import save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.tokenizer import Tokenizer

CONTEXT = 256


def save_tiny_model(folder: Path, tokenizer: Tokenizer, *, context: int = CONTEXT) -> Path:
    settings = DecoderSettings(
        vocab_size=tokenizer.vocab_size,
        hidden_size=32,
        intermediate_size=64,
        num_layers=2,
        num_heads=2,
        num_kv_heads=1,
        head_dim=16,
        max_positions=context,
    )
    tokenizer.save(folder)
    model = Decoder(settings)
    initialize(model, 0)
    save_model(model, folder)
    return folder

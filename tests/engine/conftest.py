from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from samovar.engine.engine import Engine
from samovar.model.checkpoint import save_model
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

TEXTS = ["The samovar sang on the table, and the tea was hot.", "Самовар пел на столе, и чай был горячим."] * 3


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(TEXTS, TokenizerSettings(vocab_size=320))


@pytest.fixture(scope="session")
def model(tokenizer: Tokenizer) -> Decoder:
    settings = DecoderSettings(
        vocab_size=384,
        hidden_size=32,
        intermediate_size=64,
        num_layers=2,
        num_heads=4,
        num_kv_heads=2,
        head_dim=16,
        max_positions=96,
    )
    torch.manual_seed(7)
    decoder = Decoder(settings)
    with torch.no_grad():
        for parameter in decoder.parameters():
            parameter.normal_(0.0 if parameter.ndim > 1 else 1.0, 0.3)
        # The ends of turns are made unlikely, so that answers have some length.
        decoder.embed_tokens.weight[[tokenizer.eos_id, tokenizer.document_end_id]] *= 0.01
    return decoder.eval().requires_grad_(False)


@pytest.fixture
def make_engine(model: Decoder, tokenizer: Tokenizer) -> Callable[..., Engine]:
    return lambda **options: Engine(model, tokenizer, **({"max_batch": 4} | options))


@pytest.fixture
def source(model: Decoder, tokenizer: Tokenizer, tmp_path: Path) -> Path:
    """The model and its tokenizer in a folder."""
    folder = tmp_path / "source"
    tokenizer.save(folder)
    save_model(model, folder)
    return folder

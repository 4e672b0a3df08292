"""A tiny assistant and preferences whose truth is known."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from samovar.model.checkpoint import save_model
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.train import train_tokenizer

THINGS = ("cup", "lid", "tap", "jar", "pot", "tray", "spoon", "plate")
KIND, RUDE = ("please", "thanks", "kindly"), ("now", "fool", "hurry")


def tiny_model(
    folder: Path,
    *,
    width: int = 48,
    layers: int = 2,
    family: str = "qwen3",
    positions: int = 128,
    is_tied: bool = True,
    **shape: Any,
) -> Path:
    """A folder with random weights and a tokenizer of these words; ``shape`` has further settings of the decoder."""
    texts = [
        f"{asks(thing)} Pass the {thing} and the {thing} {thing} {word}." for thing in THINGS for word in (*KIND, *RUDE)
    ] * 5
    tokenizer = train_tokenizer(texts, TokenizerSettings(vocab_size=380))
    tokenizer.save(folder)
    model = Decoder(
        DecoderSettings(
            family=family, vocab_size=tokenizer.vocab_size, hidden_size=width, intermediate_size=2 * width,
            num_layers=layers, max_positions=positions, tie_embeddings=is_tied,
            **{"num_heads": 2, "num_kv_heads": 1, "head_dim": 16, **shape},
        )
    )  # fmt: skip
    initialize(model, 0)
    save_model(model, folder, tokenizer_folder=folder)
    return folder


def asks(thing: str) -> str:
    return f"How do I ask for the {thing}?"


def pairs(count: int, *, seed: int = 0) -> list[dict[str, str]]:
    """To ask politely is better than to be rude: the last word tells."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        thing, other = draw.choice(THINGS), draw.choice(THINGS)
        start = f"Pass the {thing} and the {other} {draw.choice(THINGS)}"
        rows.append({
            "prompt": asks(thing),
            "chosen": f"{start} {draw.choice(KIND)}.",
            "rejected": f"{start} {draw.choice(RUDE)}.",
        })  # fmt: skip
    return rows


def write_rows(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path

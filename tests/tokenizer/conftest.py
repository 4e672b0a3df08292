from __future__ import annotations

from collections.abc import Callable

import pytest

from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer

TEXTS = [
    "A cat sat on the mat and looked at the river; it didn't move for 1234 seconds.\n\n  Then it ran.",
    "Кошка сидела на коврике и смотрела на реку; она не двигалась 1234 секунды.\n\tПотом она побежала.",
    "def answer(question):\n    return {'text': question.strip(), 'number': 42}\n",
] * 4


@pytest.fixture(scope="session")
def make_tokenizer() -> Callable[[str], Tokenizer]:
    made: dict[str, Tokenizer] = {}

    def make(split: str) -> Tokenizer:
        if split not in made:
            made[split] = train_tokenizer(TEXTS, TokenizerSettings(vocab_size=400, split=split))  # type: ignore[arg-type]
        return made[split]

    return make


@pytest.fixture(params=["qwen2", "llama3"])
def tokenizer(request: pytest.FixtureRequest, make_tokenizer: Callable[[str], Tokenizer]) -> Tokenizer:
    return make_tokenizer(request.param)

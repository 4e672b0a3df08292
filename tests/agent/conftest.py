from __future__ import annotations

import pytest

from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import make_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return make_tokenizer()

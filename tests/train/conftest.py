"""Assistants that several files of tests start from; made once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from samovar.train.settings import SftSettings
from samovar.train.sft import sft
from tests.train.rl_tasks import guesses
from tests.train.tiny_preferences import tiny_model, write_rows

os.environ["TRL_EXPERIMENTAL_SILENCE"] = "1"  # whichever test imports it first: warnings are errors here


@pytest.fixture(scope="session")
def guesser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An assistant that says one of three words, by chance."""
    folder = tmp_path_factory.mktemp("guesser")
    base = tiny_model(folder / "base")
    rows = [{"messages": [{"role": m.role, "content": m.content} for m in one.messages]} for one in guesses(400)]
    own = write_rows(folder / "guesses.jsonl", rows)
    settings = SftSettings(
        tokens=140_000, batch_tokens=2048, micro_batch_tokens=2048, context=128, learning_rate=0.01,
        conversations_share=1.0, max_epochs=100, compile="off", validations=1,
    )  # fmt: skip
    (folder / "out").mkdir()
    sft(settings, base=base, out=folder / "out", tasks={}, conversations=[own])
    return folder / "out"

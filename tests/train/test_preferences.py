"""Which preferences are held out."""

from __future__ import annotations

from pathlib import Path

from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.preference_settings import DpoSettings
from samovar.train.preferences import load_preferences
from tests.train.tiny_preferences import tiny_model, write_rows


def test_both_answers_of_a_pair_are_held_out_together_whatever_stands_before_it(tmp_path: Path) -> None:
    base = tiny_model(tmp_path / "base")
    alone = {"prompt": "Tea?", "completion": "Pass the pot.", "label": True}
    split = [
        {"prompt": f"How do I ask for {number}?", "chosen": f"Pass {number}.", "rejected": f"{number} now."}
        for number in range(9)
    ]
    path = write_rows(tmp_path / "mixed.jsonl", [alone, *split])
    settings = DpoSettings(loss="kto", held_out_every=2)
    rows = load_preferences([path], settings, Tokenizer.load(base), kind="judged", context=128, is_quiet=True)
    asked = [one.prompt[0].content for one in rows.prompts]
    assert asked == [f"How do I ask for {number}?" for number in (0, 2, 4, 6, 8) for _ in range(2)]
    assert len(rows.train.forks) == 1 + 2 * 4

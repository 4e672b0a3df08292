"""The conversations that weights of few bits are measured on: those that fine-tuning could learn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from samovar.brew.calibration import losses_on, num_answer_bytes
from samovar.brew.recipe import Recipe
from samovar.chat.conversation import Conversation
from samovar.chat.rows import render_row
from samovar.data.document import Document
from samovar.evals.bits_per_byte import answer_bits_per_byte
from samovar.model.checkpoint import load_model
from samovar.tokenizer.tokenizer import Tokenizer
from tests.train.tiny_preferences import tiny_model, write_rows


def test_conversations_that_fine_tuning_left_out_are_left_out_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny_model(tmp_path / "base")
    model, plain = load_model(base), Tokenizer.load(base)
    refusal = "{% if messages | length > 4 %}{{ raise_exception('too many turns') }}{% endif %}"
    tokenizer = Tokenizer(plain.to_json(), refusal + plain.chat_template)
    talk = {"messages": [{"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Pass the pot."}]}
    silent = {"messages": [{"role": "user", "content": "Tea?"}]}
    write_rows(tmp_path / "own.jsonl", [talk, silent, {"messages": talk["messages"] * 3}])
    recipe = Recipe.model_validate({"sft": {"conversations": ["own.jsonl"]}, "quantize": {"text_bytes": 10_000}})
    corpus = tmp_path / "corpus"
    monkeypatch.setattr(
        "samovar.data.corpus_reader.read_corpus",
        lambda *_, **__: iter([Document("1", "Pass the cup and the lid.", "")]),
    )
    found = losses_on(recipe, tmp_path, corpus, tokenizer)(model)
    row = render_row(Conversation.from_openai(talk), plain)
    assert found.answers == answer_bits_per_byte(model, [row], num_answer_bytes(row, plain))


def test_of_an_answer_longer_than_the_context_only_what_is_read_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tiny_model(tmp_path / "base")
    model, tokenizer = load_model(base), Tokenizer.load(base)
    talk = {"messages": [{"role": "user", "content": "Tea?"}, {"role": "assistant", "content": "Pass the pot. " * 60}]}
    write_rows(tmp_path / "own.jsonl", [talk])
    recipe = Recipe.model_validate({"sft": {"conversations": ["own.jsonl"]}, "quantize": {"text_bytes": 10_000}})
    monkeypatch.setattr("samovar.brew.calibration.HELD_OUT_CONVERSATIONS", 1)
    monkeypatch.setattr(
        "samovar.data.corpus_reader.read_corpus", lambda *_, **__: iter([Document("1", "Pass the cup.", "")])
    )
    row = render_row(Conversation.from_openai(talk), tokenizer)
    longest = model.settings.max_positions
    assert len(row.ids) > longest
    cut = row._replace(ids=row.ids[:longest], is_target=row.is_target[:longest])
    found = losses_on(recipe, tmp_path, tmp_path / "corpus", tokenizer)(model)
    assert found.answers == answer_bits_per_byte(model, [cut], num_answer_bytes(cut, tokenizer))

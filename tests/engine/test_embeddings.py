"""Vectors and scores against what transformers computes with the same folder, alone and beside others."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samovar.core.errors import RequestError
from samovar.engine import embeddings
from samovar.engine.embeddings import batches, embed
from samovar.engine.rerank import rerank, scored_row
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer

TEXTS = ["The tea was hot.", "Самовар пел на столе, и чай был горячим.", "tea", "The samovar sang on the table"]


@pytest.fixture
def prompts(tokenizer: Tokenizer) -> list[list[int]]:
    return [tokenizer.encode(text) for text in TEXTS]


def test_vectors_are_those_of_transformers(source: Path, model: Decoder, prompts: list[list[int]]) -> None:
    from transformers import AutoModel

    theirs = AutoModel.from_pretrained(source, dtype=torch.float32).eval()
    for prompt, vector in zip(prompts, embed(model, prompts), strict=True):
        with torch.no_grad():
            hidden = theirs(torch.tensor([prompt])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(hidden.mean(0), dim=0)
        torch.testing.assert_close(torch.tensor(vector), expected, atol=1e-5, rtol=1e-4)


def test_vectors_have_length_one_and_do_not_depend_on_company(
    model: Decoder, prompts: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = torch.tensor(embed(model, prompts))
    torch.testing.assert_close(together.norm(dim=1), torch.ones(len(prompts)))
    alone = torch.tensor([embed(model, [prompt])[0] for prompt in prompts])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    monkeypatch.setattr(embeddings, "TOKENS_AT_ONCE", 16)
    torch.testing.assert_close(torch.tensor(embed(model, prompts)), alone, atol=1e-5, rtol=1e-4)


def test_batches_hold_every_text_once_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "TOKENS_AT_ONCE", 100)
    lengths = [5, 90, 40, 300, 12, 33, 60, 7]
    found = list(batches(lengths))
    assert sorted(number for batch in found for number in batch) == list(range(8))
    assert all(len(batch) == 1 or len(batch) * max(lengths[n] for n in batch) <= 100 for batch in found)


def test_what_cannot_be_read_is_refused(model: Decoder) -> None:
    for prompt, said in ([], "empty"), ([1] * 97, "97 tokens"), ([400], "outside"):
        with pytest.raises(RequestError, match=said):
            embed(model, [[1], prompt])
    assert embed(model, []) == []


def test_scores_are_the_log_likelihoods_that_transformers_gives(
    source: Path, model: Decoder, tokenizer: Tokenizer
) -> None:
    from transformers import AutoModelForCausalLM

    theirs = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32).eval()
    documents = ["The tea was hot.", "чай", "The samovar sang."]
    rows = [scored_row(tokenizer, "Was tea hot?", document) for document in documents]
    for (ids, first), score in zip(rows, rerank(model, rows), strict=True):
        assert tokenizer.decode(ids[first:]) == "Was tea hot?"
        labels = torch.tensor([[-100] * first + ids[first:]])
        with torch.no_grad():
            loss = theirs(torch.tensor([ids]), labels=labels).loss
        assert score == pytest.approx(-float(loss), abs=1e-3)


def test_a_model_that_copies_ranks_the_passage_with_the_words_first(model: Decoder, tokenizer: Tokenizer) -> None:
    class Copying:
        """Foretells, as far as the head goes, any token that stood before."""

        settings = model.settings.model_copy(update={"max_positions": 10_000})
        norm = model.norm

        def hidden(self, tokens_BT: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.one_hot(tokens_BT, self.settings.vocab_size).float().cumsum(1).clamp(max=1)

        def head(self, hidden: torch.Tensor) -> torch.Tensor:
            return hidden * 3.0

    passages = ["Bears sleep all winter.", "The samovar sang on the table.", "Nobody is here."]
    rows = [scored_row(tokenizer, "samovar sang table", passage) for passage in passages]
    scores = rerank(Copying(), rows)  # type: ignore[arg-type]
    assert scores.index(max(scores)) == 1


def test_a_passage_that_is_too_long_or_no_question_is_refused(model: Decoder, tokenizer: Tokenizer) -> None:
    with pytest.raises(RequestError, match="document 1 and the query"):
        rerank(model, [scored_row(tokenizer, "tea?", document) for document in ("tea", "tea " * 200)])
    with pytest.raises(RequestError, match="query is empty"):
        scored_row(tokenizer, "  ", "tea")

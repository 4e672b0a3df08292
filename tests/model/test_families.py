"""Every family against transformers on small random configurations: logits, greedy answers, and saved again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.model.checkpoint import family_names, load_model, read_settings, save_model
from samovar.model.decoder import Decoder
from samovar.model.quantized import quantize_model
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer
from tests.model.family_cases import CASES, CONTEXT, FIRST, PROVED, VOCABULARY, Case, table

DOCS = Path(__file__).parents[2] / "docs" / "families.md"
TIED = [(case, tie) for case in CASES for tie in case.ties]
SMALL_FILE = 30_000


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train_tokenizer(["The samovar sang, and the tea was hot."] * 3, TokenizerSettings(vocab_size=300))


def theirs_of(case: Case, *, tie: bool) -> Any:
    """transformers' model with random weights, large enough for every part of it to matter."""
    transformers = pytest.importorskip("transformers")
    config = transformers.AutoConfig.for_model(case.family, **case.config, tie_word_embeddings=tie)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0.0, 0.2)
            else:
                parameter.add_(0.2 * torch.randn_like(parameter))
    return model


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Theirs, and ours as opened from what they saved; each made once."""
    made: dict[tuple[str, bool], tuple[Any, Decoder]] = {}

    def get(case: Case, *, tie: bool) -> tuple[Any, Decoder]:
        key = (case.name, tie)
        if key not in made:
            folder = tmp_path_factory.mktemp(case.name)
            theirs = theirs_of(case, tie=tie)
            theirs.save_pretrained(folder, max_shard_size=SMALL_FILE)
            assert (folder / "model.safetensors.index.json").is_file()
            made[key] = theirs, load_model(folder)
        return made[key]

    return get


def tokens_BT(rows: int = 2, length: int = 40) -> Tensor:
    return torch.randint(0, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def logits_of(theirs: Any, tokens: Tensor) -> Tensor:
    return theirs(tokens, use_cache=False).logits


@pytest.mark.parametrize(("case", "tie"), TIED, ids=lambda value: value.name if isinstance(value, Case) else str(value))
def test_logits_are_theirs_and_what_is_saved_opens_there(case: Case, tie: bool, opened: Any, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    theirs, ours = opened(case, tie=tie)
    tokens = tokens_BT()
    expected = logits_of(theirs, tokens)
    with torch.no_grad():
        torch.testing.assert_close(ours(tokens), expected, atol=1e-4, rtol=1e-4)
    assert (ours.lm_head is None) == tie
    assert ours.settings.num_parameters == sum(parameter.numel() for parameter in ours.parameters())

    save_model(ours, tmp_path, largest_file=SMALL_FILE)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    assert read_settings(tmp_path) == ours.settings
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert type(again) is type(theirs)
    before, after = theirs.state_dict(), again.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    torch.testing.assert_close(logits_of(again, tokens), expected, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_greedy_answers_are_theirs(case: Case, opened: Any, tokenizer: Tokenizer) -> None:
    theirs, ours = opened(case, tie=case.ties[-1])
    # Longer than the windows; several at once; read in chunks of eight tokens.
    prompts = [tokens_BT(1, length)[0].tolist() for length in (25, 3, 17)]
    engine = Engine(ours, tokenizer, max_batch=2, max_context=CONTEXT, prefill_tokens=8)
    answers = engine.generate(prompts, Sampling(temperature=0.0, max_tokens=10))
    alone = Engine(ours, tokenizer, max_batch=1).generate(prompts[:1], Sampling(temperature=0.0, max_tokens=10))
    assert alone[0].ids == answers[0].ids
    for prompt, answer in zip(prompts, answers, strict=True):
        ids = torch.tensor([prompt + answer.ids])
        best = logits_of(theirs, ids)[0, len(prompt) - 1 : -1, : tokenizer.vocab_size].argmax(-1)
        assert answer.ids == best.tolist()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_training_sees_what_answering_sees(case: Case, opened: Any) -> None:
    """With gradients, packed behind another document, the logits are those of the document alone."""
    _, ours = opened(case, tie=case.ties[-1])
    first, second = tokens_BT(1, 9), tokens_BT(2, 26)[1:]
    document = torch.tensor([[0] * 9 + [1] * 26])
    trained = Decoder(ours.settings)
    trained.load_state_dict(ours.state_dict())
    packed = trained(torch.cat((first, second), dim=1), document_BT=document)
    torch.testing.assert_close(packed[:, :9], ours(first), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(packed[:, 9:], ours(second), atol=1e-4, rtol=1e-4)
    packed.square().mean().backward()
    silent = [name for name, parameter in trained.named_parameters() if parameter.grad is None]
    assert all(".experts." in name for name in silent)


@pytest.mark.parametrize("case", FIRST, ids=lambda case: case.name)
def test_int8_weights_survive_a_round_trip(case: Case, opened: Any, tmp_path: Path) -> None:
    _, ours = opened(case, tie=case.ties[-1])
    quantized = quantize_model(ours)
    save_model(quantized, tmp_path)
    tokens = tokens_BT(1, 12)
    with torch.no_grad():
        assert torch.equal(load_model(tmp_path)(tokens), quantized(tokens))
        # A rounded score may send a token to another expert.
        error = 0.3 if ours.settings.num_experts else 0.1
        assert (quantized(tokens) - ours(tokens)).norm() < error * ours(tokens).norm()


def test_the_page_about_families_is_made_from_these_tests() -> None:
    assert DOCS.read_text(encoding="utf-8") == table(), "run: python -m tests.model.family_cases > docs/families.md"


def test_every_family_is_proved() -> None:
    assert set(family_names()) == {*PROVED, "gemma3"}

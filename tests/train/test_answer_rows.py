"""Answers that share what they begin with have the numbers of answers that stand alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from samovar.chat.rows import Row
from samovar.core.errors import DataError
from samovar.model.decoder import Decoder
from samovar.model.encoder import Encoder
from samovar.model.encoder_settings import EncoderSettings
from samovar.model.initialization import initialize
from samovar.model.quantized import quantize_model
from samovar.model.settings import DecoderSettings
from samovar.train.answer_rows import AnswerRows
from samovar.train.answers import BAD, GOOD
from samovar.train.batches import hidden_of
from samovar.train.forks import Fork, fork
from samovar.train.objectives.log_probs import answer_log_probs, token_log_probs
from samovar.train.reference import ensure_reference, log_probs_of

SHAPE = {
    "vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_layers": 2, "num_heads": 2, "num_kv_heads": 1,
    "head_dim": 16, "max_positions": 64,
}  # fmt: skip
SHAPES = {
    "rope": {},
    "window": {"family": "mistral", "window": 5, "windowed_layers": (0, 1), "qk_norm": False},
    "learned": {
        "family": "gpt2", "position": "learned", "norm": "layer", "qk_norm": False, "mlp": "plain", "num_kv_heads": 2,
    },
    "alibi": {
        "family": "mpt", "position": "alibi", "norm": "layer", "qk_norm": False, "mlp": "plain", "num_kv_heads": 2,
    },
}  # fmt: skip


def model_of(**changes: object) -> Decoder:
    model = Decoder(DecoderSettings.model_validate(SHAPE | changes))
    initialize(model, 0)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0.0, 0.3, generator=torch.Generator().manual_seed(parameter.numel()))
    return model


def some_forks(count: int = 5) -> list[Fork]:
    """Two answers each to a prompt, that begin alike and have different lengths."""
    draw = np.random.default_rng(3)
    forks = []
    for number in range(count):
        prompt = draw.integers(1, 60, 4 + number).tolist()
        start = draw.integers(1, 60, 2).tolist()
        rows = []
        for last in (60, 61):
            answer = [*start, last, *draw.integers(1, 60, 3 + (number * last) % 5).tolist()]
            rows.append(Row(prompt + answer, [False] * len(prompt) + [True] * (len(answer) - 1) + [False]))
        forks.append(fork(rows, [0, 0], labels=(GOOD, BAD)))
    return forks


def alone(model: Decoder, ids: list[int], targets: list[int]) -> torch.Tensor:
    log_share = model(torch.tensor([ids])).log_softmax(-1)[0]
    return sum((log_share[place - 1, ids[place]] for place in targets), torch.tensor(0.0))


@pytest.mark.parametrize("kind", SHAPES)
def test_log_probabilities_are_those_of_separate_rows(kind: str) -> None:
    model = model_of(**SHAPES[kind])
    rows = AnswerRows(some_forks(), 48, pad_id=0)
    assert all(len(one.trunk) > 5 for one in rows.forks)
    batch = rows.batch(np.arange(len(rows)))
    found = answer_log_probs(model, batch, hidden_of(model, batch))
    expected = [alone(model, one.whole(n), one.targets[n]) for one in rows.forks for n in range(2)]
    torch.testing.assert_close(found, torch.stack(expected), atol=2e-4, rtol=1e-5)


def test_gradients_are_those_of_separate_rows() -> None:
    model = model_of()
    rows = AnswerRows(some_forks(), 48, pad_id=0)
    weights = torch.linspace(-1.0, 2.0, rows.num_answers)
    batch = rows.batch(np.arange(len(rows)))
    (answer_log_probs(model, batch, hidden_of(model, batch)) * weights).sum().backward()
    together = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}  # type: ignore[union-attr]
    model.zero_grad()
    apart = [alone(model, one.whole(n), one.targets[n]) for one in rows.forks for n in range(2)]
    (torch.stack(apart) * weights).sum().backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(together[name], parameter.grad, atol=2e-4, rtol=1e-3)


def test_chunks_of_the_head_change_nothing() -> None:
    model = model_of()
    batch = (rows := AnswerRows(some_forks(), 48, pad_id=0)).batch(np.arange(len(rows)))
    found = []
    for at_once in (7, 10_000):
        model.zero_grad()
        log_prob_N = token_log_probs(model, batch, hidden_of(model, batch), at_once=at_once)
        (log_prob_N * torch.linspace(0.0, 1.0, len(log_prob_N))).sum().backward()
        assert model.embed_tokens.weight.grad is not None
        found.append((log_prob_N.detach(), model.embed_tokens.weight.grad.clone()))
    torch.testing.assert_close(found[0], found[1])


def test_the_log_probability_has_the_gradient_of_log_softmax() -> None:
    from samovar.train.objectives.log_probs import _LogProb

    logits = torch.randn(5, 7, generator=torch.Generator().manual_seed(0)).requires_grad_()
    target = torch.tensor([0, 6, 3, 3, 1])
    upstream = torch.tensor([1.0, -2.0, 0.0, 0.5, 3.0])
    (_LogProb.apply(logits, target) * upstream).sum().backward()
    assert logits.grad is not None
    ours, logits.grad = logits.grad.clone(), None
    (logits.log_softmax(-1).gather(1, target[:, None])[:, 0] * upstream).sum().backward()
    torch.testing.assert_close(ours, logits.grad)


def test_texts_in_one_row_of_an_encoder_keep_apart() -> None:
    torch.manual_seed(0)
    settings = EncoderSettings(
        family="bert", vocab_size=64, hidden_size=32, intermediate_size=48, num_layers=2, num_heads=2, max_positions=32
    )
    encoder = Encoder(settings)
    for parameter in encoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    first, second = torch.arange(1, 8), torch.arange(20, 25)
    together = encoder(torch.cat([first, second])[None], document_BT=torch.tensor([[0] * 7 + [1] * 5]))
    torch.testing.assert_close(together[:, :7], encoder(first[None]), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(together[:, 7:], encoder(second[None]), atol=1e-5, rtol=1e-5)


def test_the_reference_is_computed_once_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of()
    first, second = (AnswerRows(some_forks(), 48, pad_id=0) for _ in range(2))
    ensure_reference(model, first, tmp_path, rows_per_batch=2, is_quiet=True)
    np.testing.assert_allclose(first.reference, log_probs_of(model, first, rows_per_batch=1), atol=1e-4)
    monkeypatch.setattr("samovar.train.reference.log_probs_of", None)  # from here on it must not be called
    ensure_reference(model, second, tmp_path, rows_per_batch=2, is_quiet=True)
    np.testing.assert_array_equal(first.reference, second.reference)
    # Other weights, or other answers, are another reference.
    with pytest.raises(TypeError):
        ensure_reference(model, AnswerRows(some_forks(4), 48, pad_id=0), tmp_path, rows_per_batch=2, is_quiet=True)
    with torch.no_grad():
        model.norm.weight += 0.1
    with pytest.raises(TypeError):
        ensure_reference(model, second, tmp_path, rows_per_batch=2, is_quiet=True)


def test_another_base_in_four_bits_is_another_reference(tmp_path: Path) -> None:
    """Embeddings and norms, which stay as they are, do not tell a base from what was taught on it."""
    found = []
    for is_taught in (False, True):
        model = model_of()
        with torch.no_grad():
            model.layers[0].self_attn.v_proj.weight += 0.5 * is_taught
        rows = AnswerRows(some_forks(), 48, pad_id=0)
        ensure_reference(quantize_model(model, "nf4"), rows, tmp_path, rows_per_batch=2, is_quiet=True)
        found.append(rows.reference)
    assert not np.allclose(*found)


def test_another_answer_of_the_same_ids_is_another_reference(tmp_path: Path) -> None:
    """Where more of a conversation is the prompt, less of it is the answer."""
    model, one = model_of(), some_forks(1)[0]
    shorter = one._replace(targets=[places[2:] for places in one.targets])
    found = []
    for each in (one, shorter):
        rows = AnswerRows([each], 48, pad_id=0)
        ensure_reference(model, rows, tmp_path, rows_per_batch=1, is_quiet=True)
        np.testing.assert_allclose(rows.reference, log_probs_of(model, rows, rows_per_batch=1), atol=1e-5)
        found.append(rows.reference)
    assert (found[0] < found[1]).all()


def test_rows_hold_whole_forks_and_what_is_too_long_is_counted() -> None:
    forks = some_forks(8)
    longest = max(one.num_tokens for one in forks)
    rows = AnswerRows(forks, longest - 1, pad_id=0)
    assert rows.packing.too_long == sum(one.num_tokens == longest for one in forks)
    assert sum(len(row) for row in rows._rows) == len(forks) - rows.packing.too_long
    assert all(sum(one.num_tokens for one in row) < longest for row in rows._rows)
    with pytest.raises(DataError, match="fits into a row of 3 tokens"):
        AnswerRows(forks, 3, pad_id=0)

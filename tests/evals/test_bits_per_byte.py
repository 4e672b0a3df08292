import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from samovar.core.errors import ConfigError, DataError
from samovar.evals.bits_per_byte import bits_per_byte, windows
from samovar.model.decoder import Decoder
from samovar.model.settings import DecoderSettings
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.train import train_tokenizer

TEXTS = [
    "Самовар стоит на столе, и чай уже готов. " * 8,
    "The samovar stands on the table, and the tea is ready. " * 9,
    "x",
    "Короткий текст.",
]


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, TokenizerSettings(vocab_size=300))


@pytest.fixture(scope="module")
def model():
    settings = DecoderSettings(
        vocab_size=320, hidden_size=16, intermediate_size=32, num_layers=1, num_heads=2, num_kv_heads=1, head_dim=8,
        max_positions=32,
    )  # fmt: skip
    torch.manual_seed(0)
    decoder = Decoder(settings).eval()
    with torch.no_grad():
        for parameter in decoder.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.3)
    return decoder


def test_a_uniform_model_costs_the_logarithm_of_its_vocabulary(model, tokenizer):
    uniform = Decoder(model.settings).eval()
    with torch.no_grad():
        uniform.embed_tokens.weight.zero_()
    measured = bits_per_byte(uniform, tokenizer, TEXTS)
    num_tokens = sum(len(tokenizer.encode(text)) for text in TEXTS)
    num_bytes = sum(len(text.encode()) for text in TEXTS)
    assert (measured.num_tokens, measured.num_bytes, measured.num_documents) == (num_tokens, num_bytes, len(TEXTS))
    assert measured.bits_per_byte == pytest.approx(math.log2(320) * num_tokens / num_bytes, rel=1e-6)


def test_equals_scoring_every_token_by_itself(model, tokenizer):
    """With windows that move one token at a time, each token sees the 31 before it, and no more."""
    text = TEXTS[0][:110]
    ids = tokenizer.encode(text)
    nats = math.log(320)
    for end in range(1, len(ids)):
        before = torch.tensor([ids[max(0, end - 31) : end]])
        with torch.inference_mode():
            nats += float(F.cross_entropy(model(before)[0, -1:].double(), torch.tensor([ids[end]])))
    measured = bits_per_byte(model, tokenizer, [text], stride=1)
    assert measured.nats == pytest.approx(nats, rel=1e-5)
    assert measured.bits_per_byte == pytest.approx(nats / math.log(2) / len(text.encode()), rel=1e-5)


def test_documents_do_not_see_each_other(model, tokenizer):
    together = bits_per_byte(model, tokenizer, TEXTS).nats
    assert together == pytest.approx(sum(bits_per_byte(model, tokenizer, [text]).nats for text in TEXTS), rel=1e-5)


@given(st.integers(1, 200), st.integers(2, 40), st.data())
def test_windows_score_each_token_but_the_first_once(length, context, data):
    stride = data.draw(st.integers(1, context - 1))
    ids = list(range(length))
    scored = []
    for window in windows(ids, context, stride):
        assert len(window.ids) <= context
        assert window.start >= 1
        assert window.ids[window.start] < context or window.start >= context - stride
        scored += window.ids[window.start :]
    assert scored == ids[1:]


def test_reads_no_more_than_it_may(model, tokenizer):
    """The limit falls into the middle of a letter of two bytes, which is left out."""

    def endless():
        while True:
            yield TEXTS[0]

    limit = len(TEXTS[0].encode()) + 3
    assert bits_per_byte(model, tokenizer, endless(), max_bytes=limit).num_bytes == limit - 1


@pytest.mark.parametrize("options", [{"context": 1}, {"stride": 32}, {"context": 8, "stride": 9}])
def test_impossible_windows_are_refused(model, tokenizer, options):
    with pytest.raises(ConfigError):
        bits_per_byte(model, tokenizer, TEXTS, **options)


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_no_text_is_an_error_and_not_a_score(model, tokenizer, texts):
    with pytest.raises(DataError, match="no held-out text"):
        bits_per_byte(model, tokenizer, texts)


def test_answers_are_measured_by_what_the_assistant_says_alone() -> None:
    """The sum by hand, from the model's own probabilities."""
    from samovar.chat.rows import Row
    from samovar.evals.bits_per_byte import answer_bits_per_byte
    from tests.model.test_decoder import random_decoder, tiny

    model = random_decoder(tiny())
    rows = [Row([3, 5, 8, 13], [False, False, True, True]), Row([2, 4], [False, True])]
    nats = 0.0
    with torch.no_grad():
        for row in rows:
            log_TV = model(torch.tensor([row.ids]))[0].log_softmax(-1)
            nats -= sum(float(log_TV[at - 1, row.ids[at]]) for at in range(1, len(row.ids)) if row.is_target[at])
    assert answer_bits_per_byte(model, rows, 7) == pytest.approx(nats / math.log(2) / 7)

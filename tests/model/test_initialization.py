"""Fresh weights: one layer of heads looks one token back, the next finds what followed an earlier occurrence."""

from __future__ import annotations

import pytest
import torch

from samovar.model import attention, layers
from samovar.model.decoder import Decoder
from samovar.model.initialization import initialize
from samovar.model.settings import DecoderSettings

LENGTH = 40


def shape(num_kv_heads: int = 4, head_dim: int = 32, rope_theta: float = 10_000.0) -> DecoderSettings:
    return DecoderSettings(
        vocab_size=512, hidden_size=128, intermediate_size=256, num_layers=3, num_heads=4, num_kv_heads=num_kv_heads,
        head_dim=head_dim, max_positions=128, rope_theta=rope_theta,
    )  # fmt: skip


def attention_shares(model: Decoder, tokens: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> list[torch.Tensor]:
    """Where each layer's heads look: BHTS."""
    seen = []

    def attend(query, key, value, mask, **options):
        groups = query.shape[1] // key.shape[1]
        scores = query.float() @ key.repeat_interleave(groups, 1).float().mT * query.shape[-1] ** -0.5
        future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
        seen.append(scores.masked_fill(future, -torch.inf).softmax(-1))
        return attention.attend(query, key, value, mask, **options)

    monkeypatch.setattr(layers, "attend", attend)
    with torch.inference_mode():
        model(tokens)
    return seen


def said_twice(batch: int = 8) -> torch.Tensor:
    once = torch.stack([torch.randperm(512, generator=torch.Generator().manual_seed(i))[:LENGTH] for i in range(batch)])
    return torch.cat((once, once), dim=1)


@pytest.mark.parametrize("num_kv_heads", [4, 2, 1])
@pytest.mark.parametrize("rope_theta", [500.0, 10_000.0, 1_000_000.0])
def test_the_first_layer_looks_one_token_back(num_kv_heads, rope_theta, monkeypatch):
    model = Decoder(shape(num_kv_heads, rope_theta=rope_theta))
    initialize(model, 0)
    place = torch.arange(1, 2 * LENGTH)
    shares = attention_shares(model, said_twice(), monkeypatch)[0]
    assert shares[:, :, place, place - 1].mean() > 0.3
    assert shares[:, :, place, place - 1].mean() > 2 * shares[:, :, place, place].mean()


def test_the_second_layer_looks_at_what_followed_the_same_token_earlier(monkeypatch):
    place = torch.arange(LENGTH + 1, 2 * LENGTH - 1)
    found = {}
    for sketched in (True, False):
        model = Decoder(shape())
        initialize(model, 0, sketches_induction=sketched)
        share = attention_shares(model, said_twice(), monkeypatch)[1]
        found[sketched] = float(
            share[:, :, place, place - LENGTH + 1].mean() / share[:, :, place, place - LENGTH + 6].mean()
        )
    assert found[True] > 2.0
    assert 0.5 < found[False] < 2.0


def test_a_repeated_token_is_made_likelier():
    tokens = said_twice()
    place = torch.arange(LENGTH + 1, 2 * LENGTH - 1)
    gained = {}
    for sketched in (True, False):
        model = Decoder(shape())
        initialize(model, 0, sketches_induction=sketched)
        with torch.inference_mode():
            logits = model(tokens)[:, place]
        right = logits.gather(-1, tokens[:, place + 1, None]).squeeze(-1)
        gained[sketched] = float((right - logits.mean(-1)).mean() / logits.std())
    assert gained[True] > 0.1
    assert abs(gained[False]) < 0.1


def test_the_same_seed_gives_the_same_weights():
    first, second, third = Decoder(shape()), Decoder(shape()), Decoder(shape())
    for model, seed in ((first, 1), (second, 1), (third, 2)):
        initialize(model, seed)
    for name, weight in first.state_dict().items():
        assert torch.equal(weight, second.state_dict()[name])
    assert not torch.equal(first.embed_tokens.weight, third.embed_tokens.weight)


def test_a_model_of_one_layer_has_no_sketch():
    settings = shape().model_copy(update={"num_layers": 1})
    model = Decoder(settings)
    initialize(model, 0)
    assert not model.layers[0].self_attn.o_proj.weight.any()

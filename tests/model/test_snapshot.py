"""A copy of the weights says what the model said, and goes on saying it."""

from __future__ import annotations

import pytest
import torch

from samovar.model.adapters.attach import adapted, attach
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.decoder import Decoder
from samovar.model.snapshot import snapshot
from tests.model.test_decoder import random_decoder, tiny

TOKENS = torch.randint(0, 128, (2, 20), generator=torch.Generator().manual_seed(1))


def trained(model: Decoder) -> None:
    """Move whatever is trained."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1)


def test_training_afterwards_changes_nothing_of_it() -> None:
    model = random_decoder(tiny()).requires_grad_(True)
    said = model(TOKENS).detach()
    copy = snapshot(model)
    trained(model)
    assert not torch.allclose(model(TOKENS), said)
    torch.testing.assert_close(copy(TOKENS), said)
    assert not any(one.requires_grad for one in copy.parameters())


def test_matrices_are_rounded_to_what_training_multiplies_and_vectors_are_not() -> None:
    model = random_decoder(tiny()).requires_grad_(True)
    model.compute_dtype = torch.bfloat16
    copy = snapshot(model)
    assert {one.dtype for one in copy.parameters() if one.dim() > 1} == {torch.bfloat16}
    assert {one.dtype for one in copy.parameters() if one.dim() == 1} == {torch.float32}
    with torch.no_grad():  # attention for a gradient rounds otherwise
        torch.testing.assert_close(copy(TOKENS), model(TOKENS))


@pytest.mark.parametrize("kind", [{}, {"use_dora": True}, {"base_bits": 4}])
def test_an_adapter_is_merged_into_it_and_what_is_frozen_is_shared(kind: dict[str, object]) -> None:
    model = random_decoder(tiny()).eval()
    attach(model, AdapterSettings.model_validate({"rank": 4, "dropout": 0.0, **kind}), seed=0)
    trained(model)
    said = model(TOKENS).detach()
    copy = snapshot(model)
    assert not adapted(copy)
    assert len(adapted(model)) == 14, "the model in training keeps its own"
    assert copy.embed_tokens.weight is model.embed_tokens.weight
    trained(model)
    torch.testing.assert_close(copy(TOKENS), said, atol=1e-4, rtol=1e-4)

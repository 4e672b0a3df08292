"""The value head: what reward is expected from here on, read from the hidden state before each token.

It shares the model's body, and is taken off when the training is over.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from samovar.model.decoder import Decoder
from samovar.model.linear import Linear
from samovar.train.answers import Answers

NAME = "value_head"


def add_value_head(model: Decoder) -> None:
    """Give ``model`` a head that expects nothing yet."""
    head = Linear(model.settings.hidden_size, 1, bias=True)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(cast(Tensor, head.bias))
    model.add_module(NAME, head.to(model.norm.weight.device))


def remove_value_head(model: Decoder) -> None:
    """Take it off, where there is one."""
    if hasattr(model, NAME):
        delattr(model, NAME)


def values(model: Decoder, answers: Answers, hidden_BTD: Tensor) -> Tensor:
    """What is expected before each token of the answers; float32, N."""
    head = getattr(model, NAME)
    hidden_ND = hidden_BTD.flatten(0, 1)[answers.place_N]
    value_N: Tensor = head(hidden_ND.float()).squeeze(-1)
    return value_N


@torch.no_grad()
def values_or_zero(model: Decoder, answers: Answers, hidden_BTD: Tensor) -> Tensor:
    """Those of a model that has a value head, else zeros."""
    if hasattr(model, NAME):
        return values(model, answers, hidden_BTD)
    return torch.zeros(len(answers.target_N), device=hidden_BTD.device)

"""A model's weights as they are now, apart from those that go on being trained."""

from __future__ import annotations

import copy

import torch
from torch import nn

from samovar.model.adapters.attach import adapted, merge
from samovar.model.decoder import Decoder


@torch.no_grad()
def snapshot(model: Decoder) -> Decoder:
    """A model that says what ``model`` says now, whatever is trained afterwards; in evaluation mode.

    Matrices that are trained are copied in the type that the model computes in, vectors as they are: the products are
    then those of training. An adapter is merged into the copy. What is frozen is shared.
    """
    dtype = model.compute_dtype or model.embed_tokens.weight.dtype
    adapters = {id(one) for module in adapted(model).values() for one in module.parameters()}
    kept: dict[int, object] = {}
    for parameter in model.parameters():
        if not parameter.requires_grad:
            kept[id(parameter)] = parameter
            continue
        is_rounded = parameter.dim() > 1 and id(parameter) not in adapters  # adapters are rounded when merged
        copied = parameter.detach().to(dtype if is_rounded else parameter.dtype, copy=True)
        kept[id(parameter)] = nn.Parameter(copied, requires_grad=False)
    found = copy.deepcopy(model, kept)
    merge(found, dtype)
    found.compute_dtype, found.is_compiled, found.recomputes_layers = dtype, False, False
    return found.eval()

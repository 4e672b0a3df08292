"""How many floating point operations training takes, by formula."""

from __future__ import annotations

from samovar.model.settings import DecoderSettings
from samovar.train.memory_model import Adapter


def training_flops(shape: DecoderSettings, context: int, adapter: Adapter | None = None) -> float:
    """FLOPs a token: of all weights, or of an adapter beside frozen ones.

    A weight takes two in the forward pass, two for the gradient of its input and two for its own, which frozen ones do
    without. Attention has no weights. Unpacking four bits is not counted: it is no product.
    """
    if adapter is None:
        return shape.flops_per_token(context)
    frozen = shape.num_matrix_parameters + shape.vocab_size * shape.hidden_size
    return shape.flops_per_token(context) - 2.0 * frozen + 6.0 * adapter.num_parameters(shape)

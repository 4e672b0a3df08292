"""Tokens drawn from whole rows of logits, in C++: ``sampler.from_all`` in one pass instead of eight.

Axes: B rows, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from samovar.core.errors import ResourceError
from samovar.engine.native.abi import functions
from samovar.engine.request import Sampling
from samovar.engine.sampler import COLDEST


def draw(logits_BV: Tensor, samplings: Sequence[Sampling], draws: Sequence[Callable[[], float]]) -> Tensor:
    """A token for every row from all of its tokens, B int64; as ``sampler.from_all``, but for rounding.

    Args:
        logits_BV: float32, on the processor; rows may lie apart, columns not.
        samplings: of which the temperature counts.
        draws: gives a row's next uniform number in [0, 1).
    Raises:
        ConfigError: there is no native library.
        ResourceError: the memory does not suffice.
    """
    logits_BV = logits_BV if logits_BV.stride(1) == 1 else logits_BV.contiguous()
    temperature_B = torch.tensor([max(one.temperature, COLDEST) for one in samplings], dtype=torch.float32)
    drawn_B = torch.tensor([one() for one in draws], dtype=torch.float32)
    token_B = torch.empty(len(samplings), dtype=torch.int64)
    result = functions().samovar_draw(
        logits_BV.data_ptr(),
        len(logits_BV),
        logits_BV.stride(0),
        logits_BV.shape[1],
        temperature_B.data_ptr(),
        drawn_B.data_ptr(),
        token_B.data_ptr(),
    )
    if result:
        raise ResourceError("there is no memory to draw tokens", hint="answer fewer at once")
    return token_B.clamp_(min=0)

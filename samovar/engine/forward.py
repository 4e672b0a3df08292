"""Which way a model is computed: natively in C++ on a processor, by captured steps on a GPU, and else by torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from samovar.core.errors import ConfigError
from samovar.engine.batch import Forward, Memory
from samovar.engine.eager import EagerForward
from samovar.engine.sampler import Choose, from_all
from samovar.model.adapters.bank import AdapterBank
from samovar.model.decoder import Decoder

Way = Literal["auto", "native", "graph", "eager"]
"""auto: natively where the model, the device and the compiler allow, or in graphs on a GPU. native, graph: an
error where they do not."""
Chosen = Literal["native", "graph", "eager"]


def choose_way(model: Decoder, way: Way) -> tuple[Chosen, str]:
    """Who computes, and in a few words why not natively."""
    if way == "eager":
        return "eager", "torch was asked for"
    if model.norm.weight.is_cuda and way != "native":
        from samovar.engine.gpu import toolchain

        if not (why := toolchain.objection()):
            return "graph", "it is on a GPU"
        if way == "auto":
            return "eager", f"it is on a GPU, and steps are not captured: {why}"
        raise ConfigError(f"steps cannot be captured: {why}", hint="let torch compute (eager), or install it")
    if way == "graph":
        raise ConfigError("steps are captured on a GPU alone", hint="leave the way of computing to be chosen (auto)")
    from samovar.engine.native.native_decoder import lack_of_room, objection

    why = objection(model) or ("" if way == "native" else lack_of_room(model))
    return ("native" if way == "native" or not why else "eager"), why


def plain_dtype(model: Decoder, *, is_native: bool) -> torch.dtype:
    """What keys and values are kept in as they are computed.

    The native way keeps float32 only of weights that need it: what it multiplies with others is rounded to bfloat16 or
    further anyway, and to read keys and values is most of what many answers at once cost.
    """
    if is_native:
        from samovar.engine.native.native_decoder import rounds_activations

        if rounds_activations(model):
            return torch.bfloat16
    return model.compute_dtype or model.norm.weight.dtype


def packed_bytes(model: Decoder, way: Chosen) -> int:
    """The least memory that who computes will take for the weights, beside ``model``."""
    if way != "native":
        return 0
    from samovar.engine.native import native_decoder

    return native_decoder.packed_bytes(model)


@contextmanager
def torch_alone() -> Iterator[None]:
    """Torch computes on this thread alone.

    Its other threads wait awake for a while after their share, on the cores that the native step needs next.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def free_choice(*, is_native: bool) -> Choose:
    """How tokens are drawn where none is ruled out: beside the native step by C++ too."""
    if not is_native:
        return from_all
    from samovar.engine.native.draw import draw

    return draw


def make_forward(model: Decoder, memory: Memory, way: Chosen, adapters: AdapterBank | None = None) -> Forward:
    """What computes ``model`` over ``memory``; ``adapters`` only where it is not native.

    Raises:
        ConfigError: native is not possible.
    """
    if way == "eager":
        return EagerForward(model, memory, adapters)
    if way == "graph":
        from samovar.engine.gpu.graphs import GraphForward

        return GraphForward(model, memory, adapters)
    from samovar.engine.native.native_decoder import NativeDecoder

    return NativeDecoder(model, memory)

"""Linear maps with int8 weights: one scale an output channel, symmetric.

Axes: M rows of input, I inputs, O outputs.

On disk they have compressed-tensors' "int-quantized" layout (int8 ``weight`` OI, ``weight_scale`` O1), which
transformers, vLLM and llm-compressor know.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from samovar.core.errors import ConfigError
from samovar.model.decoder import Decoder, Linear

# Microseconds for 256 x 768 on one AVX512-BF16 core, M = 1, 8, 32, 64, 512:
#   float32 linear          10   43  126  230  1738
#   bfloat16 linear         19   23   40   64   399
#   int8 kernel, bfloat16    7   28  105  208  1674
#   int8 kernel, float32   120 1021 4040 8204 66887   (a scalar loop: never used)
# The int8 kernel reads a quarter of the bytes but has no matrix instructions: it wins for few rows only. Above that the
# weights are unpacked (10 us, once a call) for the ordinary kernel of the type that the processor multiplies fastest.
MAX_KERNEL_ROWS = 8
KERNEL_WIDTH = 16
"""The kernel reads so many bytes at an aligned address: it ends the process where a row is no multiple of them."""

LARGEST = 127


class Int8Linear(nn.Module):
    """A linear map whose weight is ``weight`` times ``weight_scale``, row by row."""

    weight: Tensor
    weight_scale: Tensor
    bias: Tensor | None

    def __init__(self, inputs: int, outputs: int, *, bias: bool = False) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(outputs, inputs, dtype=torch.int8))
        self.register_buffer("weight_scale", torch.ones(outputs, 1))
        self.register_buffer("bias", torch.zeros(outputs) if bias else None)

    @classmethod
    def of(cls, linear: nn.Linear) -> Int8Linear:
        """The nearest int8 map to ``linear``."""
        quantized = cls(linear.in_features, linear.out_features)
        quantized.weight, quantized.weight_scale = quantize_rows(linear.weight.detach())
        quantized.bias = None if linear.bias is None else linear.bias.detach().clone()
        return quantized

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to the last axis; the result has the type of ``x``."""
        num_rows = x.numel() // x.shape[-1]
        if num_rows <= MAX_KERNEL_ROWS and x.device.type == "cpu" and not x.shape[-1] % KERNEL_WIDTH:
            x_MI = x.reshape(num_rows, x.shape[-1]).to(torch.bfloat16)
            scale_O = self.weight_scale.view(-1).to(torch.bfloat16)
            y_MO = torch.ops.aten._weight_int8pack_mm(x_MI, self.weight, scale_O)
            return self._shifted(y_MO.to(x.dtype).view(*x.shape[:-1], -1))
        # Whole numbers up to 127 are exact in bfloat16; the scale comes after, in the type of the input.
        fast = fast_dtype(x.device.type)
        y = F.linear(x.to(fast), self.weight.to(fast)).to(x.dtype) * self.weight_scale.view(-1).to(x.dtype)
        return self._shifted(y)

    def dequantize(self) -> Tensor:
        """The weight as float32, OI; exact."""
        return self.weight.float() * self.weight_scale.float()

    def extra_repr(self) -> str:
        """Shape, for printing the model."""
        return f"inputs={self.weight.shape[1]}, outputs={self.weight.shape[0]}"

    def _shifted(self, y: Tensor) -> Tensor:
        return y if self.bias is None else y + self.bias.to(y.dtype)


def quantize_rows(weight_OI: Tensor) -> tuple[Tensor, Tensor]:
    """Round every row to int8 under a scale of its own.

    Returns:
        weight_OI: int8, within -127..127.
        scale_O1: float32, and exact in bfloat16, so that readers of either type see the same numbers. It is rounded
            before the weights are, and upwards, so that none is clipped.
    """
    wide = weight_OI.float()
    exact_O1 = (wide.abs().amax(1, keepdim=True) / LARGEST).clamp_min(torch.finfo(torch.bfloat16).tiny)
    scale_O1 = exact_O1.to(torch.bfloat16)
    step_up = torch.nextafter(scale_O1, torch.full_like(scale_O1, torch.inf))
    scale_O1 = torch.where(scale_O1.float() < exact_O1, step_up, scale_O1).float()
    return (wide / scale_O1).round().clamp(-LARGEST, LARGEST).to(torch.int8), scale_O1


def quantize_model(model: Decoder) -> Decoder:
    """A copy of ``model`` whose layers' linear maps are int8; norms, embedding and head stay as they are."""
    quantized = copy.deepcopy(model)
    for parent, name, linear in _linears(quantized, ignore=("lm_head",)):
        setattr(parent, name, Int8Linear.of(linear))
    return quantized


def dequantize_model(model: Decoder) -> Decoder:
    """A copy of ``model`` in float32 with ordinary linear maps of exactly the same values."""
    plain = copy.deepcopy(model).float()
    for parent, name, quantized in _children(plain, Int8Linear):
        linear = Linear(quantized.weight.shape[1], quantized.weight.shape[0])
        linear.weight = nn.Parameter(quantized.dequantize(), requires_grad=False)
        if quantized.bias is not None:
            linear.bias = nn.Parameter(quantized.bias.clone(), requires_grad=False)
        setattr(parent, name, linear)
    return plain


def is_quantized(model: Decoder) -> bool:
    """Whether any linear map of ``model`` is int8."""
    return any(isinstance(module, Int8Linear) for module in model.modules())


def quantization_config() -> dict[str, Any]:
    """``quantization_config`` of config.json, as compressed-tensors reads it."""
    weights = {
        "num_bits": 8,
        "type": "int",
        "symmetric": True,
        "strategy": "channel",
        "dynamic": False,
        "group_size": None,
        "block_structure": None,
        "actorder": None,
        "observer": "minmax",
        "observer_kwargs": {},
    }
    inputs = {"input_activations": None, "output_activations": None}
    # Newer readers guess a packed format for weights without quantized inputs, unless the group names its own.
    group = {"targets": ["Linear"], "weights": weights, "format": "int-quantized"} | inputs
    return {
        "quant_method": "compressed-tensors",
        "format": "int-quantized",
        "quantization_status": "compressed",
        "config_groups": {"group_0": group},
        "ignore": ["lm_head"],
        "kv_cache_scheme": None,
    }


def prepare(model: Decoder, config: Mapping[str, Any]) -> None:
    """Swap in, on the device that ``model`` is on, the modules that weights stored under ``config`` fit.

    Raises:
        ConfigError: another quantization than int8 weights with a scale a channel.
    """
    _check_supported(config)
    for parent, name, linear in _linears(model, ignore=config.get("ignore") or ()):
        with linear.weight.device:
            setattr(parent, name, Int8Linear(linear.in_features, linear.out_features, bias=linear.bias is not None))


@functools.cache
def fast_dtype(device_type: str) -> torch.dtype:
    """The type whose matrix products are fastest there, among those that keep eight bits exact."""
    if device_type != "cpu":
        return torch.bfloat16
    known = torch.cpu.get_capabilities()
    has_bfloat16 = known.get("avx512_bf16") or known.get("amx_bf16") or known.get("bf16")
    return torch.bfloat16 if has_bfloat16 else torch.float32


def _check_supported(config: Mapping[str, Any]) -> None:
    groups = list((config.get("config_groups") or {}).values())
    weights = groups[0].get("weights") or {} if len(groups) == 1 else {}
    found = {key: weights.get(key) for key in ("num_bits", "type", "strategy", "symmetric")}
    wanted = {"num_bits": 8, "type": "int", "strategy": "channel", "symmetric": True}
    has_plain_inputs = bool(groups) and not groups[0].get("input_activations")
    if config.get("format") != "int-quantized" or found != wanted or not has_plain_inputs:
        raise ConfigError(
            f"the model is quantized as {config.get('quant_method')} {config.get('format')} {found}",
            hint="samovar opens int8 weights with one scale a channel (compressed-tensors, int-quantized)",
        )


def _linears(model: Decoder, ignore: Any) -> list[tuple[nn.Module, str, Linear]]:
    return [(parent, name, linear) for parent, name, linear in _children(model, Linear) if name not in ignore]


def _children(model: Decoder, kind: type[Any]) -> list[tuple[nn.Module, str, Any]]:
    """Modules of ``kind``, each with its parent and its name there."""
    return [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, kind)
    ]

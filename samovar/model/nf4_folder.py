"""NF4 on disk as bitsandbytes stores it, which transformers and vLLM open."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from samovar.core.errors import CorruptError
from samovar.model.nf4 import BLOCK, GROUP, LEVELS, SIZE_LEVELS, Nf4Linear

STATE = "weight.quant_state.bitsandbytes__nf4"
_TENSORS = {"weight.absmax": "size_code_C", "weight.nested_absmax": "size_scale_G"}
_TABLES = ("weight.quant_map", "weight.nested_quant_map")


def to_bitsandbytes(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``state`` with bitsandbytes' tensors in the place of each NF4 map's."""
    theirs = dict(state)
    for name, module in model.named_modules():
        if not isinstance(module, Nf4Linear):
            continue
        for own in ("packed", "size_code_C", "size_scale_G", "size_mean"):
            del theirs[f"{name}.{own}"]
        theirs[f"{name}.weight"] = module.packed.unsqueeze(1)
        theirs[f"{name}.weight.absmax"] = module.size_code_C
        theirs[f"{name}.weight.nested_absmax"] = module.size_scale_G
        theirs[f"{name}.weight.quant_map"] = LEVELS.clone()
        theirs[f"{name}.weight.nested_quant_map"] = SIZE_LEVELS.clone()
        said = {
            "quant_type": "nf4",
            "blocksize": BLOCK,
            "dtype": "bfloat16",
            "shape": [module.out_features, module.in_features],
            "nested_blocksize": GROUP,
            "nested_dtype": "float32",
            "nested_offset": float(module.size_mean),
        }
        theirs[f"{name}.{STATE}"] = torch.tensor(list(json.dumps(said).encode()), dtype=torch.uint8)
    return theirs


def from_bitsandbytes(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``state`` with our tensors in the place of bitsandbytes'; all others are kept as they are.

    Raises:
        CorruptError: blocks or levels are others than ours.
    """
    ours: dict[str, Tensor] = {}
    for name, tensor in state.items():
        module, leaf = _split(name)
        if leaf == STATE:
            ours[f"{module}.size_mean"] = _offset(name, tensor)
        elif leaf in _TENSORS:
            ours[f"{module}.{_TENSORS[leaf]}"] = tensor
        elif leaf in _TABLES:
            _check_table(name, tensor)
        elif leaf == "weight" and tensor.dtype == torch.uint8:
            ours[f"{module}.packed"] = tensor.flatten()
        else:
            ours[name] = tensor
    return ours


def keeps_float32(name: str) -> bool:
    """Whether the tensor, by our name or bitsandbytes', stays in float32 when others are cast."""
    return name.endswith((".size_scale_G", ".size_mean", ".weight.nested_absmax", *(f".{table}" for table in _TABLES)))


def has_nf4(model: nn.Module) -> bool:
    """Whether some maps are NF4, whose sizes of blocks stay float32 whatever type the model is cast to."""
    return any(isinstance(module, Nf4Linear) for module in model.modules())


def _split(name: str) -> tuple[str, str]:
    """The module, and what stands behind it."""
    module, found, rest = name.rpartition(".weight")
    return (module, f"weight{rest}") if found else (name, "")


def _offset(name: str, tensor: Tensor) -> Tensor:
    if tensor.is_meta:
        return torch.empty((), device="meta")
    said: dict[str, Any] = json.loads(bytes(tensor.tolist()))
    found = said.get("quant_type"), said.get("blocksize"), said.get("nested_blocksize")
    if found != ("nf4", BLOCK, GROUP) or "nested_offset" not in said:
        raise CorruptError(
            f"{name} says {said}", hint=f"NF4 in blocks of {BLOCK} under double quantization by {GROUP} opens here"
        )
    return torch.tensor(float(said["nested_offset"]))


def _check_table(name: str, tensor: Tensor) -> None:
    levels = SIZE_LEVELS if "nested" in name else LEVELS
    if not tensor.is_meta and not (tensor.shape == levels.shape and torch.allclose(tensor.float(), levels, atol=1e-6)):
        raise CorruptError(f"{name} has other levels than NF4's", hint="make the folder again")

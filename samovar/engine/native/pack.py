"""Weights packed for the native engine's products, and the products themselves for who calls from Python.

Axes: O outputs (rows of a weight), I inputs (its columns), G groups of inputs that share a scale, M rows of
activations.
"""

from __future__ import annotations

import ctypes
import enum

import torch
import torch.nn.functional as F
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.engine.native.abi import functions
from samovar.model.int4 import fit_grid
from samovar.model.int8 import quantize_rows

INT8_GROUP = 128
"""Activations of int8 weights share a scale in groups of so many: one outlier coarsens its own group only."""
INT4_GROUP = 64
"""Inputs that share a scale of 4-bit weights, unless another number is given."""
LARGEST_INT4_GROUP = 256


class Kind(enum.IntEnum):
    """What weights are stored as; the numbers are those of matmul.h."""

    F32 = 0
    BF16 = 1
    INT8 = 2
    INT4 = 3


class PackedMatrix:
    """A weight in the native engine's own memory; freed with this object."""

    def __init__(self, pointer: int, kind: Kind, shape: tuple[int, int]) -> None:
        self.pointer = ctypes.c_void_p(pointer)
        """To the C++ ``PackedMatrix``."""
        self.kind = kind
        self.shape = shape
        """O, I."""
        self._free = functions().samovar_free_matrix

    def __del__(self) -> None:
        if pointer := self.__dict__.get("pointer"):
            self._free(pointer)

    @property
    def size_bytes(self) -> int:
        """Memory it takes, padding included."""
        return int(functions().samovar_matrix_bytes(self.pointer))

    def read(self, *, threads: int = 1) -> int:
        """Read all values once, as fast as memory gives them, for measuring that; their 32-bit words, summed."""
        return int(functions().samovar_read_matrix(self.pointer, threads))

    def row(self, number: int) -> Tensor:
        """Row ``number`` as the products use it; float32, I."""
        if not 0 <= number < self.shape[0]:
            raise IndexError(f"row {number} of {self.shape[0]}")
        row_I = torch.empty(self.shape[1])
        functions().samovar_unpack_row(self.pointer, number, row_I.data_ptr())
        return row_I


def pack(weight_OI: Tensor, kind: Kind, *, group: int | None = None, bias_O: Tensor | None = None) -> PackedMatrix:
    """Pack a weight of any float type, rounded as ``kind`` wants it: to int8 by row, to int4 by row and group.

    Args:
        group: inputs that share a scale; see ``pack_int8`` and ``pack_int4``, whose defaults hold.

    Raises:
        ConfigError: there is no native library, or no such group.
    """
    if kind is Kind.INT8:
        return pack_int8(*quantize_rows(weight_OI), group=INT8_GROUP if group is None else group, bias_O=bias_O)
    if kind is Kind.INT4:
        group = INT4_GROUP if group is None else group
        return pack_int4(*round_to_int4(weight_OI, group), None, group=group, bias_O=bias_O)
    dtype = torch.bfloat16 if kind is Kind.BF16 else torch.float32
    return _pack(kind, weight_OI.detach().to("cpu", dtype).contiguous(), 0, None, None, bias_O)


def pack_int8(
    weight_OI: Tensor, scale_O1: Tensor, *, group: int = INT8_GROUP, bias_O: Tensor | None = None
) -> PackedMatrix:
    """Pack int8 weights as they are.

    Args:
        weight_OI: int8.
        scale_O1: one a row.
        group: inputs whose activations share a scale, a multiple of 8; 0: a whole row, up to 65,536.
    """
    if group % 8 or group < 0:
        raise ConfigError(f"no groups of {group} inputs", hint="a group of int8 activations is a multiple of 8, or 0")
    return _pack(Kind.INT8, weight_OI.detach().cpu().contiguous(), group, _floats(scale_O1), None, bias_O)


def pack_int4(
    weight_OI: Tensor, scale_OG: Tensor, zero_OG: Tensor | None, *, group: int, bias_O: Tensor | None = None
) -> PackedMatrix:
    """Pack int4 weights as they are: weight = scale * (value - zero).

    Scales take half the memory where all are exact in bfloat16; so do weights whose zeros are all 8 without zeros.

    Args:
        weight_OI: uint8, values 0 to 15.
        zero_OG: uint8; None means 8 everywhere.
        group: inputs that share a scale and a zero, a multiple of 8 up to 256; the last group may be shorter.
    """
    if group % 8 or not 8 <= group <= LARGEST_INT4_GROUP:
        hint = f"a group of int4 weights is a multiple of 8 up to {LARGEST_INT4_GROUP}; 32, 64 and 128 are usual"
        raise ConfigError(f"no groups of {group} inputs", hint=hint)
    if weight_OI.numel() and int(weight_OI.max()) > 15:
        raise ConfigError(f"a weight of 4 bits is {int(weight_OI.max())}", hint="values are 0 to 15, one a byte")
    zeros = None if zero_OG is None else zero_OG.detach().to("cpu", torch.uint8).contiguous()
    expected = (weight_OI.shape[0], -(-weight_OI.shape[1] // group))
    for name, given in (("scales", scale_OG), ("zeros", zero_OG)):
        if given is not None and given.shape != expected:
            hint = f"groups of {group} of a weight of {tuple(weight_OI.shape)} have {expected}"
            raise ConfigError(f"the {name} have the shape {tuple(given.shape)}", hint=hint)
    return _pack(Kind.INT4, weight_OI.detach().cpu().contiguous(), group, _floats(scale_OG), zeros, bias_O)


def round_to_int4(weight_OI: Tensor, group: int) -> tuple[Tensor, Tensor]:
    """The nearest values 0 to 15 around the zero 8, uint8, OI; and the scale of every group, OG. See ``fit_grid``."""
    inputs = weight_OI.shape[1]
    padded_OX = F.pad(weight_OI.detach().float().cpu(), (0, -inputs % group))
    grid = fit_grid(padded_OX, group=group)
    return grid.round(padded_OX)[:, :inputs], grid.scale_OG


def multiply(x_MI: Tensor, *matrices: PackedMatrix, threads: int = 1) -> Tensor:
    """x W^T for each matrix in turn, all of one shape; gives that of the last, float32, MO."""
    outputs, inputs = matrices[0].shape
    if x_MI.shape[1:] != (inputs,):
        raise ConfigError(f"activations of {tuple(x_MI.shape)} for a weight of {outputs} x {inputs}")
    x_MI = _floats(x_MI)
    y_MO = torch.empty(len(x_MI), outputs)
    pointers = (ctypes.c_void_p * len(matrices))(*(matrix.pointer for matrix in matrices))
    call = functions().samovar_matmul
    if call(pointers, len(matrices), x_MI.data_ptr(), len(x_MI), y_MO.data_ptr(), threads):
        raise MemoryError(f"no memory or threads for a product of {len(x_MI)} x {inputs} x {outputs}")
    return y_MO


def _floats(values: Tensor) -> Tensor:
    return values.detach().to("cpu", torch.float32).contiguous()


def _pack(
    kind: Kind, values_OI: Tensor, group: int, scales: Tensor | None, zeros: Tensor | None, bias_O: Tensor | None
) -> PackedMatrix:
    outputs, inputs = values_OI.shape
    bias = None if bias_O is None else _floats(bias_O)
    parts = [None if part is None else part.data_ptr() for part in (values_OI, scales, zeros, bias)]
    pointer = functions().samovar_pack(int(kind), outputs, inputs, group, *parts)
    if not pointer:
        raise MemoryError(f"no memory to pack a weight of {outputs} x {inputs}")
    return PackedMatrix(pointer, kind, (outputs, inputs))

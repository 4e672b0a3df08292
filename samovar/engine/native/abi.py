"""What Python and the native library share: structures, whose fields stand in the same order as in step.h, which
explains them; and functions.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

from samovar.core.errors import ConfigError
from samovar.core.native.build import NativeLibrary

LIBRARY = NativeLibrary(Path(__file__).parent)
_FIELDS_OF_MODEL = (
    "layers",
    "width",
    "heads",
    "kv_heads",
    "head_width",
    "rotated_pairs",
    "hidden_width",
    "vocabulary",
)
_FACTORS = ("norm_eps", "score_scale", "embedding_multiplier", "residual_multiplier", "logit_divisor")
_POINTERS_OF_BATCH = (
    "token_N",
    "position_N",
    "query_start_B1",
    "block_table_BP",
    "slot_N",
    "row_R",
    "cos_SQ",
    "sin_SQ",
)


class Layer(ctypes.Structure):
    """SamovarLayer."""

    _fields_ = [
        ("query_key_value", ctypes.c_void_p),
        ("output", ctypes.c_void_p),
        ("gate_up", ctypes.c_void_p),
        ("down", ctypes.c_void_p),
        ("attention_norm_D", ctypes.c_void_p),
        ("query_norm_A", ctypes.c_void_p),
        ("key_norm_A", ctypes.c_void_p),
        ("mlp_norm_D", ctypes.c_void_p),
        ("window", ctypes.c_int64),
    ]


class Model(ctypes.Structure):
    """SamovarModel."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in _FIELDS_OF_MODEL),
        ("layer_L", ctypes.POINTER(Layer)),
        ("norm_D", ctypes.c_void_p),
        ("head", ctypes.c_void_p),
        ("embedding_VD", ctypes.c_void_p),
        ("embedding_is_bfloat16", ctypes.c_int64),
        *((name, ctypes.c_float) for name in _FACTORS),
    ]


class Memory(ctypes.Structure):
    """samovar::Memory; ``store`` is 0 for float32, 1 for bfloat16, 2 for int8."""

    _fields_ = [
        ("store", ctypes.c_int32),
        ("num_blocks", ctypes.c_int64),
        ("num_heads", ctypes.c_int64),
        ("width", ctypes.c_int64),
        ("keys_LPKSA", ctypes.c_void_p),
        ("values_LPKSA", ctypes.c_void_p),
        ("key_scale_LPKS", ctypes.c_void_p),
        ("value_scale_LPKS", ctypes.c_void_p),
    ]


class Batch(ctypes.Structure):
    """SamovarBatch."""

    _fields_ = [
        ("tokens", ctypes.c_int64),
        ("sequences", ctypes.c_int64),
        ("blocks", ctypes.c_int64),
        ("rows", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in _POINTERS_OF_BATCH),
        ("angles", ctypes.c_int64),
        ("hidden_RD", ctypes.c_void_p),
        ("logits_RV", ctypes.c_void_p),
        ("best_R", ctypes.c_void_p),
        ("num_ids", ctypes.c_int64),
    ]


_POINTER, _NUMBER = ctypes.c_void_p, ctypes.c_int64
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "samovar_step_open": (_POINTER, [ctypes.POINTER(Model), ctypes.POINTER(Memory), _NUMBER]),
    "samovar_step_close": (None, [_POINTER]),
    "samovar_step_run": (ctypes.c_int, [_POINTER, ctypes.POINTER(Batch)]),
    "samovar_pack": (_POINTER, [ctypes.c_int32, *[_NUMBER] * 3, *[_POINTER] * 4]),
    "samovar_free_matrix": (None, [_POINTER]),
    "samovar_matrix_bytes": (_NUMBER, [_POINTER]),
    "samovar_unpack_row": (None, [_POINTER, _NUMBER, _POINTER]),
    "samovar_read_matrix": (ctypes.c_uint32, [_POINTER, ctypes.c_int]),
    "samovar_matmul": (ctypes.c_int, [_POINTER, _NUMBER, _POINTER, _NUMBER, _POINTER, ctypes.c_int]),
    "samovar_draw": (ctypes.c_int, [_POINTER, *[_NUMBER] * 3, *[_POINTER] * 3]),
}
"""What each gives and takes; the sources explain them."""


def functions() -> ctypes.CDLL:
    """The native library, whose functions are called as its attributes.

    Raises:
        ConfigError: it cannot be had.
    """
    return _declared(LIBRARY.library())


@functools.cache
def _declared(found: ctypes.CDLL | None) -> ctypes.CDLL:
    if found is None:
        raise ConfigError(
            f"the native engine is not there: {LIBRARY.reason()}", hint="install a C++ compiler, g++ or clang++"
        )
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found

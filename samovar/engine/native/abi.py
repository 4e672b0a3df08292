"""The structures that Python and step.h share: the same fields in the same order (there they are explained)."""

from __future__ import annotations

import ctypes

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


def declare(library: ctypes.CDLL) -> None:
    """Tell ctypes what the functions of step.h take and give."""
    library.samovar_step_open.restype = ctypes.c_void_p
    library.samovar_step_open.argtypes = (ctypes.POINTER(Model), ctypes.POINTER(Memory), ctypes.c_int64)
    library.samovar_step_close.restype = None
    library.samovar_step_close.argtypes = (ctypes.c_void_p,)
    library.samovar_step_run.restype = ctypes.c_int
    library.samovar_step_run.argtypes = (ctypes.c_void_p, ctypes.POINTER(Batch))

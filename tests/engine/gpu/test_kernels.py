"""The kernels against the same written out, in Triton's interpreter where there is no GPU."""

from __future__ import annotations

import os

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

triton = pytest.importorskip("triton")
IS_ON_GPU = torch.cuda.is_available()
if not IS_ON_GPU and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("needs a GPU, or TRITON_INTERPRET=1", allow_module_level=True)

from samovar.engine.batch import BLOCK_SIZE, Memory  # noqa: E402
from samovar.engine.cache import write  # noqa: E402
from samovar.engine.gpu.attention import attend_blocks  # noqa: E402
from samovar.engine.gpu.kernels import add_and_norm, gated, place_heads  # noqa: E402
from samovar.engine.gpu.vector import vector_product  # noqa: E402
from samovar.model.positions import rotate  # noqa: E402

DEVICE = torch.device("cuda" if IS_ON_GPU else "cpu")
NUM_BLOCKS = 40


def _memory(kv_heads: int, width: int, dtype: torch.dtype = torch.float32) -> Memory:
    shape = (2, NUM_BLOCKS, kv_heads, BLOCK_SIZE, width)
    keys, values = (torch.zeros(shape, dtype=dtype, device=DEVICE) for _ in range(2))
    if dtype != torch.int8:
        return Memory(keys, values)
    return Memory(keys, values, *(torch.zeros(shape[:-1], device=DEVICE) for _ in range(2)))


def _fill(memory: Memory, layer: int, contexts: list[int]) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Random keys and values in blocks of no order; the table, PB, and what each sequence has, SKA."""
    _, _, kv_heads, _, width = memory.keys_LPKSA.shape
    free = (torch.randperm(NUM_BLOCKS - 1) + 1).tolist()
    table_PB = torch.zeros(max(-(-context // BLOCK_SIZE) for context in contexts), len(contexts), dtype=torch.int32)
    kept = []
    for sequence, context in enumerate(contexts):
        blocks = [free.pop() for _ in range(-(-context // BLOCK_SIZE))]
        table_PB[: len(blocks), sequence] = torch.tensor(blocks)
        slots = [blocks[at // BLOCK_SIZE] * BLOCK_SIZE + at % BLOCK_SIZE for at in range(context)]
        keys, values = (torch.randn(context, kv_heads, width, device=DEVICE) for _ in range(2))
        kept.append(write(memory, layer, torch.tensor(slots, device=DEVICE), keys, values))
    return table_PB.to(DEVICE), kept


def _written_out(
    query_HA: Tensor, keys_SKA: Tensor, values_SKA: Tensor, *, scale: float, softcap: float | None, window: int | None
) -> Tensor:
    group = len(query_HA) // keys_SKA.shape[1]
    keys, values = (one.repeat_interleave(group, dim=1) for one in (keys_SKA, values_SKA))
    scores_HS = torch.einsum("ha,sha->hs", query_HA.double(), keys.double()) * scale
    if softcap is not None:
        scores_HS = softcap * torch.tanh(scores_HS / softcap)
    if window is not None:
        scores_HS[:, : max(0, len(keys) - window)] = -torch.inf
    return torch.einsum("hs,sha->ha", scores_HS.softmax(-1), values.double()).float()


@pytest.mark.parametrize(
    ("heads", "kv_heads", "width", "dtype", "softcap", "window", "shares"),
    [
        (4, 4, 16, torch.float32, None, None, 1),
        (9, 3, 64, torch.float32, None, None, 4),
        (6, 2, 24, torch.float32, 5.0, None, 2),
        (4, 1, 32, torch.float32, None, 20, 1),
        (4, 2, 32, torch.float32, None, 70, 8),
        (4, 2, 32, torch.int8, None, None, 4),
    ],
)
def test_attention_of_blocks_is_attention(
    heads: int,
    kv_heads: int,
    width: int,
    dtype: torch.dtype,
    softcap: float | None,
    window: int | None,
    shares: int,
) -> None:
    torch.manual_seed(0)
    contexts = [1, 16, 17, 64, 65, 150, 3]
    memory = _memory(kv_heads, width, dtype)
    table_PB, kept = _fill(memory, 1, contexts)
    # A padded row sees the padding block alone, and is nobody's.
    table_PB = F.pad(table_PB, (0, 1))
    context_B = torch.tensor([*contexts, 1], dtype=torch.int32, device=DEVICE)
    query_BHA = torch.randn(len(contexts) + 1, heads, width, device=DEVICE)
    how = {"scale": width**-0.5, "softcap": softcap, "window": window}
    mixed_BHA = attend_blocks(query_BHA, memory, 1, table_PB, context_B, shares=shares, **how)
    assert mixed_BHA.isfinite().all()
    for query, found, (keys, values) in zip(query_BHA, mixed_BHA, kept, strict=False):
        torch.testing.assert_close(found, _written_out(query, keys, values, **how), atol=2e-5, rtol=2e-5)


def test_a_norm_adds_to_the_stream_first() -> None:
    torch.manual_seed(0)
    new_ND, stream_ND = torch.randn(2, 5, 48, device=DEVICE)
    weight_D = torch.rand(48, device=DEVICE)
    for new in (new_ND, None):
        summed_ND, normed_ND = add_and_norm(new, stream_ND, weight_D, 1e-5)
        expected_ND = stream_ND if new is None else stream_ND + new
        torch.testing.assert_close(summed_ND, expected_ND)
        torch.testing.assert_close(normed_ND, F.rms_norm(expected_ND, (48,), weight_D, 1e-5))


@pytest.mark.parametrize("is_normed", [True, False])
@pytest.mark.parametrize(("heads", "kv_heads", "width"), [(4, 2, 24), (9, 3, 64), (40, 4, 16)])
def test_heads_are_rotated_and_stored(heads: int, kv_heads: int, width: int, is_normed: bool) -> None:
    torch.manual_seed(0)
    tokens = 5
    memory = _memory(kv_heads, width)
    heads_NJA = torch.randn(tokens, heads + 2 * kv_heads, width, device=DEVICE)
    slot_N = torch.tensor([17, 3 * BLOCK_SIZE + 15, 200, 201, 16], device=DEVICE)
    position_N = torch.tensor([0, 7, 30, 31, 2], device=DEVICE)
    angle_SQ = torch.rand(40, width // 2, device=DEVICE) * 6
    angles_S2Q = torch.stack((angle_SQ.cos(), angle_SQ.sin()), dim=1)
    norms_2A = torch.rand(2, width, device=DEVICE) if is_normed else None
    query, key, value = (one.clone() for one in heads_NJA.split((heads, kv_heads, kv_heads), dim=1))
    if norms_2A is not None:
        query, key = (
            F.rms_norm(one, (width,), weight, 1e-6) for one, weight in zip((query, key), norms_2A, strict=True)
        )
    cos_NA, sin_NA = (torch.cat((of(angle_SQ), of(angle_SQ)), dim=1)[position_N][None] for of in (torch.cos, torch.sin))
    query, key = (rotate(one.transpose(0, 1)[None], cos_NA, sin_NA)[0].transpose(0, 1) for one in (query, key))
    place_heads(heads_NJA, memory.keys_LPKSA[1], memory.values_LPKSA[1], slot_N, position_N, angles_S2Q, norms_2A, 1e-6)
    torch.testing.assert_close(heads_NJA, torch.cat((query, key, value), dim=1))
    block_N, offset_N = slot_N // BLOCK_SIZE, slot_N % BLOCK_SIZE
    torch.testing.assert_close(memory.keys_LPKSA[1][block_N, :, offset_N], key)
    torch.testing.assert_close(memory.values_LPKSA[1][block_N, :, offset_N], value)
    memory.keys_LPKSA[1][block_N, :, offset_N] = 0
    assert not memory.keys_LPKSA.any()


def test_the_gate_opens() -> None:
    gate_up_N2F = torch.randn(3, 2 * 1100, device=DEVICE)
    gate_NF, up_NF = gate_up_N2F.chunk(2, dim=1)
    torch.testing.assert_close(gated(gate_up_N2F), F.silu(gate_NF) * up_NF)


@pytest.mark.parametrize(("inputs", "outputs"), [(40, 19), (1100, 8)])
def test_a_vectors_product_takes_norm_and_gate_along(inputs: int, outputs: int) -> None:
    torch.manual_seed(0)
    both_1D, weight_OD = torch.randn(1, 2 * inputs, device=DEVICE), torch.randn(outputs, inputs, device=DEVICE)
    bias_O, stream_1O = torch.randn(outputs, device=DEVICE), torch.randn(1, outputs, device=DEVICE)
    norm_D, own_1D = torch.rand(inputs, device=DEVICE), both_1D[:, :inputs]
    found_1O = vector_product(own_1D, weight_OD, bias_O, norm_D=norm_D, eps=1e-5)
    expected_1O = F.linear(F.rms_norm(own_1D, (inputs,), norm_D, 1e-5), weight_OD, bias_O)
    torch.testing.assert_close(found_1O, expected_1O, atol=1e-4, rtol=1e-4)
    found_1O = vector_product(both_1D, weight_OD, is_gated=True, stream_1O=stream_1O)
    expected_1O = stream_1O + F.linear(F.silu(own_1D) * both_1D[:, inputs:], weight_OD)
    torch.testing.assert_close(found_1O, expected_1O, atol=1e-4, rtol=1e-4)

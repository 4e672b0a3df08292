"""Products of the native engine against torch in float64, and of integers against integers exactly."""

from __future__ import annotations

import ctypes
import math
import platform
from pathlib import Path

import pytest
import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.core.native import build
from samovar.engine.native import abi, pack
from samovar.engine.native.pack import Kind, multiply, pack_int4, pack_int8, round_to_int4
from samovar.model.int8 import quantize_rows

ROWS = (1, 2, 3, 4, 5, 7, 12, 13, 25, 40)
SHAPES = ((1, 1), (3, 5), (16, 8), (31, 33), (32, 64), (33, 130), (96, 320), (200, 257))
MODES = ((Kind.F32, 0), (Kind.BF16, 0), (Kind.INT8, 0), (Kind.INT8, 64), (Kind.INT4, 32), (Kind.INT4, 128))
VARIANTS = ("skylake-avx512", "haswell", "x86-64")
"""AVX512 without products of 8 bits or bfloat16, AVX2, and neither."""

needs_library = pytest.mark.skipif(abi.LIBRARY.library() is None, reason=abi.LIBRARY.reason())
pytestmark = needs_library


def weight(outputs: int, inputs: int, seed: int = 0) -> Tensor:
    return torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(seed))


def rounded_to_groups(x_MI: Tensor, group: int) -> tuple[Tensor, Tensor]:
    """Activations as int8 with a scale a group makes them, in float64; and by how much each may differ.

    A value halfway between two whole numbers may become either: what is halfway depends on the last bit of a float32.
    """
    rounded_MI, slack_MI = torch.empty_like(x_MI, dtype=torch.float64), torch.empty_like(x_MI, dtype=torch.float64)
    for first in range(0, x_MI.shape[1], group or x_MI.shape[1]):
        columns = slice(first, first + (group or x_MI.shape[1]))
        scale_M1 = x_MI[:, columns].double().abs().amax(1, keepdim=True) / 127
        steps_MI = x_MI[:, columns] / scale_M1
        rounded_MI[:, columns] = steps_MI.round() * scale_M1
        slack_MI[:, columns] = ((steps_MI.frac().abs() - 0.5).abs() < 1e-4) * scale_M1
    return rounded_MI, slack_MI


def exact_weight(weight_OI: Tensor, kind: Kind, group: int) -> Tensor:
    """The values that packing keeps, in float64."""
    if kind is Kind.F32:
        return weight_OI.double()
    if kind is Kind.BF16:
        return weight_OI.bfloat16().double()
    if kind is Kind.INT8:
        values_OI, scale_O1 = quantize_rows(weight_OI)
        return values_OI.double() * scale_O1.double()
    value_OI, scale_OG = round_to_int4(weight_OI, group)
    scale_OI = scale_OG.double().repeat_interleave(group, 1)[:, : weight_OI.shape[1]]
    return (value_OI.double() - 8) * scale_OI


def check_product(kind: Kind, group: int, outputs: int, inputs: int, rows: int, threads: int) -> None:
    weight_OI, x_MI = weight(outputs, inputs), weight(rows, inputs, seed=1)
    wide_MI, slack_MI = x_MI.double(), torch.zeros_like(x_MI, dtype=torch.float64)
    if kind is Kind.BF16:  # where the processor has no bfloat16, activations stay float32
        slack_MI = x_MI.double().abs() * 2**-8
    elif kind in (Kind.INT8, Kind.INT4):
        wide_MI, slack_MI = rounded_to_groups(x_MI, group)
    kept_OI = exact_weight(weight_OI, kind, group)
    y_MO = multiply(x_MI, pack.pack(weight_OI, kind, group=group), threads=threads)
    # Float32 sums err by some units of the last place of the sum of magnitudes.
    tolerance_MO = (1e-6 * wide_MI.abs() + slack_MI) @ kept_OI.abs().T + 1e-12
    assert ((y_MO - wide_MI @ kept_OI.T).abs() <= tolerance_MO).all()


@pytest.mark.parametrize(("kind", "group"), MODES)
def test_the_product_is_that_of_float64_for_odd_shapes_and_any_number_of_rows(kind: Kind, group: int) -> None:
    for outputs, inputs in SHAPES:
        for rows in ROWS:
            check_product(kind, group, outputs, inputs, rows, threads=1 + rows % 3)


@pytest.mark.parametrize(("kind", "group"), MODES)
def test_many_rows(kind: Kind, group: int) -> None:
    for rows in (129, 512, 513):
        check_product(kind, group, 70, 96, rows, threads=2)


@pytest.mark.parametrize("group", [0, 32, 128])
@pytest.mark.parametrize("rows", [1, 12, 13, 50])
def test_sums_of_int8_are_exact_to_the_last_unit(group: int, rows: int) -> None:
    """The largest values there are: sums that 16 bits, or a saturating add, could not hold."""
    random = torch.Generator().manual_seed(2)
    values_OI = torch.randint(-128, 128, (70, 388), generator=random).to(torch.int8)
    values_OI[:3] = torch.tensor([127, -127, -128], dtype=torch.int8)[:, None]
    x_MI = torch.randint(-127, 128, (rows, 388), generator=random)
    x_MI[0] = 127
    x_MI[-1, ::32] = -127
    x_MI[:, ::32] = 127  # so that the scale of every group is 1
    y_MO = multiply(x_MI.float(), pack_int8(values_OI, torch.ones(70, 1), group=group), threads=2)
    assert torch.equal(y_MO.long(), x_MI.long() @ values_OI.long().T)


def test_a_row_of_any_width_overflows_no_sum() -> None:
    values_OI = torch.full((3, 140_001), 127, dtype=torch.int8)
    y_MO = multiply(torch.full((2, 140_001), 127.0), pack_int8(values_OI, torch.ones(3, 1), group=0))
    assert torch.allclose(y_MO.double(), torch.tensor(140_001.0 * 127 * 127).double(), rtol=1e-7)


@pytest.mark.parametrize("group", [32, 64, 128, 256])
def test_sums_of_int4_are_exact_with_zeros_and_both_widths_of_scales(group: int) -> None:
    random = torch.Generator().manual_seed(3)
    values_OI = torch.randint(0, 16, (70, 392), generator=random).to(torch.uint8)
    num_groups = math.ceil(392 / group)
    zeros_OG = torch.randint(0, 17, (70, num_groups), generator=random).to(torch.uint8)
    x_MI = torch.randint(-127, 128, (14, 392), generator=random)
    x_MI[:, ::32] = 127
    for scale in (0.5, 0.25 + 2**-12):  # the second is not exact in bfloat16
        matrix = pack_int4(values_OI, torch.full((70, num_groups), scale), zeros_OG, group=group)
        kept_OI = values_OI.long() - zeros_OG.long().repeat_interleave(group, 1)[:, :392]
        exact_MO = (x_MI.long() @ kept_OI.T).double() * scale
        y_MO = multiply(x_MI.float(), matrix, threads=2).double()
        assert torch.allclose(y_MO, exact_MO, rtol=1e-6, atol=1e-2 * (scale != 0.5))
        assert scale != 0.5 or torch.equal(y_MO, exact_MO)


@pytest.mark.parametrize(("kind", "group"), MODES)
def test_rows_come_back_as_they_are_multiplied(kind: Kind, group: int) -> None:
    weight_OI = weight(37, 100)
    matrix = pack.pack(weight_OI, kind, group=group)
    rows_OI = torch.stack([matrix.row(number) for number in range(37)])
    assert torch.equal(rows_OI.double(), exact_weight(weight_OI, kind, group))
    with pytest.raises(IndexError):
        matrix.row(37)


@pytest.mark.parametrize(("kind", "group"), MODES)
def test_more_threads_and_more_rows_change_no_bit(kind: Kind, group: int) -> None:
    """An answer must not depend on the company in which it was computed."""
    matrix, x_MI = pack.pack(weight(150, 200), kind, group=group), weight(29, 200, seed=1)
    together_MO = multiply(x_MI, matrix, threads=3)
    alone_MO = torch.cat([multiply(row_I[None], matrix, threads=1) for row_I in x_MI])
    assert torch.equal(together_MO, alone_MO)


def test_the_bias_is_added_and_ends_of_panels_are_not_written_beyond() -> None:
    for outputs in (5, 32, 45):
        bias_O = torch.arange(outputs).float()
        matrix = pack.pack(torch.zeros(outputs, 16), Kind.F32, bias_O=bias_O)
        assert torch.equal(multiply(torch.ones(3, 16), matrix, threads=2), bias_O.expand(3, -1))


@pytest.mark.parametrize("kind", [Kind.INT8, Kind.INT4])
def test_activations_of_zero_give_zero_and_what_is_not_finite_stays_seen(kind: Kind) -> None:
    matrix = pack.pack(weight(40, 64), kind)
    assert torch.equal(multiply(torch.zeros(2, 64), matrix), torch.zeros(2, 40))
    for bad in (math.nan, math.inf):
        x_MI = torch.ones(3, 64)
        x_MI[1, 7] = bad
        y_MO = multiply(x_MI, matrix)
        assert y_MO[1].isnan().all()
        assert y_MO[0].isfinite().all()
        assert y_MO[2].isfinite().all()


def test_an_outlier_coarsens_its_own_group_only() -> None:
    x_MI = weight(1, 256, seed=4)
    x_MI[0, 3] = 1000.0
    weight_OI = torch.eye(256)
    y_MO = multiply(x_MI, pack.pack(weight_OI, Kind.INT8, group=128))
    assert (y_MO - x_MI)[0, 128:].abs().max() < 0.02
    assert (y_MO - x_MI)[0, 4:128].abs().max() > 0.5


def test_memory_is_that_of_the_bits() -> None:
    weight_OI = weight(320, 1024)
    for kind, bits in ((Kind.F32, 32), (Kind.BF16, 16), (Kind.INT8, 8 + 32 / 1024), (Kind.INT4, 4 + 16 / 64)):
        assert pack.pack(weight_OI, kind).size_bytes == 320 * 1024 * bits / 8


def test_reading_reads_everything() -> None:
    matrix = pack.pack(torch.ones(40, 9), Kind.F32)
    assert matrix.read() == matrix.read(threads=3) == 40 * 9 * 0x3F800000 % 2**32


def test_what_cannot_be_packed_is_refused() -> None:
    values_OI = torch.zeros(8, 64, dtype=torch.uint8)
    with pytest.raises(ConfigError, match="no groups of 20"):
        pack_int4(values_OI, torch.ones(8, 4), None, group=20)
    with pytest.raises(ConfigError, match="shape"):
        pack_int4(values_OI, torch.ones(8, 1), None, group=32)
    with pytest.raises(ConfigError, match="4 bits is 16"):
        pack_int4(values_OI + 16, torch.ones(8, 2), None, group=32)
    with pytest.raises(ConfigError, match="no groups of 12"):
        pack_int8(values_OI.to(torch.int8), torch.ones(8, 1), group=12)
    with pytest.raises(ConfigError, match="activations"):
        multiply(torch.zeros(1, 63), pack.pack(torch.zeros(8, 64), Kind.F32))


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="compiles for older processors of the same kind")
@pytest.mark.parametrize("processor", VARIANTS)
def test_older_processors_multiply_alike(processor: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "FOR_THIS_PROCESSOR", (f"-march={processor}",))
    library = ctypes.CDLL(str(abi.LIBRARY.build(tmp_path)))
    monkeypatch.setattr(build.NativeLibrary, "library", lambda _: library)
    for kind, group in MODES:
        for outputs, inputs in SHAPES:
            check_product(kind, group, outputs, inputs, rows=7, threads=2)
    for group in (0, 128):
        test_sums_of_int8_are_exact_to_the_last_unit(group, rows=13)
    test_sums_of_int4_are_exact_with_zeros_and_both_widths_of_scales(64)
    test_more_threads_and_more_rows_change_no_bit(Kind.INT8, 64)

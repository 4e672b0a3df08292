"""Muon's orthogonalisation beside the singular value decomposition."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from samovar.train.orthogonal import _POLYNOMIALS, orthogonalize

JORDAN = [(3.4445, -4.7750, 2.0315)] * 5
"""The five steps of kellerjordan.github.io/posts/muon."""


def matrices(rows: int, columns: int, values: Tensor, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Two matrices with these singular values; their left and their right vectors."""
    draw = torch.Generator().manual_seed(seed)
    left, _ = torch.linalg.qr(torch.randn(2, rows, len(values), generator=draw))
    right, _ = torch.linalg.qr(torch.randn(2, columns, len(values), generator=draw))
    return left @ torch.diag(values) @ right.mT, left, right


@pytest.mark.parametrize(("rows", "columns"), [(96, 96), (64, 200), (200, 64), (70, 64)])
def test_values_come_near_one_and_vectors_stay(rows: int, columns: int) -> None:
    count = min(rows, columns)
    values = torch.logspace(0, -3.5, count)
    given, left, right = matrices(rows, columns, values)
    scale = values.pow(4).sum() ** 0.25
    found = left.mT @ orthogonalize(given * 0.01) @ right
    diagonal = found.diagonal(dim1=1, dim2=2)
    large = values > scale / 360
    assert 0.6 * count < large.sum() < 0.8 * count
    assert 0.65 < diagonal[:, large].min() < diagonal[:, large].max() < 1.3
    assert torch.allclose(diagonal[:, values < scale / 2000], 275 * values[values < scale / 2000] / scale, atol=0.06)
    assert (found - torch.diag_embed(diagonal)).norm() < 0.1 * found.norm()


def test_both_orders_of_work_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns of zeros change no singular value, and make a square matrix one that is worked out by Gram matrices."""
    monkeypatch.setattr("samovar.train.orthogonal.training_dtype", lambda device: torch.float32)
    square, _, _ = matrices(64, 64, torch.logspace(0, -2.5, 64))
    wide = torch.cat((square, torch.zeros(2, 64, 64)), dim=2)
    found = orthogonalize(wide)
    assert found[..., 64:].abs().max() == 0.0
    assert (found[..., :64] - orthogonalize(square)).norm() < 1e-3 * found.norm()


def test_matrices_at_the_edge_of_what_there_is() -> None:
    eye = torch.eye(64).repeat(2, 1, 1)
    one, _, _ = matrices(64, 160, torch.ones(1))
    few, _, _ = matrices(64, 64, torch.ones(4))
    for given in (eye, 1e-12 * eye, 1e12 * eye, one, few, one.mT):
        largest = torch.linalg.matrix_norm(orthogonalize(given), ord=2)
        assert torch.all((largest > 0.7) & (largest < 1.3))
    for shape in ((2, 64, 64), (2, 64, 160), (1, 160, 64), (2, 1, 7), (1, 1, 1)):
        assert orthogonalize(torch.zeros(shape)).abs().max() == 0.0
    # Whatever stands beside it in the stack, a matrix comes to the same.
    both = orthogonalize(torch.cat((eye, few)))
    assert torch.allclose(both[2:], orthogonalize(few), atol=0.02)


def distance(polynomials: list[tuple[float, ...]], value: Tensor, wrong: Tensor | None = None) -> float:
    """Mean square of what singular values are away from one after the steps."""
    for number, (a, b, c) in enumerate(polynomials):
        seen = value if wrong is None else value * wrong[number]
        value = value * (a + b * seen**2 + c * seen**4)
    return float((value - 1).square().mean())


def test_four_polynomials_do_what_five_alike_did() -> None:
    """Where the largest value is 0.65 of the Frobenius norm, as in gradients, and by which these are scaled."""
    polynomials = [one for two in _POLYNOMIALS for one in two]
    value = torch.logspace(math.log10(5e-4), 0, 5000, dtype=torch.float64)
    assert distance(polynomials, value) < 1.02 * distance(JORDAN, 0.65 * value)


def test_no_coefficient_is_better_a_little_larger_or_smaller() -> None:
    polynomials = [one for two in _POLYNOMIALS for one in two]
    value = torch.logspace(math.log10(5e-4), 0, 20_000, dtype=torch.float64)
    value = torch.cat((value, torch.linspace(0.9, 1.02, 1600, dtype=torch.float64)))
    chance = torch.rand(4, len(value), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    wrong = 1 + 0.015 * (2 * chance - 1)
    best = distance(polynomials, value, wrong)
    for step in range(4):
        for place in range(3):
            for factor in (0.99, 1.01):
                changed = [list(one) for one in polynomials]
                changed[step][place] *= factor
                assert distance([tuple(one) for one in changed], value, wrong) > 0.998 * best

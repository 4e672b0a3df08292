"""The orthogonalisation in Muon: a matrix like the given one, all of whose singular values are near one.

A polynomial X (a + b G + c G²) of a matrix X and its Gram matrix G = X Xᵀ bends the singular values and leaves the
singular vectors alone; a few of them one after the other bring almost all values near one (Jordan et al. 2024,
kellerjordan.github.io/posts/muon). Two things make four steps do what five with one polynomial did:

- Each step has a polynomial of its own (Amsel et al. 2025, arXiv:2505.16932), large where few values are large yet.
- The matrix is scaled by the fourth root of the sum of its singular values' fourth powers. No value is larger, and of
  gradients it is two thirds of the Frobenius norm. It is the root of the Gram matrix's norm, which costs nothing.

Axes: N matrices of one shape, R rows, C columns; R is the shorter side.
"""

from __future__ import annotations

import torch
from torch import Tensor

from samovar.core.devices import training_dtype
from samovar.model.native import multiplies_natively
from samovar.model.products import combine

_POLYNOMIALS = (
    ((8.0607, -21.7661, 14.7564), (3.8510, -2.6464, 0.4624)),
    ((3.4025, -2.4485, 0.4718), (2.6036, -1.9310, 0.4584)),
)
"""a, b and c of each step, two steps beside each other. Together they minimise the mean square of what singular values
are away from one, for values from 5e-4 to 1, spread evenly on a logarithmic scale, and some from 0.9 to 1.02, where
each polynomial sees its value up to 1.5 % wrong: without that the largest ones, rounded, run away."""
_Polynomial = tuple[float, float, float]


def orthogonalize(matrices_NRC: Tensor) -> Tensor:
    """Push the singular values of every matrix towards one.

    Those above 1/360 of the scale, which is hardly more than the largest one where a few are large, come between 0.7
    and 1.3; smaller ones are multiplied by 275 over the scale. A matrix of zeros stays one.
    """
    # bfloat16 is exact enough for the iteration (Jordan et al.) and four times faster where it is native.
    x = matrices_NRC.to(training_dtype(matrices_NRC.device))
    is_tall = x.shape[-2] > x.shape[-1]
    if is_tall:
        x = x.mT.contiguous()
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    gram = _product(x, x.mT, is_symmetric=True)
    size = gram.norm(dim=(-2, -1), keepdim=True) + 1e-7
    x, gram = x / size.sqrt(), gram / size
    # Two steps at once take 2 R R C + 5 R R R multiplications, one after the other 4 R R C + 2 R R R.
    advance = _two_steps if x.shape[-1] > 1.5 * x.shape[-2] else _one_after_the_other
    for number, two in enumerate(_POLYNOMIALS):
        x = advance(x, _product(x, x.mT, is_symmetric=True) if number else gram, *two)
    return (x.mT if is_tall else x).to(matrices_NRC.dtype)


def _one_after_the_other(x: Tensor, gram: Tensor, first: _Polynomial, second: _Polynomial) -> Tensor:
    x = _product(_bend(gram, first), x, add=(first[0], x))
    return _product(_bend(_product(x, x.mT, is_symmetric=True), second), x, add=(second[0], x))


def _two_steps(x: Tensor, gram: Tensor, first: _Polynomial, second: _Polynomial) -> Tensor:
    """Two steps, worked out for the Gram matrix alone: polynomials of it commute, and are symmetric as it is.

    Not more than two: the rounding of the Gram matrix, as large as its smallest eigenvalues, grows from step to step as
    these do, and what is made of it is no Gram matrix any more.
    """
    bent = _bend(gram, first)
    once = _product(bent, gram, add=(first[0], gram), is_symmetric=True)
    # Of the matrix after the first step.
    gram = _product(bent, once, add=(first[0], once), is_symmetric=True)
    bent_again = _bend(gram, second)
    both = _product(bent_again, bent, add=(1.0, second[0] * bent + first[0] * bent_again), is_symmetric=True)
    return _product(both, x, add=(first[0] * second[0], x))


def _bend(gram: Tensor, polynomial: _Polynomial) -> Tensor:
    """The polynomial of the Gram matrix without its first term, which the last product adds without rounding it."""
    return _product(gram, gram, times=polynomial[2], add=(polynomial[1], gram), is_symmetric=True)


def _product(
    left: Tensor,
    right: Tensor,
    *,
    times: float = 1.0,
    add: tuple[float, Tensor] | None = None,
    is_symmetric: bool = False,
) -> Tensor:
    """``times`` the product, and a factor times another matrix. ``is_symmetric``: the sum is, but for rounding."""
    is_known = left.is_cpu and left.dtype == torch.bfloat16 and len(left) >= torch.get_num_threads()
    if is_known and multiplies_natively():
        return combine(left, right, times=times, add=add, is_symmetric=is_symmetric)
    factor, added = add or (0.0, left.new_empty(()))
    return torch.baddbmm(added, left, right, beta=factor, alpha=times)

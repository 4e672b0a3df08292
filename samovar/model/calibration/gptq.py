"""GPTQ: after each column of a matrix is rounded, those still to come make up for its error.

Axes: O outputs, I inputs, C columns of a block.

Source: Frantar et al. 2022, arXiv:2210.17323, section 3 and algorithm 1; columns in the order of how much comes in
there, on grids that were fixed before (its code's ``act_order`` with ``static_groups``), so that codes lie in their
natural order and need no index.
"""

from __future__ import annotations

import torch
from torch import Tensor

from samovar.core.errors import DataError
from samovar.model.int4 import LEVELS, Grid

DAMPING = 0.01
"""Share of the mean square that is added to all, so that the inverse exists; as published."""
COLUMNS = 128
"""Columns after which the errors of a block reach the rest of the matrix, in one product."""


@torch.no_grad()
def gptq_codes(weight_OI: Tensor, product_II: Tensor, grid: Grid) -> Tensor:
    """Codes on ``grid`` that keep ``weight @ x`` as it was, uint8, OI.

    Args:
        weight_OI: the matrix.
        product_II: the mean of x xᵀ over what comes in; zero for inputs that were never seen, which are rounded to the
            nearest.
        grid: of the matrix.
    Raises:
        DataError: ``product_II`` has numbers that are not finite.
    """
    order_I = product_II.diagonal().argsort(descending=True)
    left_OI = weight_OI.float()[:, order_I].clone()
    scale_OI, zero_OI = (x[:, order_I] for x in grid.spread(weight_OI.shape[1]))
    push_II = _root_of_inverse(product_II[order_I][:, order_I])
    code_OI = torch.empty_like(left_OI)
    for first in range(0, left_OI.shape[1], COLUMNS):
        last = min(first + COLUMNS, left_OI.shape[1])
        error_OC = torch.empty_like(left_OI[:, first:last])
        for column in range(first, last):
            scale_O, zero_O = scale_OI[:, column], zero_OI[:, column]
            code_O = ((left_OI[:, column] / scale_O).round() + zero_O).clamp(0, LEVELS - 1)
            code_OI[:, column] = code_O
            error_O = (left_OI[:, column] - (code_O - zero_O) * scale_O) / push_II[column, column]
            left_OI[:, column:last] -= error_O[:, None] * push_II[column, column:last]
            error_OC[:, column - first] = error_O
        left_OI[:, last:] -= error_OC @ push_II[first:last, last:]
    return code_OI[:, order_I.argsort()].to(torch.uint8)


def _root_of_inverse(product_II: Tensor) -> Tensor:
    """The upper triangle U with UᵀU the inverse of ``product_II``, damped until there is one."""
    damped_II = product_II.double()
    diagonal_I = damped_II.diagonal()
    if not bool(diagonal_I.isfinite().all()):
        raise DataError("the model's activations on the calibration text are not finite", hint="check the model")
    diagonal_I[diagonal_I == 0.0] = 1.0
    step = DAMPING * float(diagonal_I.mean())
    while True:
        diagonal_I += step
        lower_II, failed = torch.linalg.cholesky_ex(damped_II)
        if not failed:
            root_II, failed = torch.linalg.cholesky_ex(torch.cholesky_inverse(lower_II), upper=True)
            if not failed:
                return root_II.float()
        step *= 10.0

"""How far a share that was measured on few questions may be from the true one."""

from __future__ import annotations

import math
from typing import NamedTuple

Z_95 = 1.959963984540054


class Interval(NamedTuple):
    """Where the true share lies with a confidence of 95 %."""

    low: float
    high: float


def wilson(total: float, count: int, z: float = Z_95) -> Interval:
    """Wilson's score interval of ``total`` successes among ``count`` trials.

    With partial scores (0 to 1 each) it is wider than need be, never narrower: no variable between 0 and 1 varies
    more than a coin of the same mean.
    Source: Wilson 1927, Journal of the American Statistical Association 22 (158).
    """
    if count == 0:
        return Interval(0.0, 1.0)
    share = total / count
    scale = 1 + z * z / count
    centre = (share + z * z / (2 * count)) / scale
    reach = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / scale
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach))

"""What a teacher expects at the targets of a batch, where that was found out beforehand. Axes: N targets, K tokens."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Expected(NamedTuple):
    """The likeliest tokens at each target, and what all others have together; the shares of a target sum to one."""

    token_NK: Tensor
    """int64; different tokens of a target, the likeliest first."""
    log_share_NK: Tensor
    """float32; the logarithm of each one's probability, in nats."""
    log_rest_N: Tensor
    """float32; the same of all other tokens together."""

    def to(self, device: torch.device) -> Expected:
        """The same on ``device``."""
        return Expected(*(one.to(device, non_blocking=True) for one in self))

    def log_shares(self) -> Tensor:
        """The logarithms of all shares, the rest as the last one: N and one more than K."""
        return torch.cat([self.log_share_NK, self.log_rest_N.unsqueeze(1)], dim=1)


def likeliest(log_share_NV: Tensor, count: int) -> Expected:
    """Of whole distributions, the ``count`` likeliest tokens, and the rest, which is summed and not told from them.

    Told from them, as one less their sum, it would be lost in rounding just where the teacher is sure of itself.

    Args:
        log_share_NV: float32; ``count`` is less than its width.
        count: tokens of a target.
    """
    log_share_NK, token_NK = log_share_NV.topk(count, dim=1)
    return Expected(token_NK, log_share_NK, log_rest(log_share_NV, token_NK))


def log_rest(log_share_NV: Tensor, token_NK: Tensor) -> Tensor:
    """The logarithm of what all tokens but those named have together; N, with a gradient."""
    return log_share_NV.scatter(1, token_NK, -torch.inf).logsumexp(dim=1)

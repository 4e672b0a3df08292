"""The loss on held-out tokens, by the same code for every contestant, and the curve that comes of looking now and then.

Axes: B rows, T tokens, V vocabulary.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

_ROWS_AT_ONCE = 16


def load_tokens(path: str) -> np.ndarray:
    """An array of token ids, mapped into memory."""
    return np.load(path, mmap_mode="r")


@torch.no_grad()
def held_out_loss(
    logits: Callable[[Tensor, Tensor], Tensor], tokens: np.ndarray, *, context: int, num_rows: int
) -> float:
    """Mean cross-entropy in nats a token over the first ``num_rows`` rows of ``context`` tokens, all of them targets.

    Args:
        logits: from tokens_BT and target_BT (which nanoGPT wants to see before it gives all logits) to logits_BTV.
    """
    num_rows = min(num_rows, (len(tokens) - 1) // context)
    count = num_rows * context
    inputs, targets = (
        torch.from_numpy(np.asarray(tokens[i : count + i], dtype=np.int64)).view(num_rows, context) for i in (0, 1)
    )
    total = 0.0
    for tokens_BT, target_BT in zip(inputs.split(_ROWS_AT_ONCE), targets.split(_ROWS_AT_ONCE), strict=True):
        logits_BTV = logits(tokens_BT, target_BT).float()
        total += float(F.cross_entropy(logits_BTV.flatten(0, 1), target_BT.flatten(), reduction="sum"))
    return total / count


def curve_outcome(
    job: dict[str, Any], *, looked_at: Sequence[float], losses: Sequence[float], step_ended_at: Sequence[float]
) -> dict[str, Any]:
    """What a contestant of the race to a loss gives back.

    Args:
        looked_at: seconds from the start to each look at the held-out tokens, without the looks.
        losses: found by them.
        step_ended_at: seconds from the start to the end of each step, one beside another of a look or not.
    """
    typical = statistics.median(end - begin for begin, end in itertools.pairwise(step_ended_at))
    return {
        "curve": [
            {"step": step, "tokens": step * job["step_tokens"], "seconds": round(at, 2), "loss": round(loss, 5)}
            for step, at, loss in zip(look_steps(job), looked_at, losses, strict=True)
        ],
        "seconds": round(looked_at[-1], 2),
        "loss": losses[-1],
        "step_seconds": round(typical, 4),
        "compile_seconds": round(max(0.0, step_ended_at[0] - typical), 2),
    }


def look_steps(job: dict[str, Any]) -> list[int]:
    """The steps after which one looks, evenly spread, the last among them."""
    steps, looks = job["steps"], job["looks"]
    return sorted({round(steps * (number + 1) / looks) for number in range(looks)} - {0})

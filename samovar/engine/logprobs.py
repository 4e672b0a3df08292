"""Log-probabilities that are told to the asker: of tokens that were chosen or given, and of the likeliest besides.

Axes: R rows, V vocabulary, D model width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from samovar.engine.request import TokenLogprobs

# Logits of a long prompt are made a part at a time: of 1,024 tokens and 150,000 words they would take 600 MB.
MAX_LOGITS = 2**23


def token_logprobs(logits_RV: Tensor, tokens: Sequence[int], num_top: Sequence[int]) -> list[TokenLogprobs]:
    """How likely each row's token is, and the likeliest ones.

    Args:
        logits_RV: float32, of the model itself; what stands there is lost.
        tokens: a token a row.
        num_top: how many of the likeliest to tell of, a number a row.
    """
    token_R1 = torch.tensor(tokens, device=logits_RV.device).unsqueeze(1)
    chosen_R1 = logits_RV.gather(1, token_R1)
    most = min(max(num_top, default=0), logits_RV.shape[1])
    top = logits_RV.topk(most) if most else None
    largest_R1 = logits_RV.amax(-1, keepdim=True)
    # In one piece of memory: for wide vocabularies new pages cost as much as arithmetic.
    total_R1 = logits_RV.sub_(largest_R1).exp_().sum(-1, keepdim=True).log_() + largest_R1
    logprobs = (chosen_R1 - total_R1).squeeze(1).tolist()
    if top is None:
        return [TokenLogprobs(token, value) for token, value in zip(tokens, logprobs, strict=True)]
    ids, values = top.indices.tolist(), (top.values - total_R1).tolist()
    return [
        TokenLogprobs(token, logprobs[row], tuple(zip(ids[row][:count], values[row][:count], strict=True)))
        for row, (token, count) in enumerate(zip(tokens, num_top, strict=True))
    ]


def score(
    head: Callable[[Tensor], Tensor], hidden_RD: Tensor, tokens: Sequence[int], num_top: Sequence[int]
) -> list[TokenLogprobs]:
    """``token_logprobs`` of hidden states; ``head`` gives their logits, of which few are in memory at a time."""
    found: list[TokenLogprobs] = []
    start = 0
    rows = 1
    while start < len(tokens):
        logits_RV = head(hidden_RD[start : start + rows])
        end = start + len(logits_RV)
        found += token_logprobs(logits_RV, tokens[start:end], num_top[start:end])
        start, rows = end, max(1, MAX_LOGITS // logits_RV.shape[1])
    return found

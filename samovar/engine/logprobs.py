"""Log-probabilities that are told to the asker: of tokens that were chosen or given, and of the likeliest besides.

Axes: R rows, V vocabulary, D model width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from samovar.engine.request import TokenLogprobs
from samovar.engine.transfer import to_device

# Logits of a long prompt are made a part at a time: of 1,024 tokens and 150,000 words they would take 600 MB.
MAX_LOGITS = 2**23


def token_logprobs(logits_RV: Tensor, tokens: Sequence[int], num_top: Sequence[int]) -> list[TokenLogprobs]:
    """How likely each row's token is, and the likeliest ones.

    Args:
        logits_RV: float32, of the model itself.
        tokens: a token a row.
        num_top: how many of the likeliest to tell of, a number a row.
    """
    return tell(logits_RV.log_softmax(-1), tokens, num_top)


def tell(logprob_RV: Tensor, tokens: Sequence[int], num_top: Sequence[int]) -> list[TokenLogprobs]:
    """The same of log-probabilities."""
    token_R1 = to_device(torch.tensor(tokens), logprob_RV.device).unsqueeze(1)
    logprobs = logprob_RV.gather(1, token_R1).squeeze(1).tolist()
    most = min(max(num_top, default=0), logprob_RV.shape[1])
    if not most:
        return [TokenLogprobs(token, value) for token, value in zip(tokens, logprobs, strict=True)]
    top = logprob_RV.topk(most)
    ids, values = top.indices.tolist(), top.values.tolist()
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

"""The choice of the next token for a batch, each row under its own rules.

Axes: B rows, V vocabulary, R ranks (tokens from the likeliest down).

Every row spends one uniform number a token and finds its token where the cumulated probability passes it, so that its
choice depends on nothing but its own logits and its own numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from samovar.engine.request import Sampling

# A full sort of 4,096 logits takes 180 us a row, the top 256 take 35 us; nearly always they are enough.
FEW_RANKS = 256
# Below this a temperature is 0 in all but name, and would be 0 in float32 soon.
COLDEST = 1e-6


def sample(logits_BV: Tensor, samplings: Sequence[Sampling], draws: Sequence[Callable[[], float]]) -> list[int]:
    """Choose a token for every row.

    Args:
        logits_BV: float32.
        samplings: a row's rules.
        draws: gives a row's next uniform number in [0, 1); called once where temperature is not 0.
    """
    greedy = [row for row, one in enumerate(samplings) if one.temperature == 0]
    cut = [row for row, one in enumerate(samplings) if one.temperature > 0 and (one.top_k > 0 or one.top_p < 1)]
    chosen = set(greedy) | set(cut)
    free = [row for row in range(len(samplings)) if row not in chosen]
    tokens = [0] * len(samplings)
    for rows, choose in ((greedy, _likeliest), (free, _from_all), (cut, _from_likely)):
        if rows:
            logits = logits_BV if len(rows) == len(samplings) else logits_BV[rows]
            found = choose(logits, [samplings[row] for row in rows], [draws[row] for row in rows])
            for row, token in zip(rows, found.tolist(), strict=True):
                tokens[row] = token
    return tokens


def _likeliest(logits_BV: Tensor, samplings: Sequence[Sampling], draws: Sequence[Callable[[], float]]) -> Tensor:
    return logits_BV.argmax(-1)


def _from_all(logits_BV: Tensor, samplings: Sequence[Sampling], draws: Sequence[Callable[[], float]]) -> Tensor:
    return _pick(_probabilities(logits_BV, samplings), draws)


def _from_likely(logits_BV: Tensor, samplings: Sequence[Sampling], draws: Sequence[Callable[[], float]]) -> Tensor:
    probability_BV = _probabilities(logits_BV, samplings)
    vocabulary = probability_BV.shape[1]
    top_k_B1 = _column([one.top_k or vocabulary for one in samplings], logits_BV)
    top_p_B1 = _column([one.top_p for one in samplings], logits_BV)
    probability_BR, token_BR = probability_BV.topk(min(FEW_RANKS, vocabulary))
    is_enough_B1 = (probability_BR.sum(-1, keepdim=True) >= top_p_B1) & (top_p_B1 < 1) | (top_k_B1 <= FEW_RANKS)
    if not is_enough_B1.all():
        probability_BR, token_BR = probability_BV.sort(descending=True, stable=True)
    rank_R = torch.arange(probability_BR.shape[1], device=logits_BV.device)
    before_BR = probability_BR.cumsum(-1) - probability_BR
    # The likeliest token always stays, whatever rounding makes of a tiny top_p.
    is_kept_BR = ((before_BR < top_p_B1) & (rank_R < top_k_B1)) | (rank_R == 0)
    rank_B = _pick(probability_BR * is_kept_BR, draws)
    return token_BR.gather(1, rank_B.unsqueeze(1)).squeeze(1)


def _probabilities(logits_BV: Tensor, samplings: Sequence[Sampling]) -> Tensor:
    temperature_B1 = _column([max(one.temperature, COLDEST) for one in samplings], logits_BV)
    # The largest logit is taken off first: divided by a tiny temperature it would overflow.
    return ((logits_BV - logits_BV.amax(-1, keepdim=True)) / temperature_B1).softmax(-1)


def _pick(weight_BR: Tensor, draws: Sequence[Callable[[], float]]) -> Tensor:
    """The first column whose cumulated weight passes the drawn share of the total."""
    cumulated_BR = weight_BR.cumsum(-1)
    total_B1 = cumulated_BR[:, -1:]
    target_B1 = _column([draw() for draw in draws], weight_BR) * total_B1
    # Rounding may make the target the total itself, which no column passes.
    target_B1 = torch.minimum(target_B1, torch.nextafter(total_B1, torch.zeros_like(total_B1)))
    return torch.searchsorted(cumulated_BR, target_B1, right=True).squeeze(1)


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, device=like.device).unsqueeze(1)

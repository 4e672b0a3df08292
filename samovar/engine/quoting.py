"""Which line an answer quotes, settled by the likelihood of each line as a whole.

Axes: B lines, F those among which is chosen, T tokens of the longest, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

from samovar.engine.batch import Memory
from samovar.engine.eager import BranchView
from samovar.engine.sampler import COLDEST
from samovar.engine.sequence import Sequence as Answer
from samovar.model.adapters.bank import AdapterBank
from samovar.model.decoder import Decoder

_DOUBT = 3.0
"""Nats by which the mark with its line may be less likely than another token, and still be taken: a line is never as
likely as one token. With 0 an assistant that is not sure of its words says that a text does not tell what it tells."""


class Quoter:
    """Compares the lines that may be quoted next."""

    def __init__(self, model: Decoder, memory: Memory, adapters: AdapterBank | None, *, vocab_size: int) -> None:
        self._model, self._memory, self._adapters = model, memory, adapters
        self._vocab_size = vocab_size

    def settle(
        self,
        answer: Answer,
        mark: int,
        lines: Sequence[list[int]],
        fitting: Sequence[int],
        logits_V: Tensor,
        *,
        room: int,
    ) -> int:
        """The mark of a quote, after it is settled which line ``answer`` then quotes; or another token in its place.

        Without chance, another token than the mark is taken where it is far likelier than the mark with the best line.

        Args:
            answer: all its tokens are in the cache.
            mark: the token that begins a quote.
            lines: what may be quoted.
            fitting: numbers of those among which is chosen. Where there are none, the likeliest token but the mark
                takes its place.
            logits_V: by which the mark was chosen.
            room: tokens of a line that still fit into the context.
        """
        if not fitting:
            logits_V[mark] = -torch.inf
            return int(logits_V.argmax())
        score_F = self._log_likelihoods(answer, [[mark, *lines[number][:room]] for number in fitting])
        if answer.sampling.temperature > 0:
            share_F = (score_F / max(answer.sampling.temperature, COLDEST)).softmax(0)
            place = int(torch.searchsorted(share_F.cumsum(0), answer.draw()).clamp(max=len(fitting) - 1))
        else:
            place = int(score_F.argmax())
            log_probability_V = logits_V.log_softmax(0)
            quoting = float(log_probability_V[mark] + score_F[place])
            log_probability_V[mark] = -torch.inf
            if float(log_probability_V.max()) > quoting + _DOUBT:
                return int(log_probability_V.argmax())
        answer.keep_quote(fitting[place])
        return mark

    def _log_likelihoods(self, answer: Answer, branches: Sequence[list[int]]) -> Tensor:
        """Of what follows the first token in each branch, were it the continuation of ``answer``; float32, B."""
        length, device = max(map(len, branches)), self._memory.device
        token_BT = torch.tensor([branch + [0] * (length - len(branch)) for branch in branches], device=device)
        is_real_BT = torch.tensor([[place < len(branch) for place in range(1, length)] for branch in branches])
        dtype = self._model.compute_dtype or self._model.norm.weight.dtype
        view = BranchView(self._memory, answer.blocks, len(answer.ids), length, dtype)
        adapted: AbstractContextManager[None] = nullcontext()
        if self._adapters is not None and answer.adapter is not None:
            adapted = self._adapters.using([answer.adapter] * len(branches), [length] * len(branches))
        with adapted:
            hidden_BTD = self._model.hidden(token_BT, cache=view)[:, :-1]
        log_BTV = self._model.head(hidden_BTD)[..., : self._vocab_size].float().log_softmax(-1)
        log_BT = log_BTV.gather(2, token_BT[:, 1:, None]).squeeze(2)
        return (log_BT * is_real_BT.to(device)).sum(1)

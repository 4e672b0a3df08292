"""One request on its way through the engine: what it says, and where it stands in the cache."""

from __future__ import annotations

from collections.abc import Sequence as Ids
from typing import Any

from samovar.engine.continuation import Continuation
from samovar.engine.request import Sampling
from samovar.engine.speculation import Draft
from samovar.tokenizer.tokenizer import Tokenizer

NO_DRAFT = Draft([])


class Sequence(Continuation):
    """The state of a request from ``add`` to its last token."""

    def __init__(
        self, request_id: int, prompt_ids: Ids[int], sampling: Sampling, tokenizer: Tokenizer, **options: Any
    ) -> None:
        """As ``Continuation``."""
        super().__init__(request_id, prompt_ids, sampling, tokenizer, **options)
        self.adapter = sampling.adapter
        """Which adapter reads and answers; None is the model itself."""
        self.blocks: list[int] = []
        """Of the cache, in order; none while it waits."""
        self.numbers: list[int] = []
        """Of the texts of its full blocks, as the pool knows them."""
        self.num_cached = 0
        """Tokens whose keys and values are in the cache."""
        self.is_read = False
        """Whether the whole prompt is in the cache, so that the answer has begun."""
        self.has_run = False
        """Whether it was ever admitted."""
        self.draft = NO_DRAFT
        """Tokens that are guessed to come next: computed in the next step, and not among ``ids`` yet."""

    @property
    def num_unread(self) -> int:
        """Tokens that are not in the cache."""
        return len(self.ids) - self.num_cached

    @property
    def may_reuse(self) -> bool:
        """Whether what is known need not be read: not where something is told of each token of the prompt, or of what
        the answer must begin with."""
        is_told = self.sampling.logprobs is not None and self.sampling.prefix_ids
        return self.sampling.prompt_logprobs is None and not is_told

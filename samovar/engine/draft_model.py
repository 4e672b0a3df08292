"""Guesses by a smaller model with the same tokenizer, which keeps a cache of its own.

Axes: B answers, V vocabulary, T drafted tokens.

Answers with a seed, and those that take the likeliest token, get certain guesses: with a seed the guess is made with
the very numbers that the answer will draw, and stands where both models come to the same token by them. So the seed
gives the same answer with any draft model, or none. Others get guesses from the draft model's own distribution, which
stand more often (68 to 82 in a hundred where the other way gives 41 to 56, for distributions as unlike as those of
two models), and are kept or replaced so that the model's distribution is what comes out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.engine.batch import Piece, make_batch
from samovar.engine.blocks import BlockPool
from samovar.engine.cache import blocks_for, make_memory
from samovar.engine.drafting import Drafter, LookupDrafter
from samovar.engine.forward import Way, choose_way, make_forward
from samovar.engine.sampler import probabilities, sample
from samovar.engine.sequence import Sequence
from samovar.engine.speculation import MAX_DRAFTED, Draft, DraftCounts, Pace
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer


@dataclass
class _Reader:
    """What the draft model knows of an answer."""

    pace: Pace
    blocks: list[int] = field(default_factory=list)
    num_cached: int = 0
    """Tokens whose keys and values are in its cache, and that the answer really has."""
    num_ids: int = 0
    """Tokens of the answer when it was last guessed how it goes on."""


@dataclass
class _Guess:
    """The draft of one answer in the making."""

    sequence: Sequence
    reader: _Reader
    length: int
    ids: list[int] = field(default_factory=list)
    rows: list[Tensor] = field(default_factory=list)
    """The distributions that ``ids`` were drawn from; none where they are certain."""

    @property
    def is_certain(self) -> bool:
        sampling = self.sequence.sampling
        return sampling.temperature == 0 or sampling.seed is not None


class ModelDrafter:
    """Lets a smaller model write ahead."""

    def __init__(
        self,
        model: Decoder,
        *,
        num_tokens: int,
        num_blocks: int,
        vocab_size: int,
        way: Way = "eager",
        tokens_a_step: int = 1024,
    ) -> None:
        """Allocate its cache.

        Args:
            model: the smaller one.
            num_tokens: guessed at once, at most.
            num_blocks: of its cache; an answer for which none are left gets no guesses.
            vocab_size: columns of the large model's logits.
            way: who computes.
            tokens_a_step: of prompts, that it reads in one step.
        """
        self.counts = DraftCounts()
        self.model = model
        self._num_tokens = min(num_tokens, MAX_DRAFTED)
        self._vocab_size = vocab_size
        self._tokens_a_step = tokens_a_step
        self._device, dtype = model.norm.weight.device, model.compute_dtype or model.norm.weight.dtype
        memory = make_memory(model.settings, num_blocks, form="plain", dtype=dtype, device=self._device)
        self._forward = make_forward(model, memory, choose_way(model, way)[0])
        self._pool = BlockPool(memory.num_blocks)
        self._readers: dict[int, _Reader] = {}
        self._random = random.Random()

    @torch.inference_mode()
    def draft(self, sequences: Many[Sequence]) -> None:
        """Set ``draft`` of every answer that the smaller model has read and has room for."""
        guesses = self._begin(sequences)
        live = guesses
        while live := [guess for guess in live if len(guess.ids) < guess.length]:
            pieces = [self._piece(guess) for guess in live]
            self._extend(live, self._forward.logits(make_batch(pieces)))
        for guess in guesses:
            # What follows the answer's own tokens counts when it has become part of the answer.
            guess.reader.num_cached = guess.reader.num_ids
            rows_TV = torch.stack(guess.rows) if guess.rows else None
            guess.sequence.draft = Draft(guess.ids, rows_TV)

    def heed(self, sequence: Sequence, num_accepted: int) -> None:
        """Take what was wrong out of the cache."""
        num_drafted = len(sequence.draft.ids)
        self.counts.add(num_drafted, num_accepted)
        reader = self._readers.get(sequence.request_id)
        if reader is not None and num_drafted:
            reader.pace.heed(num_drafted, num_accepted)
            # The last drafted token was not read by the model that drafted it.
            reader.num_cached = reader.num_ids + min(num_accepted, num_drafted - 1)

    def leave(self, sequence: Sequence) -> None:
        """Forget an answer, and give its blocks back; it may be unknown."""
        reader = self._readers.pop(sequence.request_id, None)
        if reader is not None:
            self._pool.let_go(reader.blocks)

    def check_blocks(self) -> None:
        """Raises AssertionError where a block of its cache is lost."""
        self._pool.check(reader.blocks for reader in self._readers.values())

    def _begin(self, sequences: Many[Sequence]) -> list[_Guess]:
        """Read what is new, the last token of each answer excepted; guesses to make of those that are read."""
        guesses: list[_Guess] = []
        unread: list[Piece] = []
        budget = self._tokens_a_step
        for sequence in sequences:
            reader = self._readers.setdefault(sequence.request_id, _Reader(Pace(self._num_tokens)))
            # The last token is read with the first guess; it may be known already, where a draft was dropped.
            reader.num_cached = min(reader.num_cached, len(sequence.ids) - 1)
            length = min(reader.pace.length, sequence.room - 1, self.model.settings.max_positions - len(sequence.ids))
            if length < 1 or not self._has_blocks(reader, len(sequence.ids) + length):
                continue
            new = sequence.ids[reader.num_cached : len(sequence.ids) - 1][:budget]
            if new:
                budget -= len(new)
                unread.append(Piece(sequence.request_id, new, reader.num_cached, reader.blocks, []))
                reader.num_cached += len(new)
            reader.num_ids = len(sequence.ids)
            if reader.num_cached == len(sequence.ids) - 1:
                guesses.append(_Guess(sequence, reader, length))
        if unread:
            self._forward.hidden(make_batch(unread))
        return guesses

    def _has_blocks(self, reader: _Reader, length: int) -> bool:
        missing = blocks_for(length) - len(reader.blocks)
        if missing > self._pool.num_free:
            return False
        reader.blocks += [self._pool.take() for _ in range(missing)]
        return True

    def _piece(self, guess: _Guess) -> Piece:
        token = guess.ids[-1] if guess.ids else guess.sequence.ids[-1]
        start = guess.reader.num_cached
        guess.reader.num_cached += 1
        return Piece(guess.sequence.request_id, [token], start, guess.reader.blocks, [0])

    def _extend(self, live: Many[_Guess], logits_BV: Tensor) -> None:
        """Guess a further token of each."""
        logits_BV = _fitting(logits_BV, self._vocab_size)
        samplings = [guess.sequence.sampling for guess in live]
        uncertain = [row for row, guess in enumerate(live) if not guess.is_certain]
        distribution_BV = probabilities(logits_BV[uncertain], [samplings[row] for row in uncertain])
        draws = [
            partial(guess.sequence.foresee, len(guess.ids)) if guess.is_certain else self._random.random
            for guess in live
        ]
        for guess, token in zip(live, sample(logits_BV, samplings, draws), strict=True):
            guess.ids.append(token)
        for row, probability_V in zip(uncertain, distribution_BV, strict=True):
            live[row].rows.append(probability_V)


def check_draft_tokenizer(tokenizer: Tokenizer, draft: Tokenizer, name: str) -> None:
    """Refuse a draft model that speaks in other tokens.

    Raises:
        ConfigError: the two tokenizers have different words.
    """
    if tokenizer.vocab_size != draft.vocab_size or any(
        tokenizer.decode_bytes((token,), skip_special=False) != draft.decode_bytes((token,), skip_special=False)
        for token in range(tokenizer.vocab_size)
    ):
        raise ConfigError(
            f"{name} cannot guess for this model: its tokenizer has other words",
            hint="take a smaller model of the same family, or look-up in the prompt (draft: prompt)",
        )


def _fitting(logits_BV: Tensor, vocab_size: int) -> Tensor:
    """As wide as the large model's; tokens that the small one does not know are never guessed."""
    missing = vocab_size - logits_BV.shape[1]
    if missing <= 0:
        return logits_BV[:, :vocab_size]
    return torch.nn.functional.pad(logits_BV, (0, missing), value=-torch.inf)


def make_drafter(
    draft: Decoder | Literal["prompt"] | None, *, num_tokens: int, num_blocks: int, vocab_size: int, way: Way
) -> Drafter | None:
    """Who guesses: a smaller model, a look-up in the prompt, or nobody."""
    if draft is None:
        return None
    if draft == "prompt":
        return LookupDrafter(num_tokens)
    return ModelDrafter(draft, num_tokens=num_tokens, num_blocks=num_blocks, vocab_size=vocab_size, way=way)

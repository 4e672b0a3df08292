"""One step: chunks are read in a flat batch, and who is at the end of its tokens is given the next ones.

On a GPU the next step is begun before the tokens of this one are known here: it takes them from the GPU's own memory,
which so never waits for what is done with them on the processor. Where a token ends an answer, what was computed behind
it is thrown away.

Axes: R rows wanted of a forward pass, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from contextlib import nullcontext
from dataclasses import replace

from torch import Tensor

from samovar.engine.batch import Memory, make_batch
from samovar.engine.cache import copy_blocks
from samovar.engine.choice import Answering, Turn, choose
from samovar.engine.chunks import Batches, piece, take_scores, together, unscored
from samovar.engine.drafting import Drafter
from samovar.engine.flight import UNKNOWN, Flight
from samovar.engine.forward import Chosen, free_choice, make_forward, torch_alone
from samovar.engine.grammar import Masks
from samovar.engine.quoting import Quoter
from samovar.engine.request import TokenLogprobs
from samovar.engine.scheduler import Chunk, Scheduler
from samovar.engine.sequence import NO_DRAFT, Sequence
from samovar.model.adapters.bank import AdapterBank
from samovar.model.decoder import Decoder


class Stepper:
    """Computes what the scheduler has chosen, over one memory."""

    def __init__(
        self,
        model: Decoder,
        memory: Memory,
        scheduler: Scheduler,
        *,
        way: Chosen,
        adapters: AdapterBank | None,
        drafter: Drafter | None,
        vocab_size: int,
        max_context: int,
    ) -> None:
        self._model, self._memory, self._scheduler, self._drafter = model, memory, scheduler, drafter
        self._vocab_size, self._max_context, self._is_native = vocab_size, max_context, way == "native"
        self.forward = make_forward(model, memory, way, adapters)
        self._adapted_forward = self.forward
        """Of those that name an adapter; all others go the native way beside it."""
        if self._is_native and adapters is not None:
            self._adapted_forward = make_forward(model, memory, "eager", adapters)
        self._quoter = Quoter(model, memory, adapters, vocab_size=vocab_size)
        self._masks = Masks()
        self._free = free_choice(is_native=self._is_native)
        self.runs_ahead = way == "graph" and drafter is None
        """Whether the next step may be begun before the tokens of the last are known."""
        self._batches = Batches(are_moved_on=memory.device.type == "cpu")
        self._flight: Flight | None = None
        """The step that was."""

    def step(self) -> list[Sequence]:
        """Move on whoever the scheduler lets; gives those that have new tokens."""
        if self._flight is not None and self._flight.sequences:
            return self._land(self._flight)
        self._flight = None
        chunks = self._scheduler.schedule()
        copy_blocks(self._memory, self._scheduler.take_copies())
        choosing = [chunk.sequence.grammar for chunk in chunks if chunk.is_last]
        self._masks.begin(grammar for grammar in choosing if grammar is not None)
        moved: list[Sequence] = []
        for some in together(chunks, is_native=self._is_native):
            moved += self._compute(some)
        return moved

    def _compute(self, chunks: Many[Chunk]) -> list[Sequence]:
        batch = self._batches.of(chunks)
        last = [chunk for chunk in chunks if chunk.is_last]
        forward = self.forward if batch.adapters is None else self._adapted_forward
        if last and all(_takes_likeliest(chunk) for chunk in chunks):
            # No logits are needed: with large vocabularies they take longer to write than to compare.
            flight = Flight(last, forward.greedy(batch, self._vocab_size))
            self._note_read(chunks)  # a GPU computes meanwhile
            return self._land(flight)
        logits_RV: Tensor | None = None
        if unscored(chunks[0]):
            logits_RV = take_scores(chunks, forward.hidden(batch), self._logits)
        elif last:
            # The table may be padded beyond the vocabulary; ids without a text are never drawn.
            logits_RV = forward.logits(batch)[:, : self._vocab_size]
        else:
            forward.hidden(batch)
        self._note_read(chunks)
        if logits_RV is None or not last:
            return []
        turns, row = [], 0
        for chunk in last:
            turns.append(Turn(chunk.sequence, row, chunk.sequence.draft))
            row += 1 + chunk.num_drafted
        with torch_alone() if self._is_native else nullcontext():
            self._extend(turns, logits_RV)
        return [chunk.sequence for chunk in last]

    def _land(self, flight: Flight) -> list[Sequence]:
        """Append the tokens of a step; before they are asked for, the next one is begun where it is known already."""
        self._flight = self._next_flight(flight) if self.runs_ahead else None
        moved = flight.land()
        if self._flight is not None:
            self._note_read([chunk for chunk in self._flight.chunks if chunk.sequence.finish_reason is None])
        return moved

    def _next_flight(self, flight: Flight) -> Flight | None:
        sequences = flight.sequences
        has_lost = len(sequences) < len(flight.chunks)  # then rows would be others
        if has_lost or not self._scheduler.is_settled(sequences) or any(one.room <= 1 for one in sequences):
            return None
        for sequence in sequences:
            sequence.ids.append(UNKNOWN)  # so that they are scheduled as if it were known
        chunks = self._scheduler.schedule()
        copy_blocks(self._memory, self._scheduler.take_copies())
        batch = make_batch([piece(chunk) for chunk in chunks], self._batches.table)
        for sequence in sequences:
            sequence.ids.pop()
        batch = replace(batch, device_token_N=flight.token_R)
        return Flight(chunks, self.forward.greedy(batch, self._vocab_size))

    def _note_read(self, chunks: Many[Chunk]) -> None:
        for chunk in chunks:
            self._scheduler.has_read(chunk.sequence, chunk.length)

    def _logits(self, hidden: Tensor) -> Tensor:
        return self._model.head(hidden)[..., : self._vocab_size].float()

    def _extend(self, turns: list[Turn], logits_RV: Tensor) -> None:
        """Choose a token for each sequence from its rows of ``logits_RV``, or several where drafts were right."""
        sequences = [turn.sequence for turn in turns if isinstance(turn.sequence, Sequence)]
        choose(logits_RV, turns, self._masks, _append, settle=self._settle, free=self._free)
        for turn, sequence in zip(turns, sequences, strict=True):
            if self._drafter is not None:
                self._drafter.heed(sequence, turn.num_accepted)
            sequence.draft = NO_DRAFT
            if turn.num_accepted:
                self._scheduler.has_read(sequence, turn.num_accepted)

    def _settle(self, sequence: Answering, token: int, logits_V: Tensor) -> int:
        assert isinstance(sequence, Sequence)
        if lines := sequence.quotable(token):
            room = self._max_context - len(sequence.ids) - 1
            return self._quoter.settle(sequence, token, lines, sequence.fitting(), logits_V, room=room)
        return token


def _append(sequence: Answering, token: int, logprobs: TokenLogprobs | None) -> None:
    assert isinstance(sequence, Sequence)
    sequence.append(token, logprobs)


def _takes_likeliest(chunk: Chunk) -> bool:
    """Whether nothing but the likeliest token is wanted after a chunk."""
    return chunk.sequence.takes_likeliest and not chunk.num_drafted

"""The engine: requests in, tokens out, many at once.

A step takes one more token of every answer and a chunk of the prompts that are not wholly read, computes them in one
flat batch, and chooses the next token of each sequence that has reached its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as Many
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from samovar.core.errors import BusyError, RequestError
from samovar.engine.batch import Forward, Piece, make_batch
from samovar.engine.blocks import BlockPool
from samovar.engine.cache import CacheForm, copy_blocks, make_memory, size_cache
from samovar.engine.choice import Answering, Turn, choose
from samovar.engine.draft_model import check_draft_tokenizer, make_drafter
from samovar.engine.drafting import drafted
from samovar.engine.eager import BranchView
from samovar.engine.forward import Way, choose_way, make_forward
from samovar.engine.grammar import Grammars, Masks
from samovar.engine.logprobs import score
from samovar.engine.request import Completion, Delta, Sampling, TokenLogprobs
from samovar.engine.sampler import COLDEST
from samovar.engine.scheduler import Chunk, Scheduler
from samovar.engine.sequence import NO_DRAFT, Sequence
from samovar.engine.speculation import DraftCounts
from samovar.model.adapters.attach import merge
from samovar.model.adapters.bank import AdapterBank, load_bank
from samovar.model.adapters.folders import load_adapted
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.vocabulary import check_vocabulary
from samovar.tokenizer.tokenizer import Tokenizer


class Engine:
    """Answers many requests at once with one model. Not safe for threads: see EngineRunner."""

    def __init__(
        self,
        model: Decoder,
        tokenizer: Tokenizer,
        *,
        max_batch: int = 8,
        max_context: int | None = None,
        max_waiting: int = 1024,
        prefill_tokens: int = 1024,
        cache_tokens: int | None = None,
        cache_form: CacheForm = "plain",
        way: Way = "eager",
        draft: Decoder | Literal["prompt"] | None = None,
        draft_tokens: int = 4,
        adapters: AdapterBank | None = None,
    ) -> None:
        """Allocate the cache.

        Args:
            model: its weights are as they are now, where ``way`` is not eager.
            tokenizer: the model's.
            max_batch: requests answered at once.
            max_context: longest prompt and answer together, in tokens; at most, and by default, the model's. By default
                less where the cache of one would take more than half of the free memory.
            max_waiting: requests that may wait; more are refused.
            prefill_tokens: prompt tokens read in one step: how long running answers may be held up.
            cache_tokens: that all answers together may have in the cache; by default ``max_batch`` times the context,
                or what half of the free memory holds.
            cache_form: how keys and values are kept.
            way: who computes.
            draft: guesses tokens ahead, which are then checked at once: a smaller model with the same tokenizer, or a
                look-up of what came next in the text before (``engine/speculation.py`` says when it pays).
            draft_tokens: guessed at once, at most.
            adapters: that requests may name, beside ``model``; they are computed the eager way.
        Raises:
            ResourceError: the cache does not fit into memory.
        """
        self.model = model
        self.tokenizer = tokenizer
        self.max_batch = max_batch
        self.max_waiting = max_waiting
        self._vocab_size = min(tokenizer.vocab_size, model.settings.vocab_size)
        self._device, self._dtype = model.norm.weight.device, model.compute_dtype or model.norm.weight.dtype
        size = size_cache(
            model.settings,
            max_batch=max_batch,
            max_context=max_context,
            cache_tokens=cache_tokens,
            form=cache_form,
            dtype=self._dtype,
            device=self._device,
        )
        self.max_context = size.max_context
        self._memory = make_memory(
            model.settings, size.num_blocks, form=cache_form, dtype=self._dtype, device=self._device
        )
        self.is_native, self.why_not_native = choose_way(model, way)
        self._bank = adapters
        self._forward: Forward = make_forward(model, self._memory, is_native=self.is_native, adapters=adapters)
        # Of those that name an adapter; all others go the native way beside it.
        self._adapted_forward = self._forward
        if self.is_native and adapters is not None:
            self._adapted_forward = make_forward(model, self._memory, is_native=False, adapters=adapters)
        self._scheduler = Scheduler(
            BlockPool(self._memory.num_blocks), max_batch=max_batch, prefill_tokens=prefill_tokens
        )
        self._drafter = make_drafter(
            draft, num_tokens=draft_tokens, num_blocks=size.num_blocks, vocab_size=self._vocab_size, way=way
        )
        self._grammars = Grammars(tokenizer)
        self._masks = Masks()
        self._sequences: dict[int, Sequence] = {}
        self._ids = count()
        self._cancelled: list[Delta] = []

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        max_batch: int = 8,
        max_context: int | None = None,
        dtype: torch.dtype | None = None,
        adapter: Path | None = None,
        cache_tokens: int | None = None,
        cache_form: CacheForm = "plain",
        way: Way = "auto",
        draft: Path | Literal["prompt"] | None = None,
        draft_tokens: int = 4,
        adapters: Mapping[str, Path] | None = None,
    ) -> Engine:
        """Open the model and the tokenizer in ``folder``.

        Args:
            folder: a model folder.
            max_batch: requests answered at once.
            max_context: longest prompt and answer together, in tokens; None takes the model's.
            dtype: of activations, cache, and weights that are not int8. None takes float32 on a processor: measured
                with 6M parameters on one AVX512-BF16 core, a step of 1, 8, 32, 64 rows takes 2.4, 4.9, 13, 23 ms in
                float32, 2.1, 5.5, 17, 29 ms in bfloat16 (its attention kernel is slow), and 1.9, 4.3, 16, 22 ms with
                int8 weights under float32 activations.
            adapter: a folder in PEFT's format; the adapter is merged into the weights.
            cache_tokens: that all answers together may have in the cache.
            cache_form: how keys and values are kept.
            way: who computes.
            draft: folder of a smaller model that guesses ahead, or ``prompt``: guesses are looked up in the text.
            draft_tokens: guessed at once, at most.
            adapters: name -> folder in PEFT's format, of those that requests may name beside the model itself.
        """
        if adapter is None:
            model = load_model(folder, dtype=dtype or torch.float32)
        else:
            model = load_adapted(folder, adapter, dtype=dtype or torch.float32)
            merge(model)
        tokenizer = Tokenizer.load(folder)
        check_vocabulary(tokenizer, model.settings, folder)
        if draft is not None and draft != "prompt":
            check_draft_tokenizer(tokenizer, Tokenizer.load(draft), str(draft))
            draft_model = load_model(draft, dtype=dtype or torch.float32)
        bank = load_bank(model, adapters, base=folder) if adapters else None
        return cls(
            model,
            tokenizer,
            adapters=bank,
            max_batch=max_batch,
            max_context=max_context,
            cache_tokens=cache_tokens,
            cache_form=cache_form,
            way=way,
            draft=draft_model if isinstance(draft, Path) else draft,
            draft_tokens=draft_tokens,
        )

    @property
    def has_work(self) -> bool:
        """Whether a further step would do anything."""
        return self._scheduler.has_work or bool(self._cancelled)

    @property
    def adapters(self) -> list[str]:
        """Names that requests may give for ``adapter``."""
        return [] if self._bank is None else self._bank.names

    @property
    def num_running(self) -> int:
        """Requests that are read or answered."""
        return len(self._scheduler.running)

    @property
    def num_waiting(self) -> int:
        """Requests that wait for a place or for memory."""
        return len(self._scheduler.waiting)

    @property
    def num_preempted(self) -> int:
        """How often, so far, a request had to give its memory back and be read again."""
        return self._scheduler.num_preempted

    @property
    def cache_use(self) -> float:
        """Share of the cache that requests hold."""
        pool = self._scheduler.pool
        return 1.0 - pool.num_free / pool.num_blocks

    @property
    def draft_counts(self) -> DraftCounts:
        """Tokens that were guessed so far, and how many of them stood."""
        return DraftCounts() if self._drafter is None else self._drafter.counts

    def check_blocks(self) -> None:
        """Raises AssertionError where a block of the cache is lost, or not whose it seems."""
        self._scheduler.check()

    def forget_prefixes(self) -> None:
        """What is cached of earlier prompts is not used again: the weights have changed."""
        self._scheduler.pool.forget_all()

    def check(self, prompt_ids: Many[int], sampling: Sampling | None = None) -> None:
        """Refuse what cannot be answered. Safe to call from any thread, and slow only where a grammar is new.

        Raises:
            RequestError: the prompt is empty, too long (``context_length_exceeded``), or not of this vocabulary; the
                constraint cannot be followed (``invalid_schema``, ``invalid_grammar``).
            MissingError: there is a constraint, and llguidance is not installed.
        """
        if not prompt_ids:
            raise RequestError("the prompt is empty", param="messages")
        if len(prompt_ids) >= self.max_context:
            raise RequestError(
                f"the prompt has {len(prompt_ids)} tokens, and the model's context holds {self.max_context} "
                "with at least one for the answer",
                hint="shorten the conversation, or start a new one",
                code="context_length_exceeded",
                param="messages",
            )
        if min(prompt_ids) < 0 or max(prompt_ids) >= self.model.settings.vocab_size:
            raise RequestError(
                f"the prompt holds token ids outside 0..{self.model.settings.vocab_size - 1}", param="messages"
            )
        if sampling is not None and sampling.constraint is not None:
            self._grammars.follow(sampling.constraint)
        if sampling is not None:
            self._check_adapter(sampling.adapter)

    def add(self, prompt_ids: Many[int], sampling: Sampling | None = None, *, adapter: str | None = None) -> int:
        """Queue a request and give its id; its deltas come out of ``step``.

        Args:
            prompt_ids: what is to be gone on with.
            sampling: how.
            adapter: name of the adapter that reads and answers.
        Raises:
            RequestError: the prompt cannot be answered.
            BusyError: the queue is full.
        """
        if self.num_waiting >= self.max_waiting:
            raise BusyError(f"{self.num_waiting} requests are waiting already", hint="try again in a moment")
        return self._queue(prompt_ids, sampling or Sampling(), is_streamed=True, adapter=adapter)

    def fork(self, request_id: int, sampling: Sampling) -> int:
        """A further answer that begins as a live one has so far, and goes on by ``sampling``; its id.

        The two share the blocks of the cache up to here, until one writes. The new request reports its answer from the
        beginning. Its ``max_tokens`` counts from there too.

        Raises:
            RequestError: the request is not live, or the answer is as long as ``max_tokens`` already.
        """
        parent = self._sequences.get(request_id)
        if parent is None:
            raise RequestError(f"request {request_id} is not live", hint="fork a request before it ends")
        said = tuple(parent.ids[parent.prompt_length :])
        child = self._sequence(
            parent.ids[: parent.prompt_length],
            replace(sampling, prefix_ids=said),
            is_streamed=True,
            adapter=parent.adapter,
        )
        self._sequences[child.request_id] = child
        self._scheduler.fork(parent, child)
        return child.request_id

    def cancel(self, request_id: int) -> None:
        """End a request now and free its place; the next step reports it. One that has ended is left alone."""
        sequence = self._sequences.get(request_id)
        if sequence is not None:
            sequence.cancel()
            self._cancelled += self._report([sequence])

    def cancel_all(self) -> None:
        """End every request; nothing is reported."""
        for request_id in list(self._sequences):
            self.cancel(request_id)
        self._cancelled.clear()

    @torch.inference_mode()
    def step(self) -> list[Delta]:
        """Move every live request on, and tell what is new."""
        deltas, self._cancelled = self._cancelled, []
        if self._drafter is not None:
            self._drafter.draft(drafted(self._scheduler.running))
        chunks = self._scheduler.schedule()
        copy_blocks(self._memory, self._scheduler.take_copies())
        choosing = [chunk.sequence.grammar for chunk in chunks if chunk.is_last]
        self._masks.begin(grammar for grammar in choosing if grammar is not None)
        for some in self._together(chunks):
            deltas += self._compute(some)
        return deltas

    def generate(
        self,
        prompts: Many[Many[int]],
        sampling: Sampling | None = None,
        *,
        on_finish: Callable[[int], None] | None = None,
    ) -> list[Completion]:
        """Answer all prompts, in their order.

        Args:
            prompts: token ids each.
            sampling: for all of them; a seed is counted up from prompt to prompt.
            on_finish: called with the number of a prompt when its answer is whole.
        Raises:
            BusyError: the engine has other requests, whose deltas would be lost.
        """
        if self.has_work:
            raise BusyError("the engine is answering other requests", hint="take an engine of its own for this work")
        sampling = sampling or Sampling()
        for prompt in prompts:
            self.check(prompt, sampling)
        number_of = {
            self._queue(prompt, _counted_up(sampling, number), is_streamed=False): number
            for number, prompt in enumerate(prompts)
        }
        answers: dict[int, Completion] = {}
        try:
            while self.has_work:
                for delta in self.step():
                    if delta.finish_reason is not None:
                        number = number_of[delta.request_id]
                        answers[number] = Completion.of(delta)
                        if on_finish is not None:
                            on_finish(number)
        finally:
            self.cancel_all()
        return [answers[number] for number in range(len(prompts))]

    def _queue(
        self, prompt_ids: Many[int], sampling: Sampling, *, is_streamed: bool, adapter: str | None = None
    ) -> int:
        self.check(prompt_ids)
        self._check_adapter(adapter or sampling.adapter)
        sequence = self._sequence(prompt_ids, sampling, is_streamed=is_streamed, adapter=adapter)
        self._sequences[sequence.request_id] = sequence
        self._scheduler.waiting.append(sequence)
        return sequence.request_id

    def _check_adapter(self, name: str | None) -> None:
        if name is not None and name not in self.adapters:
            raise RequestError(
                f"there is no adapter {name[:80]!r}",
                hint=f"there are: {', '.join(self.adapters) or 'none'}",
                code="model_not_found",
                param="model",
            )

    def _sequence(
        self, prompt_ids: Many[int], sampling: Sampling, *, is_streamed: bool, adapter: str | None
    ) -> Sequence:
        return Sequence(
            next(self._ids),
            prompt_ids,
            sampling,
            self.tokenizer,
            max_length=self.max_context,
            vocab_size=self._vocab_size,
            grammar=None if sampling.constraint is None else self._grammars.follow(sampling.constraint),
            is_streamed=is_streamed,
            adapter=adapter or sampling.adapter,
        )

    def _together(self, chunks: Many[Chunk]) -> list[list[Chunk]]:
        """The chunks by the way they take, so that none disturbs the others: prompts whose log-probabilities are wanted
        go otherwise through the head, and what an adapter reads is not computed natively."""
        found: dict[tuple[bool, bool], list[Chunk]] = {}
        for chunk in chunks:
            way = bool(_unscored(chunk)), self.is_native and chunk.sequence.adapter is not None
            found.setdefault(way, []).append(chunk)
        return [found[way] for way in sorted(found)]

    def _compute(self, chunks: Many[Chunk]) -> list[Delta]:
        """Read the chunks, and choose the next token of those that are at their end."""
        pieces = [_piece(chunk) for chunk in chunks]
        batch = make_batch(pieces, self._device)
        last = [chunk for chunk in chunks if chunk.is_last]
        forward = self._forward if batch.adapters is None else self._adapted_forward
        logits_RV: Tensor | None = None
        if _unscored(chunks[0]):
            logits_RV = self._scored_logits(forward.hidden(batch), chunks)
        elif last:
            # The table may be padded beyond the vocabulary; ids without a text are never drawn.
            logits_RV = forward.logits(batch)[:, : self._vocab_size]
        else:
            forward.hidden(batch)
        for chunk in chunks:
            self._scheduler.has_read(chunk.sequence, chunk.length)
        if logits_RV is None or not last:
            return []
        turns, row = [], 0
        for chunk in last:
            turns.append(Turn(chunk.sequence, row, chunk.sequence.draft))
            row += 1 + chunk.num_drafted
        return self._extend(turns, logits_RV)

    def _scored_logits(self, hidden_RD: Tensor, chunks: Many[Chunk]) -> Tensor:
        """Tell how likely the tokens were that were asked for; give the logits that tokens are chosen by."""
        row = 0
        choosing: list[int] = []
        for chunk in chunks:
            places = _unscored(chunk)
            tokens = [chunk.sequence.ids[place + 1] for place in places]
            num_top = [chunk.sequence.num_top(place + 1) for place in places]
            chunk.sequence.take_scores(score(self._logits, hidden_RD[row : row + len(places)], tokens, num_top))
            row += len(places)
            if chunk.is_last:
                choosing += range(row, row + 1 + chunk.num_drafted)
                row += 1 + chunk.num_drafted
        return self._logits(hidden_RD[choosing])

    def _logits(self, hidden: Tensor) -> Tensor:
        return self.model.head(hidden)[..., : self._vocab_size].float()

    def _extend(self, turns: list[Turn], logits_RV: Tensor) -> list[Delta]:
        """Choose a token for each sequence from its rows of ``logits_RV``, or several where drafts were right."""
        sequences = [turn.sequence for turn in turns if isinstance(turn.sequence, Sequence)]
        for turn, sequence in zip(turns, sequences, strict=True):
            if (allowed := sequence.allowed_ids()) is not None:
                logits_RV[turn.row] = _only(logits_RV[turn.row], allowed)
        choose(logits_RV, turns, self._masks, self._append)
        for turn, sequence in zip(turns, sequences, strict=True):
            if self._drafter is not None:
                self._drafter.heed(sequence, turn.num_accepted)
            sequence.draft = NO_DRAFT
            if turn.num_accepted:
                self._scheduler.has_read(sequence, turn.num_accepted)
        return self._report(sequences)

    def _append(self, sequence: Answering, token: int, logits_V: Tensor, logprobs: TokenLogprobs | None) -> None:
        assert isinstance(sequence, Sequence)
        if lines := sequence.quotable(token):
            self._quote(sequence, token, lines, logits_V)
        else:
            sequence.append(token, logprobs)

    def _quote(self, sequence: Sequence, mark: int, lines: list[list[int]], logits_V: Tensor) -> None:
        """Append the mark of a quote, and settle which line it quotes, by the likelihood of each as a whole.

        Without chance, another token than the mark is taken where it is likelier than the mark with any line.
        """
        room = self.max_context - len(sequence.ids) - 1
        score_B = self._log_likelihoods(sequence, [[mark, *line[:room]] for line in lines])
        if sequence.sampling.temperature > 0:
            share_B = (score_B / max(sequence.sampling.temperature, COLDEST)).softmax(0)
            number = int(torch.searchsorted(share_B.cumsum(0), sequence.draw()).clamp(max=len(lines) - 1))
        else:
            number = int(score_B.argmax())
            log_probability_V = logits_V.log_softmax(0)
            quoting = float(log_probability_V[mark] + score_B[number])
            log_probability_V[mark] = -torch.inf
            if float(log_probability_V.max()) > quoting:
                sequence.append(int(log_probability_V.argmax()))
                return
        sequence.append(mark)
        sequence.keep_quote(number)

    def _log_likelihoods(self, sequence: Sequence, branches: list[list[int]]) -> Tensor:
        """Of what follows the first token in each branch, were it the continuation of ``sequence``; float32, B."""
        length = max(map(len, branches))
        token_BT = torch.tensor([branch + [0] * (length - len(branch)) for branch in branches], device=self._device)
        is_real_BT = torch.tensor([[place < len(branch) for place in range(1, length)] for branch in branches])
        view = BranchView(self._memory, sequence.blocks, len(sequence.ids), length, self._dtype)
        with self._adapted(sequence.adapter, token_BT):
            hidden_BTD = self.model.hidden(token_BT, cache=view)[:, :-1]
        log_BTV = self._logits(hidden_BTD).log_softmax(-1)
        log_BT = log_BTV.gather(2, token_BT[:, 1:, None]).squeeze(2)
        return (log_BT * is_real_BT.to(self._device)).sum(1)

    def _adapted(self, adapter: str | None, token_BT: Tensor) -> AbstractContextManager[None]:
        """Within it, the model computes rows of tokens with ``adapter``."""
        if self._bank is None or adapter is None:
            return nullcontext()
        return self._bank.using([adapter] * len(token_BT), [token_BT.shape[1]] * len(token_BT))

    def _report(self, sequences: Iterable[Sequence]) -> list[Delta]:
        """The news of ``sequences``; those that have ended give their place back."""
        deltas = []
        for sequence in sequences:
            delta = sequence.take_delta()
            if delta is not None:
                deltas.append(delta)
            if sequence.finish_reason is not None:
                self._scheduler.release(sequence)
                if self._drafter is not None:
                    self._drafter.leave(sequence)
                del self._sequences[sequence.request_id]
        return deltas


def _piece(chunk: Chunk) -> Piece:
    """What a batch has of a chunk: the hidden states of tokens to be scored are wanted, and of those chosen after."""
    sequence, start = chunk.sequence, chunk.sequence.num_cached
    tokens = sequence.ids[start : start + chunk.length]
    rows = [place - start for place in _unscored(chunk)]
    if chunk.is_last:
        rows += range(len(tokens) - 1, len(tokens) + chunk.num_drafted)
        tokens = tokens + sequence.draft.ids
    return Piece(sequence.request_id, tokens, start, sequence.blocks, rows, sequence.adapter)


def _unscored(chunk: Chunk) -> range:
    """The places of a chunk after which the log-probability of the next token is wanted."""
    start = chunk.sequence.num_cached
    return chunk.sequence.unscored(start, start + chunk.length)


def _only(logits_V: Tensor, allowed: list[int]) -> Tensor:
    """The logits of these tokens alone; those of all others are minus infinity."""
    kept_V = torch.full_like(logits_V, -torch.inf)
    kept_V[allowed] = logits_V[allowed]
    return kept_V


def _counted_up(sampling: Sampling, number: int) -> Sampling:
    return sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + number)

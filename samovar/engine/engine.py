"""The engine: requests in, tokens out, many at once.

A step takes one more token of every answer and a chunk of the prompts that are not wholly read, computes them in one
flat batch, and chooses the next token of each sequence that has reached its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Many
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Literal

import torch

from samovar.core.errors import BusyError, ConfigError, RequestError
from samovar.engine.blocks import BlockPool
from samovar.engine.cache import CacheForm, make_memory, size_cache
from samovar.engine.draft_model import make_drafter
from samovar.engine.drafting import drafted
from samovar.engine.forward import Way, choose_way, packed_bytes, plain_dtype
from samovar.engine.grammar import Grammars
from samovar.engine.load import load_parts
from samovar.engine.offline import Stepping
from samovar.engine.request import Delta, Sampling, check_adapter, check_prompt
from samovar.engine.scheduler import Scheduler
from samovar.engine.sequence import Sequence
from samovar.engine.speculation import DraftCounts
from samovar.engine.stepper import Stepper
from samovar.model.adapters.bank import AdapterBank
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer


class Engine(Stepping):
    """Answers many requests at once with one model. Not safe for threads: see EngineRunner."""

    def __init__(
        self,
        model: Decoder,
        tokenizer: Tokenizer,
        *,
        max_batch: int = 8,
        max_context: int | None = None,
        max_waiting: int = 1024,
        prefill_tokens: int | None = None,
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
            prefill_tokens: prompt tokens read in one step: how long running answers may be held up. By default 1,024,
                and 8,192 on a GPU, which is idle with less.
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
        self.way, self.why_not_native = choose_way(model, way)
        self.is_native = self.way == "native"
        device, dtype = model.norm.weight.device, plain_dtype(model, is_native=self.is_native)
        size = size_cache(
            model.settings,
            max_batch=max_batch,
            max_context=max_context,
            cache_tokens=cache_tokens,
            form=cache_form,
            dtype=dtype,
            device=device,
            reserved_bytes=packed_bytes(model, self.way),
        )
        self.max_context = size.max_context
        memory = make_memory(model.settings, size.num_blocks, form=cache_form, dtype=dtype, device=device)
        self._bank = adapters
        self._scheduler = Scheduler(
            BlockPool(memory.num_blocks),
            max_batch=max_batch,
            prefill_tokens=prefill_tokens or (8192 if device.type == "cuda" else 1024),
        )
        self._drafter = make_drafter(
            draft, num_tokens=draft_tokens, num_blocks=size.num_blocks, vocab_size=self._vocab_size, way=way
        )
        self._make_stepper = partial(
            Stepper,
            memory=memory,
            scheduler=self._scheduler,
            way=self.way,
            adapters=adapters,
            drafter=self._drafter,
            vocab_size=self._vocab_size,
            max_context=self.max_context,
        )
        self._stepper = self._make_stepper(model)
        self._grammars = Grammars(tokenizer)
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
        """Open the model and the tokenizer in ``folder``, on the GPU if there is one.

        Args:
            folder: a model folder.
            max_batch: requests answered at once.
            max_context: longest prompt and answer together, in tokens; None takes the model's.
            dtype: of activations and of weights that are not int8. None takes bfloat16 on a GPU, and float32 on a
                processor: measured with 6M parameters on one AVX512-BF16 core, a step of 1, 8, 32, 64 rows takes 2.4,
                4.9, 13, 23 ms in float32, 2.1, 5.5, 17, 29 ms in bfloat16 (its attention kernel is slow), and 1.9, 4.3,
                16, 22 ms with int8 weights under float32 activations.
            adapter: a folder in PEFT's format; the adapter is merged into the weights.
            cache_tokens: that all answers together may have in the cache.
            cache_form: how keys and values are kept.
            way: who computes.
            draft: folder of a smaller model that guesses ahead, or ``prompt``: guesses are looked up in the text.
            draft_tokens: guessed at once, at most.
            adapters: name -> folder in PEFT's format, of those that requests may name beside the model itself.
        """
        parts = load_parts(folder, dtype=dtype, adapter=adapter, adapters=adapters, draft=draft)
        return cls(
            parts.model,
            parts.tokenizer,
            adapters=parts.adapters,
            max_batch=max_batch,
            max_context=max_context,
            cache_tokens=cache_tokens,
            cache_form=cache_form,
            way=way,
            draft=parts.draft,
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

    def take_weights(self, model: Decoder) -> None:
        """Answer by ``model`` from now on, in the same memory; what is cached of earlier prompts is not used again.

        Args:
            model: of the same settings, form and device as the one before. A model that drafts stays as it is.
        Raises:
            BusyError: requests are waiting or running.
            ConfigError: the settings are others, or adapters belong to the model before.
        """
        if self.num_running or self.num_waiting:
            raise BusyError("the engine is answering requests", hint="give it other weights when it has answered")
        if model.settings != self.model.settings:
            raise ConfigError("the new weights are of a model of another shape", hint="make another engine")
        if self._bank is not None:
            raise ConfigError(
                "adapters belong to the weights that they came with", hint="make another engine for these"
            )
        del self._stepper  # what it packed is freed first: the new weights are packed into the same memory
        self.model, self._stepper = model, self._make_stepper(model)
        self.forget_prefixes()

    def check(self, prompt_ids: Many[int], sampling: Sampling | None = None) -> None:
        """Refuse what cannot be answered. Safe to call from any thread, and slow only where a grammar is new.

        Raises:
            RequestError: the prompt is empty, too long (``context_length_exceeded``), or not of this vocabulary; the
                constraint cannot be followed (``invalid_schema``, ``invalid_grammar``).
            MissingError: there is a constraint, and llguidance is not installed.
        """
        check_prompt(prompt_ids, max_context=self.max_context, vocab_size=self.model.settings.vocab_size)
        if sampling is not None:
            check_adapter(sampling.adapter, self.adapters)
            if sampling.constraint is not None:
                self._grammars.follow(sampling.constraint)

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
            replace(sampling, prefix_ids=said, adapter=parent.adapter),
            is_streamed=True,
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
        return deltas + self._report(self._stepper.step())

    def _queue(self, prompt_ids: Many[int], sampling: Sampling, *, is_streamed: bool) -> int:
        self.check(prompt_ids)
        check_adapter(sampling.adapter, self.adapters)
        sequence = self._sequence(prompt_ids, sampling, is_streamed=is_streamed)
        self._sequences[sequence.request_id] = sequence
        self._scheduler.waiting.append(sequence)
        return sequence.request_id

    def _sequence(self, prompt_ids: Many[int], sampling: Sampling, *, is_streamed: bool) -> Sequence:
        return Sequence(
            next(self._ids),
            prompt_ids,
            sampling,
            self.tokenizer,
            max_length=self.max_context,
            vocab_size=self._vocab_size,
            grammar=None if sampling.constraint is None else self._grammars.follow(sampling.constraint),
            is_streamed=is_streamed,
        )

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

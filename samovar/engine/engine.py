"""The engine: requests in, tokens out, as many at once as there are slots.

A step decodes one token for every sequence whose prompt is read, gives the slots that fall free to those who wait, and
reads one more chunk of prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Sequence as Many
from dataclasses import replace
from itertools import count
from pathlib import Path

import torch
from torch import Tensor

from samovar.core.errors import BusyError, RequestError
from samovar.engine.cache import SlotCache, affordable_context
from samovar.engine.request import Completion, Delta, Sampling
from samovar.engine.sampler import COLDEST, sample
from samovar.engine.scheduler import Scheduler
from samovar.engine.sequence import Sequence
from samovar.model.adapters.attach import merge
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
    ) -> None:
        """Allocate the cache.

        Args:
            max_batch: requests answered at once.
            max_context: longest prompt and answer together, in tokens; at most, and by default, the model's. By default
                less where the cache would take more than half of the free memory.
            max_waiting: requests that may wait for a slot; more are refused.
            prefill_tokens: prompt tokens read in one step, padding included: how long running answers may be held up.
        Raises:
            ResourceError: the cache does not fit into memory.
        """
        self.model = model
        self.tokenizer = tokenizer
        self.max_batch = max_batch
        self.max_waiting = max_waiting
        self._vocab_size = min(tokenizer.vocab_size, model.settings.vocab_size)
        device, dtype = model.norm.weight.device, model.compute_dtype or model.norm.weight.dtype
        affordable = affordable_context(model.settings, num_slots=max_batch, dtype=dtype, device=device)
        self.max_context = min(max_context or affordable, model.settings.max_positions)
        self._device = device
        self._cache = SlotCache(
            model.settings, num_slots=max_batch, max_context=self.max_context, dtype=dtype, device=device
        )
        self._scheduler = Scheduler(max_batch, max_context=self.max_context, prefill_tokens=prefill_tokens)
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
        """
        if adapter is None:
            model = load_model(folder, dtype=dtype or torch.float32)
        else:
            model = load_adapted(folder, adapter, dtype=dtype or torch.float32)
            merge(model)
        tokenizer = Tokenizer.load(folder)
        check_vocabulary(tokenizer, model.settings, folder)
        return cls(model, tokenizer, max_batch=max_batch, max_context=max_context)

    @property
    def has_work(self) -> bool:
        """Whether a further step would do anything."""
        return self._scheduler.has_work or bool(self._cancelled)

    @property
    def num_running(self) -> int:
        """Requests that have a slot."""
        return self.max_batch - self._scheduler.num_free

    @property
    def num_waiting(self) -> int:
        """Requests that wait for a slot."""
        return len(self._scheduler.waiting)

    def check(self, prompt_ids: Many[int]) -> None:
        """Refuse a prompt that cannot be answered. Safe to call from any thread.

        Raises:
            RequestError: it is empty, too long (``context_length_exceeded``), or not of this vocabulary.
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

    def add(self, prompt_ids: Many[int], sampling: Sampling | None = None) -> int:
        """Queue a request and give its id; its deltas come out of ``step``.

        Raises:
            RequestError: the prompt cannot be answered.
            BusyError: the queue is full.
        """
        if self.num_waiting >= self.max_waiting:
            raise BusyError(f"{self.num_waiting} requests are waiting already", hint="try again in a moment")
        return self._queue(prompt_ids, sampling or Sampling(), is_streamed=True)

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
        deltas += self._decode()
        self._scheduler.admit()
        deltas += self._prefill()
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
            self.check(prompt)
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
                        answers[number] = Completion(delta.ids, delta.text, delta.finish_reason)
                        if on_finish is not None:
                            on_finish(number)
        finally:
            self.cancel_all()
        return [answers[number] for number in range(len(prompts))]

    def _queue(self, prompt_ids: Many[int], sampling: Sampling, *, is_streamed: bool) -> int:
        self.check(prompt_ids)
        sequence = Sequence(
            next(self._ids),
            prompt_ids,
            sampling,
            self.tokenizer,
            max_length=self.max_context,
            is_streamed=is_streamed,
        )
        self._sequences[sequence.request_id] = sequence
        self._scheduler.waiting.append(sequence)
        return sequence.request_id

    def _decode(self) -> list[Delta]:
        """One token for every sequence whose prompt is read."""
        for swap in self._scheduler.make_dense():
            self._cache.swap(*swap)
        ready = self._scheduler.decoding()
        if not ready:
            return []
        num_rows = ready[-1].slot + 1
        tokens = [0] * num_rows
        for sequence in ready:
            tokens[sequence.slot] = sequence.ids[-1]
        positions = [self._scheduler.row_position(slot) for slot in range(num_rows)]
        view = self._cache.decoding(positions, longest=max(sequence.num_cached for sequence in ready))
        hidden_BTD = self.model.hidden(torch.tensor(tokens, device=self._device).unsqueeze(1), cache=view)
        for sequence in ready:
            sequence.num_cached += 1
        return self._extend(ready, hidden_BTD[:, 0], [sequence.slot for sequence in ready])

    def _prefill(self) -> list[Delta]:
        """A chunk of the prompts that are not wholly read, and the first token of those that now are."""
        chunks = self._scheduler.next_chunks()
        if not chunks:
            return []
        length = max(chunk.length for chunk in chunks)
        starts = [chunk.sequence.num_cached for chunk in chunks]
        rows = [
            chunk.sequence.ids[start : start + chunk.length] + [0] * (length - chunk.length)
            for chunk, start in zip(chunks, starts, strict=True)
        ]
        view = self._cache.prefilling([chunk.sequence.slot for chunk in chunks], starts, length)
        hidden_BTD = self.model.hidden(torch.tensor(rows, device=self._device), cache=view)
        last = [(row, chunk) for row, chunk in enumerate(chunks) if chunk.is_last]
        self._scheduler.has_read(chunks)
        if not last:
            return []
        hidden_BD = hidden_BTD[[row for row, _ in last], [chunk.length - 1 for _, chunk in last]]
        return self._extend([chunk.sequence for _, chunk in last], hidden_BD, range(len(last)))

    def _extend(self, sequences: list[Sequence], hidden_BD: Tensor, rows: Many[int]) -> list[Delta]:
        """Sample a token for each sequence from its row of ``hidden_BD``."""
        if len(rows) < len(hidden_BD):
            hidden_BD = hidden_BD[list(rows)]
        # The table may be padded beyond the vocabulary; ids without a text are never drawn.
        logits_BV = self.model.head(hidden_BD)[:, : self._vocab_size].float()
        for row, sequence in enumerate(sequences):
            if (allowed := sequence.allowed_ids()) is not None:
                logits_BV[row] = _only(logits_BV[row], allowed)
        tokens = sample(logits_BV, [one.sampling for one in sequences], [one.draw for one in sequences])
        for row, (sequence, token) in enumerate(zip(sequences, tokens, strict=True)):
            if lines := sequence.quotable(token):
                self._quote(sequence, token, lines, logits_BV[row])
            else:
                sequence.append(token)
        return self._report(sequences)

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
        view = self._cache.branching(sequence.slot, len(sequence.ids), length)
        hidden_BTD = self.model.hidden(token_BT, cache=view)[:, :-1]
        log_BTV = self.model.head(hidden_BTD)[..., : self._vocab_size].float().log_softmax(-1)
        log_BT = log_BTV.gather(2, token_BT[:, 1:, None]).squeeze(2)
        return (log_BT * is_real_BT.to(self._device)).sum(1)

    def _report(self, sequences: Iterable[Sequence]) -> list[Delta]:
        """The news of ``sequences``; those that have ended give their place back."""
        deltas = []
        for sequence in sequences:
            delta = sequence.take_delta()
            if delta is not None:
                deltas.append(delta)
            if sequence.finish_reason is not None:
                self._scheduler.release(sequence)
                del self._sequences[sequence.request_id]
        return deltas


def _only(logits_V: Tensor, allowed: list[int]) -> Tensor:
    """The logits of these tokens alone; those of all others are minus infinity."""
    kept_V = torch.full_like(logits_V, -torch.inf)
    kept_V[allowed] = logits_V[allowed]
    return kept_V


def _counted_up(sampling: Sampling, number: int) -> Sampling:
    return sampling if sampling.seed is None else replace(sampling, seed=sampling.seed + number)

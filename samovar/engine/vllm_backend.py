"""vLLM in the engine's place: the same requests in, the same news out, computed by vLLM on large GPUs.

vLLM chooses the tokens. What is made of them, text, stops and what is reported when, is the same code as in our own
engine (``Continuation``), so that an answer reads the same whoever computed it.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Many
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from samovar.core.errors import RequestError
from samovar.core.extras import require
from samovar.engine.constraint import Constraint
from samovar.engine.continuation import Continuation
from samovar.engine.offline import Stepping
from samovar.engine.request import (
    MAX_TOP_LOGPROBS,
    Delta,
    Sampling,
    TokenLogprobs,
    check_adapter,
    check_prompt,
)
from samovar.model.decoder import Decoder
from samovar.tokenizer.tokenizer import Tokenizer


class VllmEngine(Stepping):
    """``Engine`` by vLLM, for ``EngineRunner`` and whoever else steps an engine. Not safe for threads."""

    def __init__(
        self,
        engine: Any,
        tokenizer: Tokenizer,
        *,
        max_batch: int,
        max_context: int,
        vocab_size: int,
        adapters: Mapping[str, Path] | None = None,
        max_waiting: int = 1024,
    ) -> None:
        """Step ``engine``.

        Args:
            engine: vLLM's ``LLMEngine``.
            tokenizer: the model's.
            max_batch: requests that it answers at once; others wait inside it.
            max_context: longest prompt and answer together, in tokens.
            vocab_size: of the model.
            adapters: name -> folder in PEFT's format.
            max_waiting: requests that may wait; more are refused.
        """
        self._engine = engine
        self.tokenizer = tokenizer
        self.max_batch, self.max_context, self.max_waiting = max_batch, max_context, max_waiting
        self._vocab_size = vocab_size
        self._adapters = dict(adapters or {})
        self._live: dict[int, Continuation] = {}
        self._ids = count()
        self._cancelled: list[Delta] = []

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        max_batch: int = 64,
        max_context: int | None = None,
        adapters: Mapping[str, Path] | None = None,
        **options: Any,
    ) -> VllmEngine:
        """Open the model in ``folder`` with vLLM.

        Args:
            folder: a model folder.
            max_batch: requests answered at once.
            max_context: longest prompt and answer together, in tokens; None takes the model's.
            adapters: name -> folder of an adapter that requests may name.
            options: of vLLM's ``EngineArgs``, as ``tensor_parallel_size`` or ``gpu_memory_utilization``.
        Raises:
            MissingError: vLLM is not installed.
        """
        vllm = require("vllm", extra="vllm")
        from samovar.model.adapters.peft_folder import read_adapter
        from samovar.model.checkpoint import read_settings

        settings = read_settings(folder)
        context = min(max_context or settings.max_positions, settings.max_positions)
        lora: dict[str, Any] = {}
        if adapters:
            ranks = [part.rank for path in adapters.values() for part in read_adapter(path).parts.values()]
            lora = {"enable_lora": True, "max_lora_rank": _next_rank(max(ranks)), "max_loras": len(adapters)}
        arguments = vllm.EngineArgs(
            model=str(folder),
            max_num_seqs=max_batch,
            max_model_len=context,
            max_logprobs=MAX_TOP_LOGPROBS,
            structured_outputs_config={"backend": "guidance"},
            **(lora | options),
        )
        return cls(
            vllm.LLMEngine.from_engine_args(arguments),
            Tokenizer.load(folder),
            max_batch=max_batch,
            max_context=context,
            vocab_size=settings.vocab_size,
            adapters=adapters,
        )

    @property
    def adapters(self) -> list[str]:
        """Names that requests may give for ``adapter``."""
        return list(self._adapters)

    @property
    def model(self) -> Decoder:
        """There is none: vLLM has the weights.

        Raises:
            RequestError: always; embeddings and rerank, which ask for it, need our own engine.
        """
        raise RequestError(
            "the model is computed by vLLM, which gives no hidden states here",
            hint="serve embeddings and rerank with our own engine (--backend own)",
            code="unsupported_value",
        )

    @property
    def has_work(self) -> bool:
        """Whether a further step would do anything."""
        return bool(self._live) or bool(self._cancelled)

    @property
    def num_running(self) -> int:
        """Requests that are answered, as far as places tell: vLLM schedules by itself."""
        return min(len(self._live), self.max_batch)

    @property
    def num_waiting(self) -> int:
        """Requests beyond the places there are."""
        return max(0, len(self._live) - self.max_batch)

    def check(self, prompt_ids: Many[int], sampling: Sampling | None = None) -> None:
        """Refuse what cannot be answered.

        Raises:
            RequestError: the prompt is empty, too long (``context_length_exceeded``) or not of this vocabulary, there
                is no such adapter, or the answer is to quote verbatim, which vLLM cannot be held to.
        """
        check_prompt(prompt_ids, max_context=self.max_context, vocab_size=self._vocab_size)
        if sampling is None:
            return
        check_adapter(sampling.adapter, self._adapters)
        if sampling.verbatim_quotes:
            raise RequestError(
                "vLLM cannot be held to verbatim_quotes",
                hint="serve with our own engine, or set serve.verbatim_quotes=false",
            )

    def fork(self, request_id: int, sampling: Sampling) -> int:
        """A further answer that begins as a live one has so far; its id. vLLM finds the common beginning in its cache.

        Raises:
            RequestError: the request is not live.
        """
        parent = self._live.get(request_id)
        if parent is None:
            raise RequestError(f"request {request_id} is not live", hint="fork a request before it ends")
        said = tuple(parent.ids[parent.prompt_length :])
        its_own = replace(sampling, prefix_ids=said, adapter=parent.sampling.adapter)
        return self._queue(parent.ids[: parent.prompt_length], its_own, is_streamed=True)

    def cancel(self, request_id: int) -> None:
        """End a request now; the next step reports it. One that has ended is left alone."""
        continuation = self._live.get(request_id)
        if continuation is not None:
            continuation.cancel()
            self._engine.abort_request([str(request_id)])
            self._cancelled += self._report(continuation)

    def cancel_all(self) -> None:
        """End every request; nothing is reported."""
        for request_id in list(self._live):
            self.cancel(request_id)
        self._cancelled.clear()

    def step(self) -> list[Delta]:
        """Move every live request on, and tell what is new."""
        deltas, self._cancelled = self._cancelled, []
        if not self._live:
            return deltas
        for output in self._engine.step():
            continuation = self._live.get(int(output.request_id))
            if continuation is not None:
                self._take(continuation, output)
                deltas += self._report(continuation)
        return deltas

    def _queue(self, prompt_ids: Many[int], sampling: Sampling, *, is_streamed: bool) -> int:
        self.check(prompt_ids, sampling)
        lora = self._lora(sampling.adapter)
        request_id = next(self._ids)
        continuation = Continuation(
            request_id,
            prompt_ids,
            sampling,
            self.tokenizer,
            max_length=self.max_context,
            vocab_size=self._vocab_size,
            is_streamed=is_streamed,
        )
        prompt = {"prompt_token_ids": list(continuation.ids)}
        params = self._params(continuation)
        self._engine.add_request(str(request_id), prompt, params, **({"lora_request": lora} if lora else {}))
        self._live[request_id] = continuation
        return request_id

    def _lora(self, adapter: str | None) -> Any:
        if adapter is None:
            return None
        number = list(self._adapters).index(adapter) + 1
        lora = require("vllm.lora.request", extra="vllm")
        return lora.LoRARequest(adapter, number, str(self._adapters[adapter]))

    def _params(self, continuation: Continuation) -> Any:
        """What vLLM is asked for: tokens one by one, without text."""
        params = require("vllm.sampling_params", extra="vllm")
        said, own_ends = continuation.sampling, sorted(self.tokenizer.stop_ids)
        scored = continuation.unscored(0, len(continuation.ids))
        options: dict[str, Any] = {
            "temperature": said.temperature,
            "top_p": said.top_p,
            "top_k": said.top_k,
            "min_p": said.min_p,
            "seed": said.seed,
            "max_tokens": continuation.room,
            "min_tokens": max(0, min(said.min_tokens - continuation.num_said, continuation.room)),
            "repetition_penalty": said.repetition_penalty,
            "frequency_penalty": said.frequency_penalty,
            "presence_penalty": said.presence_penalty,
            "logit_bias": dict(said.logit_bias) or None,
            "stop_token_ids": [*said.stop_token_ids, *([] if said.ignore_eos else own_ends)],
            "ignore_eos": said.ignore_eos,
            "logprobs": said.logprobs,
            "prompt_logprobs": max(said.prompt_logprobs or 0, said.logprobs or 0) if scored else None,
            "detokenize": False,
            "output_kind": params.RequestOutputKind.DELTA,
        }
        if self.tokenizer.vocab_size < self._vocab_size:  # ids without a text are never drawn
            options["allowed_token_ids"] = list(range(self.tokenizer.vocab_size))
        if said.constraint is not None:
            options["structured_outputs"] = params.StructuredOutputsParams(**_structured(said.constraint))
        return params.SamplingParams(**options)

    def _take(self, continuation: Continuation, output: Any) -> None:
        """Hand on what a step of vLLM gave for one request."""
        if output.prompt_logprobs and (places := continuation.unscored(0, len(continuation.ids))):
            following = [place + 1 for place in places]
            continuation.take_scores(
                [
                    _scored(output.prompt_logprobs[place], continuation.ids[place], continuation.num_top(place))
                    for place in following
                ]
            )
        if output.num_cached_tokens:
            continuation.num_reused = output.num_cached_tokens
        (said,) = output.outputs
        for number, token in enumerate(said.token_ids):
            logprobs = None
            if continuation.sampling.logprobs is not None and said.logprobs:
                logprobs = _scored(said.logprobs[number], token, continuation.sampling.logprobs)
            continuation.append(token, logprobs)
            if continuation.finish_reason is not None:
                break
        if continuation.finish_reason is not None and not output.finished:
            self._engine.abort_request([str(continuation.request_id)])  # a stop text, which vLLM was not told of
        if output.finished and continuation.finish_reason is None:
            continuation.cancel()

    def _report(self, continuation: Continuation) -> list[Delta]:
        delta = continuation.take_delta()
        if continuation.finish_reason is not None:
            del self._live[continuation.request_id]
        return [] if delta is None else [delta]


def _scored(found: Mapping[int, Any], token: int, num_top: int) -> TokenLogprobs:
    """The log-probability of a token, and the likeliest ones, out of vLLM's table of both."""
    likeliest = sorted(found.items(), key=lambda item: -item[1].logprob)[:num_top]
    return TokenLogprobs(token, found[token].logprob, tuple((other, one.logprob) for other, one in likeliest))


def _structured(constraint: Constraint) -> dict[str, Any]:
    """A constraint in vLLM's words; its grammars are llguidance's, as ours."""
    if constraint.kind == "json_object":
        return {"json_object": True}
    return {{"json_schema": "json", "regex": "regex", "lark": "grammar"}[constraint.kind]: constraint.text}


def _next_rank(rank: int) -> int:
    """The smallest rank that vLLM makes room for and that holds ``rank``."""
    return next((size for size in (8, 16, 32, 64, 128, 256, 320, 512) if size >= rank), rank)

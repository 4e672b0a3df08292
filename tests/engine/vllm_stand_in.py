"""What of vLLM the backend uses, in a few lines over a decoder: names, arguments and outputs as vLLM has them.

vLLM itself needs a large GPU. Arguments that it does not have are refused here too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import torch

from samovar.model.checkpoint import load_model


class RequestOutputKind(Enum):
    CUMULATIVE = 0
    DELTA = 1
    FINAL_ONLY = 2


@dataclass
class StructuredOutputsParams:
    json: str | None = None
    regex: str | None = None
    grammar: str | None = None
    json_object: bool | None = None


@dataclass
class SamplingParams:
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    max_tokens: int | None = 16
    min_tokens: int = 0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: dict[int, float] | None = None
    stop_token_ids: list[int] | None = None
    ignore_eos: bool = False
    logprobs: int | None = None
    prompt_logprobs: int | None = None
    allowed_token_ids: list[int] | None = None
    detokenize: bool = True
    output_kind: RequestOutputKind = RequestOutputKind.CUMULATIVE
    structured_outputs: StructuredOutputsParams | None = None


@dataclass
class EngineArgs:
    model: str
    max_num_seqs: int | None = None
    max_model_len: int | None = None
    max_logprobs: int = 20
    structured_outputs_config: dict[str, Any] = field(default_factory=dict)
    enable_lora: bool = False
    max_lora_rank: int = 16
    max_loras: int = 1
    tensor_parallel_size: int = 1


class LoRARequest(NamedTuple):
    lora_name: str
    lora_int_id: int
    lora_path: str


class Logprob(NamedTuple):
    logprob: float
    rank: int | None = None


@dataclass
class CompletionOutput:
    token_ids: list[int]
    logprobs: list[dict[int, Logprob]] | None
    finish_reason: str | None


@dataclass
class RequestOutput:
    request_id: str
    outputs: list[CompletionOutput]
    finished: bool
    prompt_logprobs: list[dict[int, Logprob] | None] | None
    num_cached_tokens: int | None


@dataclass
class _Live:
    ids: list[int]
    params: SamplingParams
    lora: LoRARequest | None
    num_said: int = 0


class LLMEngine:
    """Greedy, a token a step for as many requests as there are places."""

    def __init__(self, arguments: EngineArgs) -> None:
        self.arguments = arguments
        self.model = load_model(Path(arguments.model), dtype=torch.float32)
        self.live: dict[str, _Live] = {}
        self.aborted: list[str] = []

    @classmethod
    def from_engine_args(cls, arguments: EngineArgs) -> LLMEngine:
        return cls(arguments)

    def add_request(
        self,
        request_id: str,
        prompt: dict[str, Any],
        params: SamplingParams,
        *,
        lora_request: LoRARequest | None = None,
    ) -> None:
        assert request_id not in self.live
        assert params.output_kind is RequestOutputKind.DELTA
        assert not params.detokenize
        self.live[request_id] = _Live(list(prompt["prompt_token_ids"]), params, lora_request)

    def abort_request(self, request_ids: list[str]) -> None:
        for request_id in request_ids:
            self.aborted.append(request_id)
            self.live.pop(request_id, None)

    @torch.inference_mode()
    def step(self) -> list[RequestOutput]:
        places = list(self.live.items())[: self.arguments.max_num_seqs]
        return [self._advance(request_id, live) for request_id, live in places]

    def _advance(self, request_id: str, live: _Live) -> RequestOutput:
        log_TV = self.model(torch.tensor([live.ids]))[0].log_softmax(-1)
        is_first, params = live.num_said == 0, live.params
        prompt = None
        if is_first and params.prompt_logprobs is not None:
            told = [_told(log_TV[at], live.ids[at + 1], params.prompt_logprobs) for at in range(len(live.ids) - 1)]
            prompt = [None, *told]
        logits_V = log_TV[-1].clone()
        for token, bias in (params.logit_bias or {}).items():
            logits_V[token] += bias
        if params.allowed_token_ids is not None:
            allowed_V = torch.zeros_like(logits_V, dtype=torch.bool)
            allowed_V[params.allowed_token_ids] = True
            logits_V[~allowed_V] = -torch.inf
        token = int(logits_V.argmax())
        live.ids.append(token)
        live.num_said += 1
        reason = "stop" if token in (params.stop_token_ids or []) else None
        if reason is None and (live.num_said == params.max_tokens or len(live.ids) == self.arguments.max_model_len):
            reason = "length"
        logprobs = None if params.logprobs is None else [_told(log_TV[-1], token, params.logprobs)]
        if reason is not None:
            del self.live[request_id]
        output = CompletionOutput([token], logprobs, reason)
        return RequestOutput(request_id, [output], reason is not None, prompt, 3 if is_first else None)


def _told(log_V: torch.Tensor, token: int, num_top: int) -> dict[int, Logprob]:
    best = log_V.topk(num_top).indices.tolist() if num_top else []
    return {one: Logprob(float(log_V[one])) for one in dict.fromkeys([token, *best])}


def modules() -> dict[str, ModuleType]:
    """As they are to stand in ``sys.modules``."""
    package, params, lora, request = (
        ModuleType(name) for name in ("vllm", "vllm.sampling_params", "vllm.lora", "vllm.lora.request")
    )
    package.LLMEngine, package.EngineArgs = LLMEngine, EngineArgs  # type: ignore[attr-defined]
    for one in (SamplingParams, StructuredOutputsParams, RequestOutputKind):
        setattr(params, one.__name__, one)
    request.LoRARequest = LoRARequest  # type: ignore[attr-defined]
    return {one.__name__: one for one in (package, params, lora, request)}

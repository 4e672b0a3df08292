"""POST /v1/rerank: documents in the order of how well they answer a question.

A document is as good as the question is likely after it: Sachan et al. 2022, arXiv:2204.07496, without their words of
instruction, so that it holds for models of any language. The score is the geometric mean of the probabilities of the
question's tokens, so that it lies between 0 and 1.
"""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.engine.request import Delta, Sampling
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.service import Service, naming_param, read_content, side_by_side
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.rerank import Ranked, RankedList, RerankRequest

_SCORING = Sampling(temperature=0, max_tokens=1, prompt_logprobs=0)
_BETWEEN = "\n\n"


@dataclass(slots=True)
class Rerank:
    """Orders documents with the model that also speaks."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """The documents' places, the best first."""
        asked = read_as(RerankRequest, await read_content(request))
        self.service.check_model(asked.model)
        starts, prompts = await asyncio.to_thread(self._prompts, asked)
        streams = [self.service.runner.stream(prompt, _SCORING) for prompt in prompts]
        with naming_param("documents"):
            scores = await until_client_leaves(request, _scores(side_by_side(streams), starts))
        ranked: list[Ranked] = [{"index": index, "relevance_score": score} for index, score in enumerate(scores)]
        ranked.sort(key=lambda one: (-one["relevance_score"], one["index"]))
        if asked.return_documents:
            for one in ranked:
                one["document"] = {"text": asked.documents[one["index"]]}
        num_tokens = sum(map(len, prompts))
        reply: RankedList = {
            "id": f"rerank-{uuid.uuid4().hex}",
            "model": self.service.model_id,
            "results": ranked[: asked.top_n],
            "usage": {"prompt_tokens": num_tokens, "total_tokens": num_tokens},
        }
        return JSONResponse(reply)

    def _prompts(self, asked: RerankRequest) -> tuple[list[int], list[list[int]]]:
        """Where the question begins in each prompt, and the prompts."""
        tokenizer = self.service.tokenizer
        question = tokenizer.encode(f"{_BETWEEN}{asked.query}", goes_on=True)
        documents = [[*tokenizer.begin_ids, *tokenizer.encode(text)] for text in asked.documents]
        return list(map(len, documents)), [[*document, *question] for document in documents]


async def _scores(deltas: AsyncGenerator[tuple[int, Delta], None], starts: list[int]) -> list[float]:
    scores = [0.0] * len(starts)
    async with aclosing(deltas):
        async for index, delta in deltas:
            told = [one.logprob for one in delta.prompt_logprobs[starts[index] :] if one is not None]
            if told:
                scores[index] = math.exp(sum(told) / len(told))
    return scores

"""POST /v1/rerank: documents in the order of how well they answer a question."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.serve.context import current_call
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.service import Service, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.rerank import Ranked, RankedList, RerankRequest

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.engine import Engine
    from samovar.engine.rerank import Rerank

DOCUMENTS_AT_ONCE = 16
"""Scored before running answers go on."""


@dataclass(slots=True)
class Reranking:
    """Orders documents with the model that also speaks."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """The documents' places, the best first.

        The score is how likely a token of the question is after the document, in the geometric mean: from 0 to 1.
        """
        asked = read_as(RerankRequest, await read_content(request))
        self.service.check_model(asked.model, is_base=True)
        scores, num_tokens = await until_client_leaves(request, self._scores(asked))
        current_call().count(prompt_tokens=num_tokens)
        ranked: list[Ranked] = [
            {"index": index, "relevance_score": math.exp(score)} for index, score in enumerate(scores)
        ]
        ranked.sort(key=lambda one: (-one["relevance_score"], one["index"]))
        if asked.return_documents:
            for one in ranked:
                one["document"] = {"text": asked.documents[one["index"]]}
        reply: RankedList = {
            "id": f"rerank-{uuid.uuid4().hex}",
            "model": asked.model,
            "results": ranked[: asked.top_n],
            "usage": {"prompt_tokens": num_tokens, "total_tokens": num_tokens},
        }
        return JSONResponse(reply)

    async def _scores(self, asked: RerankRequest) -> tuple[list[float], int]:
        """Mean log-probabilities, and the tokens read; in the engine's thread, a few documents at a time."""
        scores, num_tokens = list[float](), 0
        for first in range(0, len(asked.documents), DOCUMENTS_AT_ONCE):
            some = asked.documents[first : first + DOCUMENTS_AT_ONCE]
            found = await self.service.with_engine(_scoring(asked.query, some))
            scores += found.scores
            num_tokens += found.num_tokens
        return scores, num_tokens


def _scoring(query: str, documents: Sequence[str]) -> Callable[[Engine], Rerank]:
    from samovar.engine.rerank import rerank

    return lambda engine: rerank(engine.model, engine.tokenizer, query, documents)

"""POST /v1/rerank: documents in the order of how well they answer a question."""

from __future__ import annotations

import asyncio
import math
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from samovar.serve.disconnect import until_client_leaves
from samovar.serve.service import AsciiJson, Service, naming_param, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.rerank import Ranked, RankedList, RerankRequest

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.engine import Engine

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
        rows = await asyncio.to_thread(self._rows, asked)
        with naming_param("documents"), self.service.runner.held([ids for ids, _ in rows]):
            scores = await until_client_leaves(request, self._scores(rows))
        num_tokens = sum(len(ids) for ids, _ in rows)
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
        return AsciiJson(reply)

    def _rows(self, asked: RerankRequest) -> list[tuple[list[int], int]]:
        """Each document with the question."""
        from samovar.engine.rerank import scored_row

        return [scored_row(self.service.tokenizer, asked.query, document) for document in asked.documents]

    async def _scores(self, rows: Sequence[tuple[list[int], int]]) -> list[float]:
        """Mean log-probabilities, made in the engine's thread, a few documents at a time."""
        scores = list[float]()
        for first in range(0, len(rows), DOCUMENTS_AT_ONCE):
            some = rows[first : first + DOCUMENTS_AT_ONCE]
            scores += await self.service.read([ids for ids, _ in some], _scoring(some))
        return scores


def _scoring(rows: Sequence[tuple[list[int], int]]) -> Callable[[Engine], list[float]]:
    from samovar.engine.rerank import rerank

    return lambda engine: rerank(engine.model, rows)

"""POST /v1/embeddings: texts as vectors."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.core.errors import RequestError
from samovar.serve.api.completions import prompts_of
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.service import Service, naming_param, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.embeddings import EmbeddingList, EmbeddingRequest

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.engine import Engine


@dataclass(slots=True)
class Embeddings:
    """Makes vectors of texts with the model that also speaks."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """A vector for each text."""
        asked = read_as(EmbeddingRequest, await read_content(request))
        self.service.check_model(asked.model, is_base=True)
        prompts = await asyncio.to_thread(list, prompts_of(asked.input, self.service.tokenizer))
        if not all(prompts):
            raise RequestError("a text is empty", hint="leave it out", param="input")
        with naming_param("input"), self.service.runner.held(prompts):
            vectors = await until_client_leaves(request, self._vectors(prompts))
        num_tokens = sum(map(len, prompts))
        reply: EmbeddingList = {
            "object": "list",
            "model": asked.model,
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": in_base64(vector) if asked.encoding_format == "base64" else list(vector),
                }
                for index, vector in enumerate(vectors)
            ],
            "usage": {"prompt_tokens": num_tokens, "total_tokens": num_tokens},
        }
        return JSONResponse(reply)

    async def _vectors(self, prompts: Sequence[Sequence[int]]) -> list[list[float]]:
        """Made in the engine's thread, a few texts at a time: answers go on in between."""
        from samovar.engine.embeddings import batches

        vectors: list[list[float]] = [[] for _ in prompts]
        for numbers in batches([len(prompt) for prompt in prompts]):
            some = [prompts[number] for number in numbers]
            found = await self.service.read(some, _embedding(some))
            for number, vector in zip(numbers, found, strict=True):
                vectors[number] = vector
        return vectors


def _embedding(prompts: Sequence[Sequence[int]]) -> Callable[[Engine], list[list[float]]]:
    from samovar.engine.embeddings import embed

    return lambda engine: embed(engine.model, prompts)


def in_base64(vector: Sequence[float]) -> str:
    """Float32 numbers, the lowest byte first, in base64."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

"""POST /v1/embeddings: texts as vectors."""

from __future__ import annotations

import asyncio
import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samovar.core.errors import RequestError
from samovar.serve.api.completions import prompts_of
from samovar.serve.context import current_call
from samovar.serve.disconnect import until_client_leaves
from samovar.serve.service import Service, naming_param, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.embeddings import EmbeddingList, EmbeddingRequest


@dataclass(slots=True)
class Embeddings:
    """Makes vectors of texts with the model that also speaks."""

    service: Service

    async def respond(self, request: Request) -> Response:
        """A vector for each text."""
        asked = read_as(EmbeddingRequest, await read_content(request))
        self.service.check_model(asked.model)
        prompts = await asyncio.to_thread(list, prompts_of(asked.input, self.service.tokenizer))
        if not all(prompts):
            raise RequestError("a text is empty", hint="leave it out", param="input")
        embed = getattr(self.service.runner, "embed", None)
        if embed is None:
            raise RequestError("this server's engine makes no embeddings", code="unsupported_value", param="model")
        with naming_param("input"):
            vectors = await until_client_leaves(request, embed(prompts))
        num_tokens = sum(map(len, prompts))
        current_call().count(prompt_tokens=num_tokens)
        reply: EmbeddingList = {
            "object": "list",
            "model": self.service.model_id,
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


def in_base64(vector: Sequence[float]) -> str:
    """Float32 numbers, the lowest byte first, in base64."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

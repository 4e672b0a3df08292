"""Every endpoint under /v1 and /api: its address, what it takes and gives, and who answers."""

from __future__ import annotations

from samovar.serve.api.chat_completions import ChatCompletions
from samovar.serve.api.chats import ChatApi
from samovar.serve.api.completions import Completions
from samovar.serve.api.embeddings import Embeddings
from samovar.serve.api.endpoint import Endpoint
from samovar.serve.api.messages import Messages
from samovar.serve.api.models import Models
from samovar.serve.api.rerank import Reranking
from samovar.serve.api.responses import Responses
from samovar.serve.api.votes import VoteApi
from samovar.serve.chats import Chats
from samovar.serve.service import Service
from samovar.serve.shapes import (
    chat,
    chats,
    completions,
    embeddings,
    input_items,
    messages,
    models,
    rerank,
    responses,
    votes,
)
from samovar.serve.shapes.errors import AnthropicErrorReply
from samovar.serve.store import Store
from samovar.serve.streams import LAST_EVENT_ID, Streams
from samovar.serve.streams import PATH as STREAMS_PATH
from samovar.serve.votes import Votes


def endpoints(service: Service) -> list[Endpoint]:
    """All endpoints, answering with ``service``."""
    of_models, anthropic, answering = Models(service), Messages(service), Responses(service)
    return [
        Endpoint("/v1/models", of_models.list_all, models.ModelList),
        Endpoint("/v1/models/{name:path}", of_models.show, models.Model),
        Endpoint(
            "/v1/chat/completions",
            ChatCompletions(service).respond,
            chat.ChatCompletion,
            chat.ChatRequest,
            chat.ChatChunk,
        ),
        Endpoint(
            "/v1/completions",
            Completions(service).respond,
            completions.Completion,
            completions.CompletionRequest,
            completions.Completion,
        ),
        Endpoint(
            "/v1/responses",
            answering.respond,
            responses.ResponseObject,
            responses.ResponseRequest,
            responses.ResponseEvent,
        ),
        Endpoint("/v1/embeddings", Embeddings(service).respond, embeddings.EmbeddingList, embeddings.EmbeddingRequest),
        Endpoint("/v1/rerank", Reranking(service).respond, rerank.RankedList, rerank.RerankRequest),
        Endpoint(
            "/v1/messages",
            anthropic.respond,
            messages.AnthropicMessage,
            messages.MessagesRequest,
            messages.MessageEvent,
            AnthropicErrorReply,
        ),
        Endpoint(
            "/v1/messages/count_tokens",
            anthropic.count_tokens,
            messages.TokenCount,
            messages.CountTokensRequest,
            error=AnthropicErrorReply,
        ),
        *([] if service.store is None else [*_of_responses(answering), *_of_chats(service, service.store)]),
    ]


def stream_endpoints() -> list[Endpoint]:
    """Of streams that outlive their connection, which a layer before the routes keeps."""
    address = f"{STREAMS_PATH}{{id}}"
    event = chat.ChatChunk | completions.Completion | responses.ResponseEvent | messages.MessageEvent
    return [
        Endpoint(address, Streams.resume, event=event, headers=(LAST_EVENT_ID,)),
        Endpoint(address, Streams.end, verb="DELETE"),
    ]


def _of_responses(answering: Responses) -> list[Endpoint]:
    """Of responses that are kept."""
    address = "/v1/responses/{id}"
    return [
        Endpoint(address, answering.show, responses.ResponseObject),
        Endpoint(address, answering.delete, responses.GoneResponse, verb="DELETE"),
        Endpoint(f"{address}/input_items", answering.list_input, input_items.ItemList, query=input_items.ItemQuery),
    ]


def _of_chats(service: Service, store: Store) -> list[Endpoint]:
    """Of the chats that the page keeps, and of votes on what was answered in them."""
    api, voting = ChatApi(Chats(store), Votes(store)), VoteApi(service, Votes(store))
    every, one = "/api/chats", "/api/chats/{id}"
    return [
        Endpoint(every, api.list_all, chats.ChatList, query=chats.ChatQuery),
        Endpoint(every, api.begin, chats.ChatOutline, chats.NewChat),
        Endpoint(one, api.show, chats.WholeChat),
        Endpoint(one, api.rename, chats.ChatOutline, chats.ChatTitle, verb="PATCH"),
        Endpoint(one, api.delete, chats.GoneChat, verb="DELETE"),
        Endpoint(f"{one}/messages", api.go_on, chats.ChatOutline, chats.MoreMessages),
        Endpoint(f"{one}/votes", voting.cast, votes.ToldVote, votes.NewVote),
        Endpoint(f"{one}/votes/{{vote}}", voting.withdraw, votes.GoneVote, verb="DELETE"),
    ]

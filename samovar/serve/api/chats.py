"""/api/chats: list, read, begin, go on with, rename and delete the caller's own chats."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from samovar.serve.chats import Chats, Outline, Said
from samovar.serve.context import current_owner
from samovar.serve.service import AsciiJson, read_content
from samovar.serve.shapes.body import read_as, read_query
from samovar.serve.shapes.chats import (
    ChatList,
    ChatOutline,
    ChatQuery,
    ChatTitle,
    GoneChat,
    KeptMessage,
    MoreMessages,
    NewChat,
    ToldMessage,
    WholeChat,
)
from samovar.serve.votes import Votes


@dataclass(slots=True)
class ChatApi:
    """Keeps what people say, for themselves. The disk is waited for in a thread: answers go on meanwhile."""

    chats: Chats
    votes: Votes

    async def list_all(self, request: Request) -> Response:
        """The caller's chats, those first that changed last."""
        asked = read_query(ChatQuery, request.query_params)
        found = await asyncio.to_thread(
            self.chats.listed, current_owner(), words=asked.search, limit=asked.limit + 1, before_s=asked.before
        )
        reply: ChatList = {
            "object": "list",
            "data": [_told(outline) for outline in found[: asked.limit]],
            "has_more": len(found) > asked.limit,
        }
        return AsciiJson(reply)

    async def show(self, request: Request) -> Response:
        """One chat, and all that was said in it."""
        return AsciiJson(await asyncio.to_thread(self._whole, current_owner(), request.path_params["id"]))

    async def begin(self, request: Request) -> Response:
        """A new chat; it is on the disk when this answers."""
        asked = read_as(NewChat, await read_content(request))
        messages = [_said(one) for one in asked.messages]
        return AsciiJson(
            _told(await asyncio.to_thread(self.chats.create, current_owner(), messages, title=asked.title))
        )

    async def go_on(self, request: Request) -> Response:
        """More messages; they are on the disk when this answers."""
        asked = read_as(MoreMessages, await read_content(request))
        messages = [_said(one) for one in asked.messages]
        chat_id = request.path_params["id"]
        return AsciiJson(
            _told(await asyncio.to_thread(self.chats.write, current_owner(), chat_id, messages, place=asked.place))
        )

    async def rename(self, request: Request) -> Response:
        """Another title."""
        asked = read_as(ChatTitle, await read_content(request))
        chat_id = request.path_params["id"]
        return AsciiJson(_told(await asyncio.to_thread(self.chats.rename, current_owner(), chat_id, asked.title)))

    async def delete(self, request: Request) -> Response:
        """Forget a chat, for good."""
        chat_id = request.path_params["id"]
        await asyncio.to_thread(self.chats.delete, current_owner(), chat_id)
        reply: GoneChat = {"id": chat_id, "object": "chat.deleted", "deleted": True}
        return AsciiJson(reply)

    def _whole(self, owner: str, chat_id: str) -> WholeChat:
        outline, messages = self.chats.read(owner, chat_id)
        told = [_told_message(said) for said in messages]
        for place, vote in self.votes.on(owner, chat_id, messages).items():
            told[place]["vote"] = vote
        return {**_told(outline), "messages": told}


_MORE = {"reasoning_content", "steps", "notes", "model", "told"}


def _said(message: KeptMessage) -> Said:
    more: dict[str, Any] = message.model_dump(include=_MORE, exclude_none=True)
    return Said(message.role, message.content, more)


def _told(outline: Outline) -> ChatOutline:
    told: ChatOutline = {
        "id": outline.id,
        "object": "chat",
        "title": outline.title,
        "created_at": outline.created_s,
        "changed_at": outline.changed_s,
        "num_messages": outline.num_messages,
    }
    if outline.excerpt is not None:
        told["excerpt"] = outline.excerpt
    return told


def _told_message(said: Said) -> ToldMessage:
    return {"role": said.role, "content": said.content, "created_at": said.created_s, **said.more}  # type: ignore[typeddict-item]

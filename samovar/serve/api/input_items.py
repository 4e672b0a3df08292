"""The conversation before a response, as items in the form of OpenAI's newer API."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.serve.shapes.input_items import GivenText, ItemList, ItemMessage, ItemQuery, ItemResult
from samovar.serve.shapes.responses import OutputCall, OutputText, OutputThought, ThoughtText

Item = ItemMessage | OutputThought | OutputCall | ItemResult


def items_of(messages: Iterable[tuple[str, Message]]) -> list[Item]:
    """The items of ``messages``, each of which has an id: of one message several, where it both says and calls."""
    return [item for message_id, message in messages for item in _items(message_id, message)]


def page_of(items: Sequence[Item], asked: ItemQuery) -> ItemList:
    """As many of the items as are asked for.

    Args:
        items: all of them, in the order in which they were said.
        asked: how many, in which order, and after which.
    Raises:
        RequestError: none of them has the id that is asked for what comes after.
    """
    ordered = list(items if asked.order == "asc" else reversed(items))
    start = 0
    if asked.after is not None:
        ids = [item["id"] for item in ordered]
        if asked.after not in ids:
            raise RequestError(f"there is no item {asked.after[:80]!r}", code="invalid_value", param="after")
        start = ids.index(asked.after) + 1
    chosen = ordered[start : start + asked.limit]
    return {
        "object": "list",
        "data": chosen,
        "first_id": chosen[0]["id"] if chosen else None,
        "last_id": chosen[-1]["id"] if chosen else None,
        "has_more": start + asked.limit < len(ordered),
    }


def _items(message_id: str, message: Message) -> Iterator[Item]:
    if message.role == "tool":
        call_id, output = message.tool_call_id or "", message.content
        yield {
            "type": "function_call_output",
            "id": f"fco_{message_id}",
            "call_id": call_id,
            "output": output,
            "status": "completed",
        }
        return
    if message.reasoning_content:
        thought: ThoughtText = {"type": "reasoning_text", "text": message.reasoning_content}
        yield {
            "type": "reasoning", "id": f"rs_{message_id}", "summary": [], "content": [thought], "status": "completed",
        }  # fmt: skip
    if message.content or not message.tool_calls:
        role, said = message.role, _text(message)
        yield {"type": "message", "id": f"msg_{message_id}", "role": role, "status": "completed", "content": [said]}
    for number, call in enumerate(message.tool_calls):
        yield {
            "type": "function_call",
            "id": f"fc_{message_id}_{number}",
            "call_id": call.id,
            "name": call.name,
            "arguments": json.dumps(call.arguments),
            "status": "completed",
        }


def _text(message: Message) -> GivenText | OutputText:
    if message.role == "assistant":
        return {"type": "output_text", "text": message.content, "annotations": [], "logprobs": []}
    return {"type": "input_text", "text": message.content}

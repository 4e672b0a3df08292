"""An answer in the shapes of Anthropic's /v1/messages: blocks of content, and the events that tell how they grow."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from typing import Any

from samovar.agent.events import Began, CallArguments, CallBegun, Event, Finished, TextDelta, ThoughtDelta, ToolReturned
from samovar.chat.conversation import load_strict_json
from samovar.serve.api.chat_reply import BETWEEN_ROUNDS, step_of
from samovar.serve.shapes.chat import Step
from samovar.serve.shapes.messages import (
    AnthropicMessage,
    CallBlock,
    Ending,
    MessageEvent,
    MessageUsage,
    SaidBlock,
    StopReason,
    ToldThought,
)


class MessageReply:
    """Collects the events of one answer and tells them as the API does."""

    def __init__(self, model_id: str) -> None:
        self.message: AnthropicMessage = {
            "id": f"msg_{uuid.uuid4().hex}",
            "type": "message",
            "role": "assistant",
            "model": model_id,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage(0, 0, 0),
        }
        self._arguments = ""
        self._steps: list[Step] = []
        self._is_new_round = self._is_open = False

    def take(self, event: Event) -> Iterator[MessageEvent]:
        """Note what happened; give the events that tell it."""
        match event:
            case Began():
                self.message["usage"] = _usage(event.num_prompt_tokens, event.num_cached_tokens, 0)
                yield {"type": "message_start", "message": copy.deepcopy(self.message)}
            case ThoughtDelta():
                yield from self._think(event.text)
            case TextDelta() if event.text:
                yield from self._say(event.text)
            case CallBegun():
                yield from self._close()
                self._arguments = ""
                yield self._open({"type": "tool_use", "id": event.id, "name": event.name, "input": {}})
            case CallArguments():
                self._arguments += event.text
                delta: Any = {"type": "input_json_delta", "partial_json": event.text}
                yield {"type": "content_block_delta", "index": self._place, "delta": delta}
            case ToolReturned():
                self._is_new_round = True
                if self.message["content"] and self.message["content"][-1]["type"] == "thinking":
                    yield from self._close()
                step = step_of(event)
                self._steps.append(step)
                # In Anthropic's words a change of the message as a whole; clients that know no steps pass over it.
                # Tokens of the answer are counted at its end.
                nothing_else: Ending = {"stop_reason": None, "stop_sequence": None}
                usage = self.message["usage"]
                yield {"type": "message_delta", "delta": nothing_else, "usage": usage, "samovar": {"steps": [step]}}
            case Finished():
                yield from self._finish(event)

    @property
    def _place(self) -> int:
        return len(self.message["content"]) - 1

    def _think(self, text: str) -> Iterator[MessageEvent]:
        content = self.message["content"]
        if not self._is_open or content[-1]["type"] != "thinking":
            yield from self._close()
            yield self._open({"type": "thinking", "thinking": "", "signature": ""})
        block = content[-1]
        if block["type"] == "thinking":
            block["thinking"] += text
        delta: Any = {"type": "thinking_delta", "thinking": text}
        yield {"type": "content_block_delta", "index": self._place, "delta": delta}

    def _say(self, text: str) -> Iterator[MessageEvent]:
        content = self.message["content"]
        if not content or content[-1]["type"] != "text":
            yield from self._close()
            yield self._open({"type": "text", "text": "", "citations": None})
        block = content[-1]
        if block["type"] == "text":
            if self._is_new_round and block["text"]:
                text = BETWEEN_ROUNDS + text
            block["text"] += text
        self._is_new_round = False
        delta: Any = {"type": "text_delta", "text": text}
        yield {"type": "content_block_delta", "index": self._place, "delta": delta}

    def _open(self, block: ToldThought | SaidBlock | CallBlock) -> MessageEvent:
        self.message["content"].append(block)
        self._is_open = True
        return {"type": "content_block_start", "index": self._place, "content_block": copy.deepcopy(block)}

    def _close(self) -> Iterator[MessageEvent]:
        if not self._is_open:
            return
        self._is_open = False
        block = self.message["content"][-1]
        if block["type"] == "tool_use":
            block["input"] = _object(self._arguments)
        yield {"type": "content_block_stop", "index": self._place}

    def _finish(self, event: Finished) -> Iterator[MessageEvent]:
        yield from self._close()
        reason = _stop_reason(event)
        self.message["stop_reason"] = reason
        self.message["stop_sequence"] = event.stopped_by if isinstance(event.stopped_by, str) else None
        usage = _usage(event.num_prompt_tokens, event.num_cached_tokens, event.num_completion_tokens)
        self.message["usage"] = usage
        if self._steps:
            self.message["samovar"] = {"steps": self._steps}
        ending: Any = {"stop_reason": reason, "stop_sequence": self.message["stop_sequence"]}
        yield {"type": "message_delta", "delta": ending, "usage": usage}
        yield {"type": "message_stop"}


def _usage(num_prompt: int, num_cached: int, num_output: int) -> MessageUsage:
    """In Anthropic's way to count, what was found in the cache is no part of the input tokens."""
    return {
        "input_tokens": num_prompt - num_cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": num_cached,
        "output_tokens": num_output,
    }


def _stop_reason(event: Finished) -> StopReason:
    if event.finish_reason == "tool_calls":
        return "tool_use"
    if event.finish_reason == "length":
        return "max_tokens"
    return "stop_sequence" if isinstance(event.stopped_by, str) else "end_turn"


def _object(text: str) -> dict[str, Any]:
    """The input of a call; empty where it breaks off."""
    try:
        value = load_strict_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

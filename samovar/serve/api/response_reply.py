"""An answer in the shapes of /v1/responses: items of output, and the events that tell how they come about."""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Iterator
from typing import Any, Literal

from samovar.agent.events import CallArguments, CallBegun, Event, Finished, TextDelta, ThoughtDelta, ToolReturned
from samovar.chat.conversation import Message
from samovar.engine.request import Sampling
from samovar.serve.api.chat_reply import BETWEEN_ROUNDS, step_of
from samovar.serve.api.token_text import chat_logprobs
from samovar.serve.errors import ApiError
from samovar.serve.shapes.chat import Step
from samovar.serve.shapes.responses import (
    OutputCall,
    OutputMessage,
    OutputText,
    OutputThought,
    ResponseEvent,
    ResponseObject,
    ResponseRequest,
    ThoughtText,
)
from samovar.tokenizer.tokenizer import Tokenizer


class ResponseReply:
    """Collects the events of one answer and tells them as the API does."""

    def __init__(self, model_id: str, tokenizer: Tokenizer, asked: ResponseRequest, sampling: Sampling) -> None:
        self._tokenizer = tokenizer
        self._has_logprobs = sampling.logprobs is not None
        self._sequence_number = -1
        self._steps: list[Step] = []
        self._is_new_round = False
        self.response = _begun(model_id, asked, sampling)
        self.said: tuple[Message, ...] = ()
        """The turns of the answer, those of tools with it, when it is made."""

    def first_events(self) -> Iterator[ResponseEvent]:
        """The events that open a stream."""
        yield self._event("response.created", response=copy.deepcopy(self.response))
        yield self._event("response.in_progress", response=copy.deepcopy(self.response))

    def take(self, event: Event) -> Iterator[ResponseEvent]:
        """Note what happened; give the events that tell it."""
        match event:
            case ThoughtDelta():
                yield from self._think(event.text)
            case TextDelta():
                yield from self._say(event)
            case CallBegun():
                yield from self._close_item("completed")
                call: OutputCall = {
                    "type": "function_call",
                    "id": f"fc_{uuid.uuid4().hex}",
                    "call_id": event.id,
                    "name": event.name,
                    "arguments": "",
                    "status": "in_progress",
                }
                yield self._open_item(call)
            case CallArguments():
                item = self.response["output"][-1]
                if item["type"] == "function_call":
                    item["arguments"] += event.text
                yield self._of_item("response.function_call_arguments.delta", delta=event.text)
            case ToolReturned():
                self._is_new_round = True
                if self.response["output"] and self.response["output"][-1]["type"] == "reasoning":
                    yield from self._close_item("completed")
                self._steps.append(step_of(event))
            case Finished():
                yield from self._finish(event)

    def failed(self, error: ApiError) -> ResponseEvent:
        """The event that ends a stream which cannot go on."""
        self.response["status"] = "failed"
        self.response["error"] = {"code": error.code or "server_error", "message": error.message}
        return self._event("response.failed", response=self.response)

    def _think(self, text: str) -> Iterator[ResponseEvent]:
        output = self.response["output"]
        if not output or output[-1]["type"] != "reasoning" or output[-1]["status"] != "in_progress":
            yield from self._close_item("completed")
            thought: OutputThought = {
                "type": "reasoning",
                "id": f"rs_{uuid.uuid4().hex}",
                "summary": [],
                "content": [],
                "status": "in_progress",
            }
            yield self._open_item(thought)
            part: ThoughtText = {"type": "reasoning_text", "text": ""}
            thought["content"].append(part)
            yield self._of_item("response.content_part.added", content_index=0, part=copy.deepcopy(part))
        if (item := output[-1])["type"] == "reasoning":
            item["content"][0]["text"] += text
        yield self._of_item("response.reasoning_text.delta", content_index=0, delta=text)

    def _say(self, event: TextDelta) -> Iterator[ResponseEvent]:
        output, text = self.response["output"], event.text
        if not output or output[-1]["type"] != "message":
            yield from self._close_item("completed")
            message: OutputMessage = {
                "type": "message",
                "id": f"msg_{uuid.uuid4().hex}",
                "role": "assistant",
                "status": "in_progress",
                "content": [],
            }
            yield self._open_item(message)
            part: OutputText = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
            message["content"].append(part)
            yield self._of_item("response.content_part.added", content_index=0, part=copy.deepcopy(part))
        if self._is_new_round and text and (said := self._part()) is not None and said["text"]:
            text = BETWEEN_ROUNDS + text
        self._is_new_round = self._is_new_round and not text
        logprobs = list(chat_logprobs(self._tokenizer, event.logprobs)) if self._has_logprobs else []
        if (said := self._part()) is not None:
            said["text"] += text
            said["logprobs"] += logprobs
        yield self._of_item("response.output_text.delta", content_index=0, delta=text, logprobs=logprobs)

    def _finish(self, event: Finished) -> Iterator[ResponseEvent]:
        self.said = event.messages
        is_whole = event.finish_reason in {"stop", "tool_calls"}
        yield from self._close_item("completed" if is_whole else "incomplete")
        response = self.response
        response["status"] = "completed" if is_whole else "incomplete"
        response["incomplete_details"] = None if is_whole else {"reason": "max_output_tokens"}
        prompt, completion = event.num_prompt_tokens, event.num_completion_tokens
        response["usage"] = {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": event.num_cached_tokens, "cache_write_tokens": 0},
            "output_tokens": completion,
            "output_tokens_details": {"reasoning_tokens": event.num_thought_tokens},
            "total_tokens": prompt + completion,
        }
        if self._steps:
            response["samovar"] = {"steps": self._steps}
        yield self._event(f"response.{response['status']}", response=response)

    def _part(self) -> OutputText | None:
        item = self.response["output"][-1]
        return item["content"][0] if item["type"] == "message" else None

    def _open_item(self, item: OutputThought | OutputMessage | OutputCall) -> ResponseEvent:
        self.response["output"].append(item)
        place = len(self.response["output"]) - 1
        return self._event("response.output_item.added", output_index=place, item=copy.deepcopy(item))

    def _close_item(self, status: Literal["completed", "incomplete"]) -> Iterator[ResponseEvent]:
        """Tell the last item whole, if it is open."""
        if not self.response["output"] or self.response["output"][-1]["status"] != "in_progress":
            return
        item = self.response["output"][-1]
        item["status"] = status
        if item["type"] == "function_call":
            yield self._of_item("response.function_call_arguments.done", arguments=item["arguments"], name=item["name"])
        elif item["type"] == "reasoning":
            thought = item["content"][0]
            yield self._of_item("response.reasoning_text.done", content_index=0, text=thought["text"])
            yield self._of_item("response.content_part.done", content_index=0, part=thought)
        else:
            part = item["content"][0]
            yield self._of_item(
                "response.output_text.done", content_index=0, text=part["text"], logprobs=part["logprobs"]
            )
            yield self._of_item("response.content_part.done", content_index=0, part=part)
        place = len(self.response["output"]) - 1
        yield self._event("response.output_item.done", output_index=place, item=copy.deepcopy(item))

    def _of_item(self, kind: str, **more: Any) -> ResponseEvent:
        place = len(self.response["output"]) - 1
        return self._event(kind, item_id=self.response["output"][place]["id"], output_index=place, **more)

    def _event(self, kind: str, **more: Any) -> ResponseEvent:
        self._sequence_number += 1
        return {"type": kind, "sequence_number": self._sequence_number, **more}  # type: ignore[typeddict-item]


def _begun(model_id: str, asked: ResponseRequest, sampling: Sampling) -> ResponseObject:
    form = asked.text.model_dump(exclude_none=True, by_alias=True) if asked.text else {}
    choice = asked.tool_choice or "auto"
    return {
        "id": f"resp_{uuid.uuid4().hex}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": model_id,
        "output": [],
        "error": None,
        "incomplete_details": None,
        "usage": None,
        "instructions": asked.instructions,
        "max_output_tokens": asked.max_output_tokens,
        "metadata": asked.metadata or {},
        "parallel_tool_calls": asked.parallel_tool_calls is not False,
        "previous_response_id": asked.previous_response_id,
        "store": bool(asked.store),
        "temperature": sampling.temperature,
        "text": {"format": {"type": "text"}, **form},
        "tool_choice": choice if isinstance(choice, str) else choice.model_dump(),
        "tools": [tool.model_dump() for tool in asked.tools or ()],
        "top_logprobs": asked.top_logprobs or 0,
        "top_p": sampling.top_p,
        "truncation": "disabled",
        "user": asked.user,
    }

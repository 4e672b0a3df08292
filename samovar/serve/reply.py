"""An answer in OpenAI's shapes: one completion, or the chunks of a stream.

Tools that the server ran itself are told in a field of our own, ``samovar.steps``, which other clients pass over.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

from samovar.agent.events import Event, Finished, TextDelta, ToolReturned
from samovar.chat.conversation import ToolCall

_BETWEEN_ROUNDS = "\n\n"


class Reply:
    """Collects the events of one answer and tells them as the API does."""

    def __init__(self, model_id: str, *, includes_usage: bool = False) -> None:
        self._head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": model_id}
        self._includes_usage = includes_usage
        self._text = ""
        self._steps: list[dict[str, Any]] = []
        self._is_new_round = False
        self._finished: Finished | None = None

    def first_chunk(self) -> dict[str, Any]:
        """The chunk that opens a stream."""
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def take(self, event: Event) -> Iterator[dict[str, Any]]:
        """Note ``event``; give the chunks that tell it."""
        match event:
            case TextDelta():
                yield self._chunk({"content": self._add_text(event.text)})
            case ToolReturned():
                self._is_new_round = True
                step = {"name": event.call.name, "arguments": event.call.arguments, "result": event.result.content}
                self._steps.append(step)
                yield self._chunk({"samovar": {"steps": [step]}})
            case Finished():
                self._finished = event
                calls = [{"index": index, **call.to_openai()} for index, call in enumerate(self._returned_calls())]
                if calls:
                    yield self._chunk({"tool_calls": calls})
                yield self._chunk({}, event.finish_reason)
                if self._includes_usage:
                    yield {**self._chunk({}), "choices": [], "usage": self._usage(event)}

    def completion(self) -> dict[str, Any]:
        """The whole answer; after ``Finished`` was taken."""
        if self._finished is None:
            raise RuntimeError("the answer is not finished")
        calls = [call.to_openai() for call in self._returned_calls()]
        message: dict[str, Any] = {"role": "assistant", "content": self._text, "refusal": None}
        if calls:
            message |= {"content": self._text or None, "tool_calls": calls}
        if self._steps:
            message["samovar"] = {"steps": self._steps}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finished.finish_reason}
        return {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._usage(self._finished),
            "system_fingerprint": None,
        }

    def _add_text(self, text: str) -> str:
        if self._is_new_round and self._text:
            text = _BETWEEN_ROUNDS + text
        self._is_new_round = False
        self._text += text
        return text

    def _returned_calls(self) -> list[ToolCall]:
        finished = self._finished
        if finished is None or finished.finish_reason != "tool_calls":
            return []
        return finished.messages[-1].tool_calls

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        chunk = {**self._head, "object": "chat.completion.chunk", "choices": [choice], "system_fingerprint": None}
        return chunk | {"usage": None} if self._includes_usage else chunk

    @staticmethod
    def _usage(finished: Finished) -> dict[str, int]:
        prompt, completion = finished.num_prompt_tokens, finished.num_completion_tokens
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

"""An answer in the shapes of chat completions: one completion, or the chunks of a stream.

Tools that the server ran itself are told in a field of our own, ``samovar.steps``, which other clients pass over.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

from samovar.agent.answer import ToolUse
from samovar.agent.events import (
    CallArguments,
    CallBegun,
    Event,
    Finished,
    FinishReason,
    TextDelta,
    ThoughtDelta,
    ToolReturned,
)
from samovar.engine.request import Sampling
from samovar.serve.api.token_text import chat_logprobs
from samovar.serve.shapes.chat import (
    Call,
    CallDelta,
    ChatAnswer,
    ChatChunk,
    ChatCompletion,
    Choice,
    ChoiceDelta,
    CutBy,
    Logprobs,
    Step,
    TokenLogprob,
    Usage,
)
from samovar.tokenizer.tokenizer import Tokenizer

BETWEEN_ROUNDS = "\n\n"


def step_of(event: ToolReturned) -> Step:
    """What is told of a tool that has answered."""
    return {"name": event.call.name, "arguments": event.call.arguments, "result": event.result.content}


class _Choice:
    """One answer so far."""

    def __init__(self, *, is_begun: bool) -> None:
        self.text = self.thought = ""
        self.steps: list[Step] = []
        self.cut_by: CutBy | None = None
        self.calls: list[Call] = []
        self.logprobs: list[TokenLogprob] = []
        self.is_new_round = self.is_new_thought = False
        self.finished: Finished | None = None
        self._is_begun = is_begun

    def add_text(self, text: str) -> str:
        """Note what is said; give it with the gap between two rounds."""
        if self.is_new_round and (self.text or self._is_begun) and text:
            text = BETWEEN_ROUNDS + text
        self.is_new_round = self.is_new_round and not text
        self.text += text
        return text

    def add_thought(self, text: str) -> str:
        """Note what is thought; give it with the gap between two rounds."""
        if self.is_new_thought and self.thought:
            text = BETWEEN_ROUNDS + text
        self.is_new_thought = False
        self.thought += text
        return text

    def message(self) -> ChatAnswer:
        """The whole turn."""
        content = None if self.calls and not self.text else self.text
        message: ChatAnswer = {"role": "assistant", "content": content, "refusal": None}
        if self.thought:
            message["reasoning_content"] = self.thought
        if self.calls:
            message["tool_calls"] = self.calls
        if self.steps or self.cut_by:
            message["samovar"] = {"steps": self.steps}
        if self.cut_by:
            message["samovar"]["cut_by"] = self.cut_by
        return message


class ChatReply:
    """Collects the events of one request's answers and tells them as the API does."""

    def __init__(
        self,
        model_id: str,
        tokenizer: Tokenizer,
        *,
        artifact: str | None = None,
        sampling: Sampling,
        use: ToolUse,
        number: int = 1,
        begun: str = "",
        has_logprobs: bool = False,
        includes_usage: bool = False,
    ) -> None:
        """Collect ``number`` answers.

        Args:
            model_id: as it is told.
            tokenizer: the model's.
            artifact: that the model is, where it is known.
            sampling: how they are drawn.
            use: of tools.
            number: of answers.
            begun: words that each goes on from; they are not told again.
            has_logprobs: whether log-probabilities are told.
            includes_usage: whether a stream ends with a chunk that counts.
        """
        self._id, self._created, self._model = f"chatcmpl-{uuid.uuid4().hex}", int(time.time()), model_id
        self._artifact = artifact
        self._tokenizer = tokenizer
        self._has_logprobs, self._includes_usage = has_logprobs, includes_usage
        self._sampling, self._use, self.begun = sampling, use, begun
        self._choices = [_Choice(is_begun=begun != "") for _ in range(number)]

    def first_chunks(self) -> Iterator[ChatChunk]:
        """The chunks that open a stream."""
        for index in range(len(self._choices)):
            yield self._chunk(index, {"role": "assistant", "content": "", "refusal": None})

    def take(self, index: int, event: Event) -> Iterator[ChatChunk]:
        """Note what happened in one of the answers; give the chunks that tell it."""
        choice = self._choices[index]
        match event:
            case ThoughtDelta():
                yield self._chunk(index, {"reasoning_content": choice.add_thought(event.text)})
            case TextDelta():
                logprobs = self._logprobs_of(event)
                choice.logprobs += logprobs or ()
                yield self._chunk(index, {"content": choice.add_text(event.text)}, logprobs)
            case CallBegun():
                call: Call = {"id": event.id, "type": "function", "function": {"name": event.name, "arguments": ""}}
                choice.calls.append(call)
                begun: CallDelta = {
                    "index": event.index,
                    "id": event.id,
                    "type": "function",
                    "function": {"name": event.name, "arguments": ""},
                }
                yield self._chunk(index, {"tool_calls": [begun]})
            case CallArguments():
                choice.calls[event.index]["function"]["arguments"] += event.text
                yield self._chunk(
                    index, {"tool_calls": [{"index": event.index, "function": {"arguments": event.text}}]}
                )
            case ToolReturned():
                choice.is_new_round = choice.is_new_thought = True
                step = step_of(event)
                choice.steps.append(step)
                yield self._chunk(index, {"samovar": {"steps": [step]}})
            case Finished():
                choice.finished, choice.cut_by = event, self._cut_by(event)
                told: ChoiceDelta = {"samovar": {"steps": [], "cut_by": choice.cut_by}} if choice.cut_by else {}
                yield self._chunk(index, told, finish_reason=event.finish_reason)

    def last_chunks(self) -> Iterator[ChatChunk]:
        """The chunk that counts, where it is wanted."""
        if self._includes_usage:
            yield {**self._chunk(0, {}), "choices": [], "usage": self._usage()}

    @property
    def maker(self) -> str:
        """Who answers, as exactly as is known."""
        return self._artifact or self._model

    def message(self, index: int) -> ChatAnswer:
        """One of the answers as far as it was made."""
        return self._choices[index].message()

    def completion(self) -> ChatCompletion:
        """All answers whole; after each ``Finished`` was taken."""
        choices: list[Choice] = [
            {
                "index": index,
                "message": one.message(),
                "logprobs": {"content": one.logprobs, "refusal": None} if self._has_logprobs else None,
                "finish_reason": _finished(one).finish_reason,
            }
            for index, one in enumerate(self._choices)
        ]
        return {
            "id": self._id,
            "object": "chat.completion",
            "created": self._created,
            "model": self._model,
            "choices": choices,
            "usage": self._usage(),
            "system_fingerprint": self._artifact,
        }

    def _cut_by(self, end: Finished) -> CutBy | None:
        if end.has_spent_rounds:
            return "rounds" if self._use.tools else None
        # A grammar, too, may end an answer before it is as long as it may be.
        is_short = end.num_completion_tokens < self._sampling.max_tokens and self._sampling.constraint is None
        return "context" if end.finish_reason == "length" and is_short else None

    def _logprobs_of(self, event: TextDelta) -> list[TokenLogprob] | None:
        return list(chat_logprobs(self._tokenizer, event.logprobs)) if self._has_logprobs else None

    def _chunk(
        self,
        index: int,
        delta: ChoiceDelta,
        tokens: list[TokenLogprob] | None = None,
        finish_reason: FinishReason | None = None,
    ) -> ChatChunk:
        logprobs: Logprobs | None = None if tokens is None else {"content": tokens, "refusal": None}
        chunk: ChatChunk = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}],
            "system_fingerprint": self._artifact,
        }
        if self._includes_usage:
            chunk["usage"] = None
        return chunk

    def _usage(self) -> Usage:
        """The prompt is counted once, however many answers it has."""
        ends = [_finished(one) for one in self._choices]
        prompt, completion = ends[0].num_prompt_tokens, sum(end.num_completion_tokens for end in ends)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": ends[0].num_cached_tokens},
            "completion_tokens_details": {"reasoning_tokens": sum(end.num_thought_tokens for end in ends)},
        }


def _finished(choice: _Choice) -> Finished:
    if choice.finished is None:
        raise RuntimeError("the answer is not finished")
    return choice.finished

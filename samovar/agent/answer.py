"""One answer in the making: rounds of generation with calls of tools between them.

It neither generates nor waits: the driver (blocking, batched or asynchronous) brings it what the engine gave, and asks
what to do next, so that all three drivers behave alike.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from samovar.agent.events import (
    Began,
    CallArguments,
    CallBegun,
    Event,
    Finished,
    FinishReason,
    TextDelta,
    ThoughtDelta,
)
from samovar.agent.tool import Tool
from samovar.agent.turn import CallPart, Turn
from samovar.chat.call_form import CallTeller, find_call_form
from samovar.chat.conversation import Message, ToolCall
from samovar.chat.rows import prompt_ids
from samovar.chat.speech import find_speech
from samovar.chat.thought import NO_OPTIONS, Options, ThoughtReader, opens_thought, thought_form
from samovar.core.errors import RequestError
from samovar.engine.request import Delta, Sampling, ThoughtLimit, TokenLogprobs
from samovar.tokenizer.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class ToolUse:
    """Which tools an answer may use, and who runs them."""

    tools: Sequence[Tool] = ()
    """Run by us when the model calls them."""
    offered: Sequence[Mapping[str, Any]] = ()
    """Schemas that the prompt lists."""
    is_returned: bool = False
    """Calls are handed back to the caller, as they are written, instead of being run."""
    max_rounds: int = 4
    """Generations in one answer: a model that calls tools without end is stopped after this many."""


class Round(NamedTuple):
    """One generation: what was read, and the tokens that were drawn behind it, exactly."""

    prompt_ids: list[int]
    ids: list[int]
    logprobs: list[float]
    """Of each of ``ids`` where the sampling asked for them, else none."""


def may_think(sampling: Sampling, begun: str) -> bool:
    """Whether an answer may have a thought before it: not one that is begun, or must be of a form from its start on."""
    return not begun and (sampling.constraint is None or sampling.constraint.follows_thought)


class Answer:
    """The state of one answer to ``messages``."""

    def __init__(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        tokenizer: Tokenizer,
        use: ToolUse,
        *,
        options: Options = NO_OPTIONS,
        max_thought_tokens: int | None = None,
        first_prompt: Sequence[int] | None = None,
        begun: str = "",
    ) -> None:
        """Begin it.

        Args:
            messages: so far.
            sampling: how tokens are drawn.
            tokenizer: the model's.
            use: of tools.
            options: variables of the chat template.
            max_thought_tokens: of each thought, where its tags are tokens of the model; None leaves that to the model.
            first_prompt: the ids of ``messages``, where they are known already.
            begun: words that the answer begins with: they are read, and not told again.
        """
        self.use = use
        self._first_prompt = first_prompt
        self._begun = begun
        """Of the round that comes or goes on."""
        self.messages: list[Message] = []
        """What the answer has added to the conversation."""
        self.rounds: list[Round] = []
        """Text does not tell which tokens it was drawn as."""
        self._asked = list(messages)
        self._sampling = sampling
        self._tokenizer = tokenizer
        self._options = options
        self._max_thought_tokens = max_thought_tokens
        self._thoughts, self._thought = ThoughtReader(thought_form(tokenizer)), ""
        self._turn, self._teller = Turn(), CallTeller(None, ())
        self._finish_reason: FinishReason | None = None
        self._has_begun = self._has_spent_rounds = False
        self._num_rounds = self._num_prompt_tokens = self._num_completion_tokens = self._num_cached_tokens = 0
        self._num_thought_tokens = 0
        self._stopped_by: str | int | None = None
        self._logprobs: list[TokenLogprobs] = []
        """Of tokens whose text is still held back."""
        self._pending: list[ToolCall] = []

    @property
    def is_done(self) -> bool:
        """Nothing is left to generate or to run."""
        return self._finish_reason is not None

    def next_prompt(self) -> tuple[list[int], Sampling]:
        """What to generate now: the prompt, and the sampling with as many tokens as are left, and still asked for."""
        thinks = may_think(self._sampling, self._begun)
        if self._num_rounds == 0 and self._first_prompt is not None:
            ids = list(self._first_prompt)
        else:
            said_before = [*self._asked, *self.messages]
            ids = prompt_ids(
                said_before,
                self._tokenizer,
                tools=self.use.offered,
                options=self._options,
                begun=self._begun,
                thinks=thinks,
            )
        is_open = thinks and opens_thought(self._tokenizer, self._options)
        self._thoughts, self._thought = ThoughtReader(thought_form(self._tokenizer), is_open=is_open), ""
        lead = "" if self._begun else find_speech(self._tokenizer).lead
        self._turn = Turn(lead, passes_calls_on=self.use.is_returned)
        tools = [*self.use.offered, *(tool.schema for tool in self.use.tools)]
        self._teller = CallTeller(find_call_form(self._tokenizer) if tools else None, tools)
        self._logprobs.clear()  # of a call, which is no text
        if self._num_rounds == 0:
            self._num_prompt_tokens = len(ids)
        self.rounds.append(Round(ids, [], []))
        said, sampling = self._num_completion_tokens, self._sampling
        fewest = max(0, sampling.min_tokens - said)
        prefix = () if self._num_rounds else sampling.prefix_ids  # the answer begins once
        most = sampling.max_tokens - said
        if thinks and self._max_thought_tokens is not None:
            sampling = replace(sampling, thought_limit=self._thought_limit(self._max_thought_tokens, is_open=is_open))
        return ids, replace(sampling, max_tokens=most, min_tokens=fewest, prefix_ids=prefix, begun=self._begun)

    def refused(self, error: RequestError) -> None:
        """The engine refused the prompt: an error for the caller at first, the end of the answer in a later round."""
        if self._num_rounds == 0:
            raise error
        self._finish_reason = "length"

    def push(self, delta: Delta) -> Iterator[Event]:
        """Take what the engine gave; with the last piece of a round, the round is over."""
        if not self._has_begun:
            self._has_begun = True
            self._num_cached_tokens = delta.num_cached
            yield Began(self._num_prompt_tokens, delta.num_cached)
        self._num_completion_tokens += len(delta.ids)
        self.rounds[-1].ids.extend(delta.ids)
        self.rounds[-1].logprobs.extend(one.logprob for one in delta.logprobs)
        self._logprobs += [one for one in delta.logprobs if one.token not in self._tokenizer.stop_ids]
        was_saying = self._thoughts.is_saying
        thought, said = self._thoughts.push(delta.text)
        if self._thoughts.is_saying and not was_saying:
            self._leave_thought()
        yield from self._read(thought, said)
        if delta.finish_reason is not None:
            self._stopped_by = delta.stopped_by
            yield from self._end_round(delta.finish_reason)

    def pending_calls(self) -> list[ToolCall]:
        """The calls to run now, in order; each is answered by ``add_result``."""
        return list(self._pending)

    def add_result(self, result: Message) -> None:
        """Take the answer of the first pending call."""
        self._pending.pop(0)
        self.messages.append(result)

    def finished(self) -> Finished:
        """The last event."""
        return Finished(
            finish_reason=self._finish_reason or "cancelled",
            messages=tuple(self.messages),
            num_prompt_tokens=self._num_prompt_tokens,
            num_completion_tokens=self._num_completion_tokens,
            num_cached_tokens=self._num_cached_tokens,
            stopped_by=self._stopped_by,
            num_thought_tokens=self._num_thought_tokens,
            has_spent_rounds=self._has_spent_rounds,
        )

    def _thought_limit(self, tokens: int, *, is_open: bool) -> ThoughtLimit | None:
        form = thought_form(self._tokenizer)
        if not form.are_tokens:
            return None
        opening, closing = (self._tokenizer.special_ids[tag] for tag in (form.opening, form.closing))
        return ThoughtLimit(tokens, opening, closing, is_open)

    def _read(self, thought: str, said: str) -> Iterator[Event]:
        if thought:
            self._thought += thought
            yield ThoughtDelta(thought)
        for news in self._turn.push(self._teller.push(said)):
            yield from self._tell(news)

    def _leave_thought(self) -> None:
        """Count the tokens of the thought, if there was one: their log-probabilities are not those of what is said."""
        if not self._thoughts.has_thought:
            return
        ids, closing = self.rounds[-1].ids, thought_form(self._tokenizer).closing
        end = 1 + bisect_left(
            range(len(ids)), True, key=lambda last: closing in self._tokenizer.decode(ids[: last + 1])
        )
        self._num_thought_tokens += min(end, len(ids))
        del self._logprobs[:end]

    def _tell(self, news: str | CallPart) -> Iterator[Event]:
        if isinstance(news, str):
            yield TextDelta(news, tuple(self._logprobs))
        elif news.text:
            yield CallArguments(news.number, news.text)
        else:
            yield CallBegun(news.number, news.id, news.name)
        self._logprobs.clear()

    def _end_round(self, reason: FinishReason) -> Iterator[Event]:
        is_cut = reason == "length"
        if not self._thoughts.is_saying:
            self._leave_thought()
        yield from self._read(*self._thoughts.end())
        for news in self._turn.push(self._teller.end(is_cut=is_cut)):
            yield from self._tell(news)
        message, held = self._turn.end(is_cut=is_cut)
        for news in held:
            yield from self._tell(news)
        if self._logprobs and not message.tool_calls:
            yield from self._tell("")
        if self._begun:
            message = message.model_copy(update={"content": self._begun + message.content})
            self._begun = ""
        if self._thought:
            message = message.model_copy(update={"reasoning_content": self._thought})
        self.messages.append(message)
        self._num_rounds += 1
        if not message.tool_calls or not (self.use.tools or self.use.offered):
            self._finish_reason = reason
        elif self.use.is_returned:
            self._finish_reason = "tool_calls" if reason == "stop" else reason
        elif self._num_completion_tokens >= self._sampling.max_tokens:
            self._finish_reason = "length"
        elif self._num_rounds >= self.use.max_rounds:
            self._finish_reason, self._has_spent_rounds = "length", True
        else:
            self._pending = list(message.tool_calls)

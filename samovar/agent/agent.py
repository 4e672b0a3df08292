"""The loop that answers: generate, run the tools that were called, generate on. Here for the blocking caller."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from samovar.agent.answer import Answer, ToolUse
from samovar.agent.events import Event, ToolCalled, ToolReturned
from samovar.agent.habits import Habits
from samovar.agent.registry import load_tools
from samovar.agent.tool import Tool, run_call
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.chat.thought import options_for
from samovar.core.errors import RequestError
from samovar.engine.request import Sampling
from samovar.tokenizer.tokenizer import Tokenizer

if TYPE_CHECKING:  # torch is not needed to serve
    from samovar.engine.engine import Engine


class Agent:
    """Answers conversations with an engine of its own: nobody else may step it meanwhile."""

    def __init__(
        self,
        engine: Engine,
        tokenizer: Tokenizer,
        tools: Sequence[Tool] = (),
        *,
        system: str | None = None,
        max_rounds: int = 4,
        announces_tools: bool = False,
        thinking: bool | None = None,
        max_thought_tokens: int | None = None,
    ) -> None:
        """Make an agent.

        Args:
            engine: where tokens come from.
            tokenizer: the model's.
            tools: run when the model calls them.
            system: put before conversations that bring no system message of their own.
            max_rounds: generations in one answer, at most.
            announces_tools: list the tools in the prompt. A model that learnt a tool by heart (the quick start's) does
                not need that, and was trained without; one that calls whatever it is told of does.
            thinking: whether a reasoning model thinks before it answers; None leaves that to its template.
            max_thought_tokens: of one thought, at most; None leaves that to the model.
        """
        self.engine = engine
        self.tokenizer = tokenizer
        self.system = system
        schemas = [tool.schema for tool in tools] if announces_tools else []
        self._options, self._max_thought_tokens = options_for(thinking), max_thought_tokens
        self.use = ToolUse(tools=tools, offered=schemas, max_rounds=max_rounds)

    @classmethod
    def of(cls, engine: Engine, habits: Habits) -> Agent:
        """An agent that answers as ``habits`` have it.

        Raises:
            ConfigError: there is no such tool.
        """
        return cls(
            engine,
            engine.tokenizer,
            load_tools(habits.tools),
            system=habits.system,
            max_rounds=habits.max_rounds,
            announces_tools=habits.announces_tools,
            thinking=habits.thinking,
            max_thought_tokens=habits.max_thought_tokens,
        )

    def complete_batch(
        self, conversations: Sequence[Sequence[Message]], sampling: Sampling | None = None
    ) -> list[list[Message]]:
        """Answer many conversations at once.

        Args:
            conversations: each ends with a user's turn.
            sampling: for all of them; a seed is counted up from one to the next.
        Returns:
            For each, the new messages: the assistant's, each tool's, the assistant's again.
        Raises:
            RequestError: a conversation does not fit into the context.
        """
        return [answer.messages for answer in self.answer_batch(conversations, sampling)]

    def answer_batch(
        self,
        conversations: Sequence[Sequence[Message]],
        sampling: Sampling | None = None,
        *,
        prompts: Sequence[Sequence[int]] | None = None,
    ) -> list[Answer]:
        """``complete_batch``, with all that is known of each answer.

        Args:
            conversations: each ends with a user's turn.
            sampling: for all of them.
            prompts: the ids of the conversations, the system message included, where they are known already.
        Raises:
            RequestError: a conversation does not fit into the context.
        """
        sampling = sampling or Sampling()
        answers = [
            self._answer(conversation, sampling.counted_up(number), prompts[number] if prompts is not None else None)
            for number, conversation in enumerate(conversations)
        ]
        for _ in self._events(answers, is_streamed=False):
            pass
        return answers

    def stream(self, conversation: Sequence[Message], sampling: Sampling | None = None) -> Iterator[Event]:
        """Answer one conversation, event by event; the last is ``Finished``. Closing the generator frees the engine.

        Raises:
            RequestError: the conversation does not fit into the context.
        """
        answer = self._answer(conversation, sampling or Sampling())
        yield from self._events([answer], is_streamed=True)
        yield answer.finished()

    def room(self, conversation: Sequence[Message]) -> int:
        """Tokens that the context has left for the answer; 0 or fewer where it does not hold the conversation."""
        asked = with_system(conversation, self.system)
        ids = prompt_ids(asked, self.tokenizer, tools=self.use.offered, options=self._options)
        return self.engine.max_context - len(ids)

    def _answer(
        self, conversation: Sequence[Message], sampling: Sampling, prompt: Sequence[int] | None = None
    ) -> Answer:
        asked = with_system(conversation, self.system)
        return Answer(
            asked,
            sampling,
            self.tokenizer,
            self.use,
            options=self._options,
            max_thought_tokens=self._max_thought_tokens,
            first_prompt=prompt,
        )

    def _events(self, answers: Sequence[Answer], *, is_streamed: bool) -> Iterator[Event]:
        waiting, live = deque(answers), dict[int, Answer]()
        try:
            while waiting or live:
                # Twice as many as run at once keep every slot busy, and fit into any queue.
                while waiting and len(live) < 2 * self.engine.max_batch:
                    self._start_round(waiting.popleft(), live, is_streamed)
                for delta in self.engine.step():
                    if delta.request_id not in live:
                        continue
                    answer = live[delta.request_id]
                    yield from answer.push(delta)
                    if delta.finish_reason is not None:
                        del live[delta.request_id]
                        yield from self._run_tools(answer)
                        # The next round joins the others while they run: no answer waits for the slowest.
                        self._start_round(answer, live, is_streamed)
        finally:
            for request_id in live:
                self.engine.cancel(request_id)

    def _start_round(self, answer: Answer, live: dict[int, Answer], is_streamed: bool) -> None:
        if answer.is_done:
            return
        try:
            prompt, sampling = answer.next_prompt()
            live[self.engine.add(prompt, sampling, is_streamed=is_streamed)] = answer
        except RequestError as error:
            answer.refused(error)

    def _run_tools(self, answer: Answer) -> Iterator[Event]:
        for call in answer.pending_calls():
            yield ToolCalled(call)
            result = run_call(self.use.tools, call)
            answer.add_result(result)
            yield ToolReturned(call, result)


def with_system(conversation: Sequence[Message], system: str | None) -> list[Message]:
    """The conversation with ``system`` in front, unless it has a system message of its own."""
    if system is None or any(message.role == "system" for message in conversation):
        return list(conversation)
    return [Message(role="system", content=system), *conversation]

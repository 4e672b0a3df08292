from __future__ import annotations

import pytest

from samovar.agent.agent import Agent
from samovar.agent.events import Began, Finished, TextDelta, ToolCalled, ToolReturned
from samovar.agent.tools.calculator import Calculator
from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.engine.request import Sampling
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import Script, ScriptedEngine, calculating, call_text

GREEDY = Sampling(temperature=0)
QUESTION = [Message(role="user", content="How much is 17*24?")]
GREETING = [Message(role="user", content="Hi")]


def make_agent(tokenizer: Tokenizer, script: Script = calculating, **options: object) -> Agent:
    return Agent(ScriptedEngine(tokenizer, script), tokenizer, [Calculator()], **options)


def contents(messages: list[Message]) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in messages]


def test_the_tool_is_run_and_its_answer_read(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer)
    (messages,) = agent.complete_batch([QUESTION], GREEDY)
    assert contents(messages) == [("assistant", ""), ("tool", "408"), ("assistant", "It is 408.")]
    assert messages[0].tool_calls[0].arguments == {"expression": "17*24"}
    assert messages[1].tool_call_id == messages[0].tool_calls[0].id
    assert "<tool_response>\n408\n</tool_response>" in agent.engine.prompts[1]
    assert "# Tools" not in agent.engine.prompts[0]


def test_a_call_in_another_form_is_run_and_written_so_again(tokenizer: Tokenizer) -> None:
    call = '{"name": "calculator", "parameters": {"expression": "17*24"}}'
    turn = (
        "{{ '<|im_start|>' + m.role + '\n' }}{% for c in m.tool_calls %}"
        '{"name": "{{ c.function.name }}", "parameters": {{ c.function.arguments | tojson }}}'
        "{% endfor %}{{ m.content }}<|im_end|>\n"
    )
    frame = "{% for m in messages %}" + turn + "{% endfor %}{{ '<|im_start|>assistant\n' if add_generation_prompt }}"
    other = Tokenizer(tokenizer.to_json(), frame)
    agent = make_agent(other, lambda prompt: "It is 408." if "408" in prompt else call)
    (messages,) = agent.complete_batch([QUESTION], GREEDY)
    assert contents(messages) == [("assistant", ""), ("tool", "408"), ("assistant", "It is 408.")]
    assert f"assistant\n{call}<|im_end|>" in agent.engine.prompts[1]


def test_many_conversations_beside_each_other(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer)
    answers = agent.complete_batch([QUESTION, GREETING] * 10, GREEDY)
    assert [messages[-1].content for messages in answers] == ["It is 408.", "Hello there, friend."] * 10
    assert agent.complete_batch([], GREEDY) == []
    assert agent.engine.live == {}


def test_the_shortest_answer_counts_all_rounds(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer)
    (messages,) = agent.complete_batch([QUESTION], Sampling(temperature=0, max_tokens=90, min_tokens=60))
    assert messages[-1].content == "It is 408."
    first, second = agent.engine.samplings
    num_said = first.max_tokens - second.max_tokens
    assert (first.min_tokens, second.min_tokens) == (60, max(0, 60 - num_said))
    assert second.max_tokens < 60  # a second round of as many would have been refused


def test_a_forced_beginning_is_of_the_first_round(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer)
    agent.complete_batch([QUESTION], Sampling(prefix_ids=(5, 6)))
    assert [sampling.prefix_ids for sampling in agent.engine.samplings] == [(5, 6), ()]


def test_events_come_in_order(tokenizer: Tokenizer) -> None:
    events = list(make_agent(tokenizer).stream(QUESTION, GREEDY))
    began, called, returned = events[:3]
    assert isinstance(began, Began)
    assert isinstance(called, ToolCalled)
    assert isinstance(returned, ToolReturned)
    assert returned.result.content == "408"
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "It is 408."
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.finish_reason == "stop"
    assert [message.role for message in last.messages] == ["assistant", "tool", "assistant"]
    assert last.num_prompt_tokens == began.num_prompt_tokens > 0
    assert last.num_completion_tokens > 0


def test_leaving_the_stream_frees_the_engine(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer)
    events = agent.stream(GREETING, GREEDY)
    next(events)
    assert agent.engine.live
    events.close()
    assert agent.engine.live == {}


def test_a_system_message_is_put_before_conversations_without_one(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer, system="You are Samovar.")
    agent.complete_batch([GREETING, [Message(role="system", content="Be brief."), *GREETING]], GREEDY)
    assert agent.engine.prompts[0].startswith("<|im_start|>system\nYou are Samovar.<|im_end|>")
    assert agent.engine.prompts[1].startswith("<|im_start|>system\nBe brief.<|im_end|>")


def test_the_room_for_an_answer_is_what_the_prompt_leaves(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer, system="You are Samovar.", announces_tools=True)
    agent.complete_batch([GREETING], GREEDY)
    assert agent.room(GREETING) == agent.engine.max_context - len(
        tokenizer.encode(agent.engine.prompts[0], allow_special=True)
    )
    assert agent.room([Message(role="user", content="x" * 3000)]) < 0


def test_tools_are_announced_when_asked(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer, announces_tools=True)
    agent.complete_batch([GREETING], GREEDY)
    assert '"name": "calculator"' in agent.engine.prompts[0]


def test_a_model_that_calls_without_end_is_stopped(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer, lambda _: call_text("1+1"), max_rounds=3)
    (messages,) = agent.complete_batch([GREETING], GREEDY)
    assert [message.role for message in messages] == ["assistant", "tool", "assistant", "tool", "assistant"]
    last = list(agent.stream(GREETING, GREEDY))[-1]
    assert (last.finish_reason, last.has_spent_rounds) == ("length", True)


def test_the_limit_of_tokens_holds_over_all_rounds(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer, lambda _: call_text("1+1"), max_rounds=50)
    last = list(agent.stream(GREETING, Sampling(max_tokens=200)))[-1]
    assert (last.finish_reason, last.has_spent_rounds) == ("length", False)
    limits = [sampling.max_tokens for sampling in agent.engine.samplings]
    assert limits[0] == 200
    assert limits == sorted(limits, reverse=True)
    assert len(limits) < 50


def test_an_unknown_tool_is_answered_with_an_error(tokenizer: Tokenizer) -> None:
    def script(prompt: str) -> str:
        return "Sorry." if "error: there is no tool" in prompt else call_text("1", name="weather")

    (messages,) = make_agent(tokenizer, script).complete_batch([GREETING], GREEDY)
    assert contents(messages)[1:] == [
        ("tool", "error: there is no tool 'weather'; the tools are: calculator"),
        ("assistant", "Sorry."),
    ]


def test_a_malformed_call_is_text(tokenizer: Tokenizer) -> None:
    (messages,) = make_agent(tokenizer, lambda _: "<tool_call>17*24</tool_call>").complete_batch([GREETING], GREEDY)
    assert contents(messages) == [("assistant", "<tool_call>17*24</tool_call>")]


def test_a_conversation_too_long_is_refused_and_the_others_are_cancelled(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer)
    with pytest.raises(RequestError) as caught:
        agent.complete_batch([GREETING, [Message(role="user", content="x" * 3000)]], GREEDY)
    assert caught.value.code == "context_length_exceeded"
    assert agent.engine.live == {}


def test_an_answer_that_outgrows_the_context_ends_there(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer, lambda _: call_text("1+1"), max_rounds=1000)
    last = list(agent.stream(GREETING, Sampling(max_tokens=10**6)))[-1]
    assert last.finish_reason == "length"
    assert 1 < len(agent.engine.prompts) < 1000


def test_a_seed_is_counted_up(tokenizer: Tokenizer) -> None:
    agent = make_agent(tokenizer)
    agent.complete_batch([GREETING] * 3, Sampling(seed=5))
    assert [sampling.seed for sampling in agent.engine.samplings] == [5, 6, 7]

"""Models that think before they answer: what is thought and what is said go apart, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from samovar.agent.agent import Agent
from samovar.agent.answer import Answer, ToolUse
from samovar.agent.call_grammar import call_grammar
from samovar.agent.events import Began, Finished, TextDelta, ThoughtDelta, ToolCalled, ToolReturned
from samovar.agent.tools.calculator import Calculator
from samovar.chat.conversation import Message
from samovar.engine.constraint import Constraint
from samovar.engine.request import Delta, Sampling, TokenLogprobs
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import Script, ScriptedEngine, call_text
from tests.agent.test_call_grammar import CLOCK, OSLO, WEATHER, accepts
from tests.chat.thinking import MAY_THINK, MUST_THINK, thinking

GREEDY = Sampling(temperature=0)
QUESTION = [Message(role="user", content="How much is 17*24?")]


def reckoning(prompt: str) -> str:
    """Thinks, calls the calculator, thinks about its answer, and tells it; does not think where it is told not to."""
    if "tool\n" in prompt:
        return "<think>\nSo it is 408.\n</think>\n\nIt is 408."
    if prompt.endswith("</think>\n\n"):
        return "It is about 400."
    opening = "" if prompt.endswith("<think>\n") else "<think>\n"
    return f"{opening}Is <tool_call> wanted?\n</think>\n\n{call_text('17*24')}"


def make_agent(tokenizer: Tokenizer, script: Script = reckoning, **options: object) -> Agent:
    return Agent(ScriptedEngine(tokenizer, script), tokenizer, [Calculator()], **options)


@pytest.mark.parametrize("are_tokens", [True, False])
@pytest.mark.parametrize("template", [MAY_THINK, MUST_THINK])
def test_thoughts_come_before_what_is_said_and_calls_in_them_are_none(
    tokenizer: Tokenizer, template: str, are_tokens: bool
) -> None:
    agent = make_agent(thinking(tokenizer, template, are_tokens=are_tokens))
    events = [event for event in agent.stream(QUESTION, GREEDY) if not isinstance(event, Began)]
    kinds = [type(event) for event in events]
    order = [kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] is not kind]
    if template == MAY_THINK:
        assert order == [ThoughtDelta, ToolCalled, ToolReturned, ThoughtDelta, TextDelta, Finished]
    finished = events[-1]
    assert isinstance(finished, Finished)
    first, result, last = finished.messages
    assert (first.reasoning_content, first.content) == ("Is <tool_call> wanted?", "")
    assert [call.arguments for call in first.tool_calls] == [{"expression": "17*24"}]
    assert result.content == "408"
    assert last.content.endswith("It is 408.")
    if template == MAY_THINK:
        assert (last.reasoning_content, last.content) == ("So it is 408.", "It is 408.")
    # What it thought is before the model when it goes on.
    assert "<think>\nIs <tool_call> wanted?\n</think>\n\n<tool_call>" in agent.engine.prompts[1]
    assert 0 < finished.num_thought_tokens < finished.num_completion_tokens


def test_a_model_may_be_told_not_to_think(tokenizer: Tokenizer) -> None:
    agent = make_agent(thinking(tokenizer, MAY_THINK), thinking=False)
    finished = list(agent.stream(QUESTION, GREEDY))[-1]
    assert isinstance(finished, Finished)
    assert [(one.reasoning_content, one.content) for one in finished.messages] == [("", "It is about 400.")]
    assert finished.num_thought_tokens == 0


@pytest.mark.parametrize("template", [MAY_THINK, MUST_THINK])
def test_an_answer_of_a_form_has_no_thought_before_it(tokenizer: Tokenizer, template: str) -> None:
    agent = make_agent(thinking(tokenizer, template))
    sampling = Sampling(temperature=0, constraint=Constraint("regex", ".*"))
    (messages,) = agent.complete_batch([QUESTION], sampling)
    assert agent.engine.prompts[0].endswith("<think>\n\n</think>\n\n")
    assert messages[-1].content == "It is about 400."


def test_a_thought_that_breaks_off_leaves_nothing_said(tokenizer: Tokenizer) -> None:
    agent = make_agent(thinking(tokenizer, MAY_THINK))
    finished = list(agent.stream(QUESTION, Sampling(temperature=0, max_tokens=5)))[-1]
    assert isinstance(finished, Finished)
    assert (finished.finish_reason, finished.messages[0].content) == ("length", "")
    assert finished.messages[0].reasoning_content == "Is <too"
    assert finished.num_thought_tokens == finished.num_completion_tokens


@pytest.mark.parametrize("at_once", [True, False], ids=["whole", "streamed"])
@pytest.mark.parametrize("text", ["<think>\nHm.\n</think>\n\nYes.<|im_end|>", "Yes.<|im_end|>", "<b>Yes.</b>"])
def test_probabilities_are_those_of_what_is_said(tokenizer: Tokenizer, text: str, at_once: bool) -> None:
    ours = thinking(tokenizer, MAY_THINK)
    ids = ours.encode(text, allow_special=True)
    answer = Answer(QUESTION, Sampling(logprobs=0), ours, ToolUse())
    answer.next_prompt()
    events = [event for delta in deltas(ours, ids, at_once=at_once) for event in answer.push(delta)]
    told = [one.token for event in events if isinstance(event, TextDelta) for one in event.logprobs]
    said = text.rpartition("</think>")[2].replace("<|im_end|>", "")
    assert ours.decode(told) == said
    assert answer.finished().num_thought_tokens == len(ids) - len(
        ours.encode(text.rpartition("</think>")[2], allow_special=True)
    )


@pytest.mark.parametrize("at_once", [True, False], ids=["whole", "streamed"])
def test_probabilities_of_a_call_that_was_run_do_not_lead_what_is_said_then(
    tokenizer: Tokenizer, at_once: bool
) -> None:
    answer = Answer(QUESTION, Sampling(logprobs=0), tokenizer, ToolUse(tools=[Calculator()]))
    told: list[int] = []
    for text in (call_text("17*24"), "It is 408."):
        answer.next_prompt()
        ids = tokenizer.encode(f"{text}<|im_end|>", allow_special=True)
        events = [event for delta in deltas(tokenizer, ids, at_once=at_once) for event in answer.push(delta)]
        told += [one.token for event in events if isinstance(event, TextDelta) for one in event.logprobs]
        for call in answer.pending_calls():
            answer.add_result(Message(role="tool", content="408", tool_call_id=call.id))
    assert answer.is_done
    assert told == tokenizer.encode("It is 408.")


def deltas(tokenizer: Tokenizer, ids: Sequence[int], *, at_once: bool) -> list[Delta]:
    pieces = [list(ids)] if at_once else [[number] for number in ids]
    return [
        Delta(
            0,
            piece,
            tokenizer.decode(piece),
            "stop" if place == len(pieces) - 1 else None,
            logprobs=[TokenLogprobs(number, -1.0) for number in piece],
        )
        for place, piece in enumerate(pieces)
    ]


def test_a_thought_may_come_before_calls_that_are_kept_to_their_schemas(tokenizer: Tokenizer) -> None:
    ours = thinking(tokenizer, MAY_THINK)
    for thought in ("<think>\nHm, <b>.\n</think>\n\n", "Hm.\n</think>\n\n"):
        assert accepts(ours, f"{thought}It is warm.")
        assert accepts(ours, f"{thought}{OSLO}")
        assert not accepts(ours, f"{thought}<tool_call>\nhello")
        assert not accepts(ours, f"{thought}{OSLO}", is_required=True)
    assert accepts(ours, OSLO)
    assert call_grammar([WEATHER, CLOCK], ours).follows_thought
    assert not call_grammar([WEATHER, CLOCK], ours, is_required=True).follows_thought

"""A model that thinks before it answers, by the official clients: thoughts stand apart from what is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from samovar.agent.tools.calculator import Calculator
from samovar.serve.app import create_app
from samovar.serve.store import Store
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import ScriptedEngine
from tests.agent.test_thinking import reckoning
from tests.chat.thinking import MAY_THINK, thinking
from tests.serve.conftest import MODEL, ScriptedRunner, Server, serving

ASKED: list[Any] = [{"role": "user", "content": "How much is 17*24?"}]
FIRST, SECOND = "Is <tool_call> wanted?", "So it is 408."
TOOL: Any = {"type": "function", "name": "calculator", "parameters": {"type": "object"}}


@pytest.fixture
def server(tokenizer: Tokenizer, store: Store) -> Iterator[Server]:
    ours = thinking(tokenizer, MAY_THINK)
    runner = ScriptedRunner(ScriptedEngine(ours, reckoning))
    with serving(create_app(runner, ours, model_id=MODEL, tools=[Calculator()], store=store)) as url:
        server = Server(url, runner)
        yield server
        server.close()


def test_a_chat_completion_tells_the_thought_beside_the_answer(server: Server) -> None:
    told = server.client().chat.completions.create(model=MODEL, messages=ASKED)
    message = told.choices[0].message
    assert message.content == "It is 408."
    assert message.model_extra is not None
    assert message.model_extra["reasoning_content"] == f"{FIRST}\n\n{SECOND}"
    assert told.usage is not None
    assert told.usage.completion_tokens_details is not None
    assert 0 < told.usage.completion_tokens_details.reasoning_tokens < told.usage.completion_tokens
    chunks = list(server.client().chat.completions.create(model=MODEL, messages=ASKED, stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert "".join(delta.content or "" for delta in deltas) == "It is 408."
    thought = "".join((delta.model_extra or {}).get("reasoning_content", "") for delta in deltas)
    assert thought == f"{FIRST}\n\n{SECOND}"


@pytest.mark.parametrize(
    "asked", [{"reasoning_effort": "none"}, {"extra_body": {"chat_template_kwargs": {"enable_thinking": False}}}]
)
def test_a_request_may_do_without_thoughts(server: Server, asked: dict[str, Any]) -> None:
    told = server.client().chat.completions.create(model=MODEL, messages=ASKED, **asked)
    assert told.choices[0].message.content == "It is about 400."
    assert "reasoning_content" not in told.choices[0].message.to_dict()


def test_thoughts_that_a_client_sends_back_are_before_the_model(server: Server) -> None:
    said = {"role": "assistant", "content": "It is 408.", "reasoning_content": SECOND}
    server.client().chat.completions.create(model=MODEL, messages=[*ASKED, said, *ASKED])
    assert f"<think>\n{SECOND}\n</think>\n\nIt is 408." in server.runner.engine.prompts[0]


def test_what_the_server_fills_itself_is_refused_by_name(server: Server) -> None:
    answer = server.post({"model": MODEL, "messages": ASKED, "chat_template_kwargs": {"tools": []}})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "chat_template_kwargs"


def test_a_model_that_does_not_think_says_so(shared: Server) -> None:
    for path, body in (
        ("chat/completions", {"messages": ASKED, "reasoning_effort": "high"}),
        ("responses", {"input": "Hi", "reasoning": {"effort": "low"}}),
        ("messages", {"messages": ASKED, "max_tokens": 9, "thinking": {"type": "enabled", "budget_tokens": 1024}}),
    ):
        answer = shared.http.post(f"/v1/{path}", json={"model": MODEL, **body})
        assert answer.status_code == 400
        assert "does not think" in answer.json()["error"]["message"]


def test_an_anthropic_message_has_a_block_for_each_thought(server: Server) -> None:
    with anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=10) as client:
        asked: dict[str, Any] = {"model": MODEL, "max_tokens": 300, "messages": ASKED}
        message = client.messages.create(**asked)
        with client.messages.stream(**asked) as stream:
            thoughts = [event.thinking for event in stream if event.type == "thinking"]
            streamed = stream.get_final_message().content
        kinds = [
            (block.type, getattr(block, "thinking", None) or getattr(block, "text", None)) for block in message.content
        ]
        assert kinds == [("thinking", FIRST), ("thinking", SECOND), ("text", "It is 408.")]
        assert [block.type for block in streamed] == [kind for kind, _ in kinds]
        assert "".join(thoughts) == FIRST + SECOND
        sent_back = [*ASKED, {"role": "assistant", "content": message.content}, *ASKED]
        client.messages.create(**{**asked, "messages": sent_back})
        assert f"{SECOND}\n</think>\n\nIt is 408." in server.runner.engine.prompts[-1]
        brief = client.messages.create(**asked, thinking={"type": "disabled"})
        assert [block.type for block in brief.content] == ["text"]


def test_an_anthropic_budget_is_the_longest_thought(server: Server) -> None:
    with anthropic.Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=10) as client:
        client.messages.create(
            model=MODEL, max_tokens=300, messages=ASKED, thinking={"type": "enabled", "budget_tokens": 64}
        )
    special = server.runner.engine.tokenizer.special_ids
    limits = [sampling.thought_limit for sampling in server.runner.engine.samplings]
    assert limits == [(64, special["<think>"], special["</think>"], False)] * 2


def test_a_response_has_an_item_for_each_thought(server: Server) -> None:
    asked: dict[str, Any] = {"model": MODEL, "input": ASKED}
    response = server.client().responses.create(**asked, store=True)
    assert [item.type for item in response.output] == ["reasoning", "reasoning", "message"]
    assert [item.content[0].text for item in response.output[:2]] == [FIRST, SECOND]
    assert response.output_text == "It is 408."
    assert response.usage is not None
    assert response.usage.output_tokens_details.reasoning_tokens > 0
    with server.client().responses.stream(**asked) as stream:
        kinds = [event.type for event in stream]
        assert stream.get_final_response().output_text == "It is 408."
    assert kinds.count("response.reasoning_text.done") == 2
    more = server.client().responses.create(model=MODEL, input="Sure?", previous_response_id=response.id)
    assert f"{SECOND}\n</think>\n\nIt is 408." in server.runner.engine.prompts[-1]
    listed = server.client().responses.input_items.list(
        server.client().responses.create(model=MODEL, input="Why?", previous_response_id=response.id, store=True).id,
        order="asc",
    )
    assert [item.type for item in listed][:3] == ["message", "reasoning", "function_call"]
    assert more.status == "completed"


def test_items_that_a_client_sends_back_are_one_turn_with_their_thought(server: Server) -> None:
    first = server.client().responses.create(model=MODEL, input=ASKED, tools=[TOOL])
    assert [item.type for item in first.output] == ["reasoning", "function_call"]
    call = first.output[1]
    result: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "408"}
    server.client().responses.create(
        model=MODEL, input=[*ASKED, *(item.to_dict() for item in first.output), result], tools=[TOOL]
    )
    assert f"<think>\n{FIRST}\n</think>\n\n<tool_call>" in server.runner.engine.prompts[-1]


def test_a_kept_chat_and_a_vote_have_the_thought(server: Server) -> None:
    chat = server.http.post("/api/chats", json={"messages": ASKED}).json()
    server.post({"model": MODEL, "messages": ASKED, "samovar": {"chat": chat["id"], "place": 1}})
    kept = server.http.get(f"/api/chats/{chat['id']}").json()["messages"][1]
    assert (kept["content"], kept["reasoning_content"]) == ("It is 408.", f"{FIRST}\n\n{SECOND}")
    seen = {"content": kept["content"], "reasoning_content": kept["reasoning_content"], "steps": kept["steps"]}
    vote = {"place": 1, "messages": ASKED, "answers": [seen], "vote": "good"}
    assert server.http.post(f"/api/chats/{chat['id']}/votes", json=vote).status_code == 200

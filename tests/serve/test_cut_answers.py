"""Answers that were cut: why is told, and the next request goes on from what there is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.engine.engine import Engine
from samovar.engine.runner import EngineRunner
from samovar.serve.app import create_app
from samovar.serve.chats import Chats, Said
from samovar.serve.settings import ServeSettings
from samovar.serve.store import Store
from samovar.tokenizer.tokenizer import Tokenizer
from tests.agent.scripted import call_text
from tests.agent.tiny_model import save_tiny_model
from tests.serve.conftest import MODEL, Server, serving

Start = Callable[..., Server]
CONTEXT = 64
GREETING: list[Any] = [{"role": "user", "content": "Hi"}]
BEGUN: list[Any] = [*GREETING, {"role": "assistant", "content": "A cat sat on the"}]


def always_calling(_: str) -> str:
    return call_text("1+1")


def told(server: Server, **options: Any) -> tuple[str, Any]:
    """The finish reason, and our own field, of an answer that is the same whole and streamed."""
    body = {"model": MODEL, "messages": GREETING} | options
    choice = server.post(body).json()["choices"][0]
    lines = server.post(body | {"stream": True}).text.splitlines()
    chunks = [json.loads(line[6:])["choices"][0] for line in lines if line.startswith("data: {")]
    ours = choice["message"].get("samovar", {})
    assert chunks[-1]["finish_reason"] == choice["finish_reason"]
    assert chunks[-1]["delta"].get("samovar", {}).get("cut_by") == ours.get("cut_by")
    return choice["finish_reason"], ours


def test_an_answer_that_called_tools_as_often_as_it_may(start: Start) -> None:
    server = start(always_calling, settings=ServeSettings(max_rounds=2))
    reason, ours = told(server)
    assert (reason, ours["cut_by"], len(ours["steps"])) == ("length", "rounds", 1)


def test_an_answer_as_long_as_it_may_be_was_cut_by_nothing_else(start: Start) -> None:
    assert told(start(lambda _: "words " * 50), max_tokens=5) == ("length", {})
    assert told(start()) == ("stop", {})


def test_a_call_that_nobody_offered_cuts_no_answer(start: Start) -> None:
    server = start(always_calling)
    assert told(server, tool_choice="none") == ("stop", {})
    assert told(server, tool_choice="none", max_tokens=5) == ("length", {})


def test_the_chat_keeps_that_no_tools_were_left(start: Start, store: Store) -> None:
    server = start(always_calling, store=store, settings=ServeSettings(max_rounds=2))
    made = Chats(store).create("", [Said("user", "Hi", {})])
    server.post({"model": MODEL, "messages": GREETING, "samovar": {"chat": made.id, "place": 1}})
    (_, answer) = Chats(store).read("", made.id)[1]
    assert (answer.more["notes"], len(answer.more["steps"])) == (["rounds_spent"], 1)


@pytest.fixture(scope="module")
def real(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[openai.OpenAI, Engine]]:
    folder: Path = save_tiny_model(tmp_path_factory.mktemp("models") / "tiny-model", tokenizer, context=CONTEXT)
    engine = Engine.load(folder, max_batch=4)
    with (
        EngineRunner(engine) as runner,
        serving(create_app(runner, engine.tokenizer, model_id=MODEL)) as url,
        openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=20) as client,
    ):
        yield client, engine


def test_an_answer_that_fills_the_context(real: tuple[openai.OpenAI, Engine]) -> None:
    asked: Any = {"model": MODEL, "messages": GREETING, "extra_body": {"ignore_eos": True}}
    whole = real[0].chat.completions.create(**asked)
    assert whole.usage is not None
    assert (whole.choices[0].finish_reason, whole.usage.total_tokens) == ("length", CONTEXT)
    assert whole.choices[0].message.model_extra["samovar"] == {"steps": [], "cut_by": "context"}  # type: ignore[index]
    few = real[0].chat.completions.create(**asked, max_tokens=3)
    assert "samovar" not in (few.choices[0].message.model_extra or {})


def test_an_answer_goes_on_from_the_final_message_as_its_text_does(real: tuple[openai.OpenAI, Engine]) -> None:
    client, engine = real
    ids = prompt_ids([Message(role="user", content="Hi")], engine.tokenizer)
    ids += engine.tokenizer.encode(BEGUN[-1]["content"])
    foretold = client.completions.create(model=MODEL, prompt=ids, temperature=0, max_tokens=12).choices[0].text
    asked: Any = {"model": MODEL, "messages": BEGUN, "temperature": 0, "max_tokens": 12}
    of_vllm = {"continue_final_message": True, "add_generation_prompt": False}
    reply = client.chat.completions.create(**asked, extra_body=of_vllm)
    assert reply.choices[0].message.content == foretold.rstrip() != ""
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == len(ids)
    again = client.chat.completions.create(**asked)  # as before, where nobody asks for it: an answer of its own
    assert again.usage is not None
    assert again.usage.prompt_tokens > len(ids)


def test_a_quote_that_was_cut_stays_a_quote(real: tuple[openai.OpenAI, Engine]) -> None:
    messages: Any = [{"role": "user", "content": "The tea was hot."}, {"role": "assistant", "content": "> The tea"}]
    for seed in range(3):
        reply = real[0].chat.completions.create(
            model=MODEL, messages=messages, temperature=2, max_tokens=16, seed=seed,
            extra_body={"continue_final_message": True, "verbatim_quotes": True},
        )  # fmt: skip
        said = reply.choices[0].message.content
        assert said is not None
        assert said.split("\n")[0] == " was hot."


def test_a_begun_answer_stands_apart_from_what_its_tools_give_and_is_kept_whole(start: Start, store: Store) -> None:
    server = start(store=store)
    made = Chats(store).create("", [Said("user", "How much is 17*24?", {})])
    messages = [{"role": "user", "content": "How much is 17*24?"}, {"role": "assistant", "content": "Let me see."}]
    body = {"model": MODEL, "messages": messages, "continue_final_message": True}
    message = server.post(body | {"samovar": {"chat": made.id, "place": 1}}).json()["choices"][0]["message"]
    assert message["content"] == "\n\nIt is 408."
    assert Chats(store).read("", made.id)[1][1].content == "Let me see.\n\nIt is 408."


@pytest.mark.parametrize(
    ("last", "options", "param"),
    [
        ({"role": "user", "content": "Hi"}, {}, "continue_final_message"),
        ({"role": "assistant", "content": "Once "}, {}, "messages[1]"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "weather"}}]}, {}, "messages[1]"),
        ({"role": "assistant", "content": "{"}, {"response_format": {"type": "json_object"}}, "messages[1]"),
        ({"role": "assistant", "content": "4"}, {"structured_outputs": {"regex": "[0-9]+"}}, "messages[1]"),
        ({"role": "assistant", "content": "4"}, {"add_generation_prompt": True}, "add_generation_prompt"),
        (
            {"role": "assistant", "content": "4"},
            {"continue_final_message": False, "add_generation_prompt": False},
            "add_generation_prompt",
        ),
    ],
)
def test_what_no_answer_goes_on_from(shared: Server, last: Any, options: Any, param: str) -> None:
    body = {"model": MODEL, "messages": [*GREETING, last], "continue_final_message": True}
    refused = shared.post(body | options)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
    assert refused.json()["error"]["code"] == "invalid_value"

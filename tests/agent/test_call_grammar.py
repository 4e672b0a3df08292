"""The language of turns that may call tools, as llguidance reads it; and of turns that are JSON."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from samovar.agent.call_grammar import call_grammar, json_grammar
from samovar.chat.parse import parse_assistant
from samovar.core.errors import RequestError
from samovar.engine.constraint import Constraint
from samovar.engine.grammar import Grammars, GrammarState
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer
from tests.agent.scripted import TEXTS
from tests.random_logits import random_answers

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Oslo", "Rome"]}, "days": {"type": "integer"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
CLOCK = {"type": "function", "function": {"name": "clock"}}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer(TEXTS, TokenizerSettings(vocab_size=400))


@pytest.fixture(scope="module")
def plain(tokenizer: Tokenizer) -> Tokenizer:
    """The same words, but the marks of calls are no tokens."""
    parts = json.loads(tokenizer.to_json())
    parts["added_tokens"] = [token for token in parts["added_tokens"] if "tool_" not in token["content"]]
    words = parts["model"]["vocab"]
    for mark in [word for word in words if "tool_" in word]:
        words[f"unused {mark.strip('</>')}{len(mark)}"] = words.pop(mark)
    return Tokenizer(json.dumps(parts), tokenizer.chat_template, tokenizer.config)


def accepts(tokenizer: Tokenizer, text: str, **options: Any) -> bool:
    """Whether ``text`` is a whole turn in the language of calls."""
    tools = options.pop("tools", [WEATHER, CLOCK])
    state = Grammars(tokenizer).follow(call_grammar(tools, tokenizer, **options))
    for token in tokenizer.encode(text, allow_special=True):
        if not may_come(state, token):
            return False
        state.accept(token)
    return state.is_done or may_come(state, tokenizer.eos_id)


def may_come(state: GrammarState, token: int) -> bool:
    if state.is_done:
        return False
    state.compute()
    return state.bits is not None and bool(state.bits[token // 8] >> (token % 8) & 1)


def call(arguments: str, name: str = "weather") -> str:
    return f'<tool_call>\n{{"name": "{name}", "arguments": {arguments}}}\n</tool_call>'


@pytest.fixture(params=["marks are tokens", "marks are text"])
def words(request: pytest.FixtureRequest, tokenizer: Tokenizer, plain: Tokenizer) -> Tokenizer:
    return tokenizer if request.param == "marks are tokens" else plain


OSLO = call('{"city": "Oslo"}')


def test_words_and_calls_are_the_models_choice(words: Tokenizer) -> None:
    assert accepts(words, "Hello, <b>friend</b>.")
    assert accepts(words, OSLO)
    assert accepts(words, f"Let me see.\n{OSLO}")
    assert accepts(words, f"{OSLO}\n{call('{}', 'clock')}")
    assert not accepts(words, f"{OSLO} And more.")


def test_arguments_fit_the_schema(words: Tokenizer) -> None:
    assert accepts(words, call('{"city": "Rome", "days": 3}'))
    for arguments in ('{"city": "Paris"}', '{"days": 3}', '{"city": "Rome", "days": "3"}', "{}", '"Rome"'):
        assert not accepts(words, call(arguments))
    assert not accepts(words, call("{}", "unknown"))
    assert not accepts(words, call('{"a": 1}', "clock"))
    assert not accepts(words, "<tool_call>\nhello\n</tool_call>")


def test_a_call_may_be_demanded_and_be_the_only_one(words: Tokenizer) -> None:
    assert not accepts(words, "Hello.", is_required=True)
    assert accepts(words, OSLO, is_required=True)
    assert accepts(words, f"{OSLO}\n{OSLO}", is_required=True)
    assert not accepts(words, f"{OSLO}\n{OSLO}", is_parallel=False)


def test_what_is_said_instead_of_a_call_may_have_to_be_json(words: Tokenizer) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert accepts(words, '{"a": 1}', schema=schema)
    assert accepts(words, OSLO, schema=schema)
    assert not accepts(words, "Hello.", schema=schema)


def test_what_the_library_cannot_follow_is_refused_of_strict_tools_only(tokenizer: Tokenizer) -> None:
    odd = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
    tool = {"type": "function", "function": {"name": "odd", "parameters": odd}}
    assert accepts(tokenizer, call('{"a": [1]}', "odd"), tools=[tool])
    strict = {"type": "function", "function": {**tool["function"], "strict": True}}
    with pytest.raises(RequestError, match="uniqueItems"):
        Grammars(tokenizer).follow(call_grammar([strict], tokenizer))


def test_any_json_and_json_of_a_schema(tokenizer: Tokenizer) -> None:
    assert json_grammar(None, tokenizer) == Constraint("json_object")
    assert json_grammar({"type": "integer"}, tokenizer) == Constraint.json_schema({"type": "integer"})


ORDER = {
    "type": "function",
    "function": {
        "name": "order",
        "parameters": {
            "type": "object",
            "properties": {
                "what": {"enum": ["чай", "кофе", "</tool_call>"]},
                "cups": {"type": "integer", "minimum": 1, "maximum": 12},
                "note": {"type": "string", "maxLength": 8},
                "to": {
                    "type": "array",
                    "items": {"type": "string", "pattern": "^[A-D]$"},
                    "minItems": 1,
                    "maxItems": 2,
                },
            },
            "required": ["what", "cups"],
            "additionalProperties": False,
        },
    },
}


@pytest.mark.parametrize("options", [{}, {"is_required": True}, {"is_required": True, "is_parallel": False}], ids=str)
def test_a_model_that_knows_nothing_calls_within_the_schemas(words: Tokenizer, options: dict[str, bool]) -> None:
    """Hundreds of turns of random tokens: whatever is read as a call is one of a tool that there is, and fits it."""
    tools = [WEATHER, CLOCK, ORDER]
    schemas = {tool["function"]["name"]: tool["function"].get("parameters", {"maxProperties": 0}) for tool in tools}
    # Turns may be of any length: ends, and beginnings of calls, are made likely, so that there are many of them.
    opening = words.encode("<tool_call>", allow_special=True)
    likelier = dict.fromkeys(words.stop_ids, 4.0) | dict.fromkeys(opening[:1], 2.0)
    answers = random_answers(Grammars(words), words, call_grammar(tools, words, **options), 300, likelier=likelier)
    ended = [text for text, is_over in answers if is_over]
    assert len(ended) > 250
    num_calls = 0
    for text in ended:
        message = parse_assistant(text)
        assert "<tool_call>" not in message.content
        num_calls += len(message.tool_calls)
        assert len(message.tool_calls) >= options.get("is_required", False)
        assert options.get("is_parallel", True) or len(message.tool_calls) == 1
        for one in message.tool_calls:
            jsonschema.validate(one.arguments, schemas[one.name])
    # Letter by letter nobody writes the mark of a call by chance.
    assert num_calls > 20 or (len(opening) > 1 and not options)

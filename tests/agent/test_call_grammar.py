"""The language of turns that may call tools, as llguidance reads it; and of turns that are JSON."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from samovar.agent.call_grammar import call_grammar, can_bind_choice, json_grammar
from samovar.chat.call_form import CallTeller, find_call_form
from samovar.chat.parse import parse_assistant
from samovar.core.errors import RequestError
from samovar.engine.constraint import Constraint
from samovar.engine.grammar import Grammars, GrammarState
from samovar.tokenizer.settings import TokenizerSettings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.tokenizer.train import train_tokenizer
from tests.agent.scripted import TEXTS
from tests.chat.test_call_form import SAID, TEMPLATES, TOOLS, calls_of, written
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


MARKS = ("[TOOL_CALLS]", "[TOOL_SEP]", "[ARGS]", "<|tool_calls|>", "<|tool_call|>", "<|tool_sep|>", "<|/tool_call|>")


@pytest.fixture(params=["marks are tokens", "marks are text"])
def others_words(request: pytest.FixtureRequest, plain: Tokenizer) -> Tokenizer:
    parts = json.loads(plain.to_json())
    kind = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    for number, mark in enumerate(MARKS if request.param == "marks are tokens" else (), plain.vocab_size):
        parts["added_tokens"].append({"id": number, "content": mark, **kind})
    return Tokenizer(json.dumps(parts), plain.chat_template, plain.config)


def in_form(words: Tokenizer, kind: str) -> Tokenizer:
    return Tokenizer(words.to_json(), TEMPLATES[kind], words.config)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_what_another_familys_template_writes_is_in_the_language(others_words: Tokenizer, kind: str) -> None:
    words = in_form(others_words, kind)
    one, two = (written(kind, calls_of(SAID[:number])) for number in (1, 2))
    parameters = {**TOOLS[0]["function"]["parameters"], "additionalProperties": False}
    tools = [{"type": "function", "function": {"name": "weather", "parameters": parameters}}]
    for said in (one, two):
        assert accepts(words, said, tools=tools, is_required=True)
        assert accepts(words, said, tools=tools, schema={"type": "integer"})
        for other in (f"Hello. {said}", said.replace("weather", "whether"), said.replace("days", "dais")):
            assert not accepts(words, other, tools=tools, is_required=True)
    assert accepts(words, one, tools=tools, is_required=True, is_parallel=False)
    assert not accepts(words, two, tools=tools, is_required=True, is_parallel=False)
    assert accepts(words, re.sub(r', "id": "\w+"|"id": "\w+", ', "", two), tools=tools, is_required=True)
    assert can_bind_choice(words) is (kind != "alone")
    if kind != "alone":
        assert accepts(words, "Hello.", tools=tools)
        assert accepts(words, f"Hello. {two}", tools=tools)
        assert not accepts(words, f"{two} Hello.", tools=tools)
        assert not accepts(words, two.replace("days", "dais"), tools=tools)


def test_texts_in_tags_are_free_or_of_a_list(others_words: Tokenizer) -> None:
    words = in_form(others_words, "tags")
    properties = {
        "size": {"type": "string", "enum": ["S", "L"]},
        "cups": {"$ref": "#/$defs/some"},
        "to": {"type": "string"},
    }
    parameters = {"properties": properties, "required": ["size"], "$defs": {"some": {"type": "integer", "minimum": 1}}}
    tools = [{"type": "function", "function": {"name": "order", "parameters": parameters}}]

    def ordered(**values: str) -> bool:
        tags = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values.items())
        return accepts(words, f"<tool_call>\n<function=order>\n{tags}</function>\n</tool_call>", tools=tools)

    assert ordered(size="S")
    assert ordered(size="L", cups="12", to='me,\nor "you" <b>\n</parameter')
    assert ordered(size="L", to="")
    wrong: list[dict[str, str]] = [
        {"size": "M"},
        {"to": "me"},
        {"size": "S", "cups": "0"},
        {"size": "S", "cups": "many"},
    ]
    assert not any(
        ordered(**values) for values in [*wrong, {"size": "S", "to": "me</function>"}, {"size": "S", "by": "me"}]
    )


@pytest.mark.parametrize(
    ("kind", "options"),
    [(kind, options) for kind in TEMPLATES for options in ({"is_required": True}, {}) if options or kind != "alone"],
    ids=str,
)
def test_a_model_that_knows_nothing_calls_in_another_familys_form(
    others_words: Tokenizer, kind: str, options: dict[str, bool]
) -> None:
    words, tools = in_form(others_words, kind), [WEATHER, CLOCK, ORDER]
    schemas = {tool["function"]["name"]: tool["function"].get("parameters", {"maxProperties": 0}) for tool in tools}
    form = find_call_form(words)
    assert form is not None
    likelier = dict.fromkeys(words.stop_ids, 4.0) | {words.encode(form.opening or "{", allow_special=True)[0]: 3.0}
    grammar = call_grammar(tools, words, **options)
    answers = random_answers(Grammars(words), words, grammar, 40, longest=300, likelier=likelier)
    ended = [text for text, is_over in answers if is_over]
    assert len(ended) >= 30
    num_calls = 0
    for text in ended:
        teller = CallTeller(form, tools)
        message = parse_assistant(teller.push(text) + teller.end())
        assert message.tool_calls or not options
        assert not (message.content and options)
        assert not form.opening or form.opening not in message.content
        num_calls += len(message.tool_calls)
        for call in message.tool_calls:
            jsonschema.validate(call.arguments, schemas[call.name])
    assert num_calls > len(ended) or not options

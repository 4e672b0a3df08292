"""Calls in other forms than ours: the template tells the form, and what is read is what it wrote."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samovar.chat.call_form import CallForm, CallTeller, find_call_form
from samovar.chat.conversation import Message, ToolCall
from samovar.chat.parse import parse_assistant
from samovar.chat.rows import prompt_ids
from samovar.chat.template import render
from samovar.tokenizer.tokenizer import Tokenizer

FRAME = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}SAID{{ '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n' if add_generation_prompt }}"
)


def template(call: str, *, before: str = "", after: str = "", between: str = "") -> str:
    """One that writes each call as ``call``, NAME, ID and ARGUMENTS in it."""
    for word, value in (("NAME", "c.function.name"), ("ID", "c.id"), ("ARGUMENTS", "c.function.arguments | tojson")):
        call = call.replace(word, f"{{{{ {value} }}}}")
    calls = f"{before}{{% for c in m.tool_calls %}}{call}{{{{ '{between}' if not loop.last }}}}{{% endfor %}}{after}"
    return FRAME.replace("SAID", f"{{% if m.tool_calls %}}{calls}{{% else %}}{{{{ m.content }}}}{{% endif %}}")


TEMPLATES = {
    "alone": template('{"name": "NAME", "parameters": ARGUMENTS}', between="; "),
    "behind a mark": template(
        '{"name": "NAME", "arguments": ARGUMENTS, "id": "ID"}', before="[CALLS][", after="]", between=", "
    ),
    "the name first": template("[CALLS]NAME[OF]ID[WITH]ARGUMENTS"),
    "fenced": template(
        "<call>function<sep>NAME\n```json\nARGUMENTS\n```</call>", before="<calls>", after="</calls>", between="\n"
    ),
    "tags": template(
        "<tool_call>\n<function=NAME>\n{% for k, v in c.function.arguments | items %}<parameter={{ k }}>\n"
        "{{ v if v is string else v | tojson }}\n</parameter>\n{% endfor %}</function>\n</tool_call>"
    ),
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}},
        },
    }
]
SAID = ({"city": "Казань\n{1}", "days": 2}, {"city": "12", "days": 3})


def written(kind: str, calls: list[ToolCall], content: str = "") -> str:
    said = render([Message(role="assistant", content=content, tool_calls=calls)], template=TEMPLATES[kind])
    return said.removeprefix("<|im_start|>assistant\n").removesuffix("<|im_end|>\n")


def calls_of(several: tuple[dict[str, Any], ...]) -> list[ToolCall]:
    return [ToolCall(id=f"abcdef12{number}", name="weather", arguments=one) for number, one in enumerate(several)]


@cache
def form(tokenizer: Tokenizer, kind: str) -> CallForm | None:
    return find_call_form(Tokenizer(tokenizer.to_json(), TEMPLATES[kind]))


def told(tokenizer: Tokenizer, kind: str, text: str, *, step: int = 3, is_cut: bool = False) -> str:
    teller = CallTeller(form(tokenizer, kind), TOOLS)
    pieces = [teller.push(text[start : start + step]) for start in range(0, len(text), step)]
    return "".join(pieces) + teller.end(is_cut=is_cut)


@pytest.mark.parametrize("kind", TEMPLATES)
@pytest.mark.parametrize("number", [1, 2])
def test_what_a_template_writes_is_read(tokenizer: Tokenizer, kind: str, number: int) -> None:
    text = told(tokenizer, kind, written(kind, calls_of(SAID[:number])))
    message = parse_assistant(text)
    assert [(call.name, call.arguments) for call in message.tool_calls] == [("weather", one) for one in SAID[:number]]
    assert message.content == ""


@pytest.mark.parametrize("kind", TEMPLATES)
def test_words_are_passed_on(tokenizer: Tokenizer, kind: str) -> None:
    for text in ("Hello!", ' {"city": "Kazan"} is JSON', '{"name": "Bob", "arguments": {}}', "[CALL", "<tool", "", "<"):
        assert told(tokenizer, kind, text) == text


@pytest.mark.parametrize("kind", sorted(set(TEMPLATES) - {"alone"}))
def test_words_before_a_call_are_told_at_once_and_half_a_call_never(tokenizer: Tokenizer, kind: str) -> None:
    call = written(kind, calls_of(SAID[:1]))
    assert told(tokenizer, kind, "Let me see. " + call).startswith("Let me see. <tool_call>")
    assert told(tokenizer, kind, "Let me see. " + call[: len(call) // 2], is_cut=True) == "Let me see. "


def test_another_mark_before_json_alone_is_read(tokenizer: Tokenizer) -> None:
    text = '<|python_tag|>{"type": "function", "name": "weather", "parameters": {"days": "1"}}'
    assert parse_assistant(told(tokenizer, "alone", text)).tool_calls[0].arguments == {"days": "1"}


def test_our_own_form_needs_no_telling(tokenizer: Tokenizer) -> None:
    assert find_call_form(tokenizer) is None


@given(city=st.text(max_size=8), days=st.integers(), step=st.integers(1, 9))
def test_any_arguments_in_any_pieces(tokenizer: Tokenizer, city: str, days: int, step: int) -> None:
    arguments = {"city": city.encode(errors="replace").decode(), "days": days}
    for kind in ("alone", "behind a mark", "the name first"):
        text = told(tokenizer, kind, written(kind, calls_of((arguments,))), step=step)
        assert parse_assistant(text).tool_calls[0].arguments == arguments


REFUSING = (
    "{% for m in messages %}{% if m.tool_calls and m.tool_calls | length > 1 %}{{ raise_exception('one!') }}{% endif %}"
    "{% for id in [m.tool_call_id] + (m.tool_calls or []) | map(attribute='id') | list if id and id | length != 9 %}"
    "{{ raise_exception('nine!') }}{% endfor %}"
) + TEMPLATES["alone"].removeprefix("{% for m in messages %}")


def test_a_template_that_takes_one_call_a_turn_and_its_own_ids_gets_them(tokenizer: Tokenizer) -> None:
    other = Tokenizer(tokenizer.to_json(), REFUSING)
    calls = [ToolCall(id=f"call_{number}", name="weather", arguments={"days": number}) for number in range(2)]
    talk = [
        Message(role="user", content="?"),
        Message(role="assistant", tool_calls=calls),
        *(Message(role="tool", content=f"<{call.id}>", tool_call_id=call.id, name="weather") for call in calls),
    ]
    text = other.decode(prompt_ids(talk, other, TOOLS), skip_special=False)
    places = [text.index(words) for words in ('"days": 0', "<call_0>", '"days": 1', "<call_1>")]
    assert places == sorted(places)

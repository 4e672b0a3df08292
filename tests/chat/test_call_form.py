"""Calls in other forms than ours: the template tells the form, and what is read is what it wrote."""

from __future__ import annotations

from functools import cache
from pathlib import Path
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
        '{"name": "NAME", "arguments": ARGUMENTS, "id": "ID"}', before="[TOOL_CALLS][", after="]", between=", "
    ),
    "the name first": template("[TOOL_CALLS]NAME[TOOL_SEP]ID[ARGS]ARGUMENTS"),
    "fenced": template(
        "<|tool_call|>function<|tool_sep|>NAME\n```json\nARGUMENTS\n```<|/tool_call|>",
        before="<|tool_calls|>",
        after="<|/tool_calls|>",
        between="\n",
    ),
    "a mark each": template('<|tool_call|>{"name": "NAME", "arguments": ARGUMENTS}<|/tool_call|>'),
    "in OpenAI's form": template(
        '{"id": "ID", "type": "function", "function": {"name": "NAME", "arguments": ARGUMENTS}}',
        before="<|tool_calls|>[",
        after="]",
        between=", ",
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
    for text in (
        "Hello!",
        ' {"city": "Kazan"} is JSON',
        '{"name": "Bob", "arguments": {}}',
        "[TOOL_CALL",
        "<tool",
        "",
        "<",
    ):
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
    for kind in ("alone", "behind a mark", "a mark each", "the name first"):
        text = told(tokenizer, kind, written(kind, calls_of((arguments,))), step=step)
        assert parse_assistant(text).tool_calls[0].arguments == arguments


REFUSING = (
    "{% for m in messages %}{% if m.tool_calls and m.tool_calls | length > 1 %}{{ raise_exception('one!') }}{% endif %}"
    "{% for id in [m.tool_call_id] + (m.tool_calls or []) | map(attribute='id') | list if id and id | length != 9 %}"
    "{{ raise_exception('nine!') }}{% endfor %}"
) + TEMPLATES["alone"].removeprefix("{% for m in messages %}")
JOINING = TEMPLATES["the name first"].replace("{{ c.function.arguments | tojson }}", "{{ '' + c.function.arguments }}")


@pytest.mark.parametrize("its", [REFUSING, JOINING], ids=["one call, nine letters", "arguments are text"])
def test_a_template_gets_calls_as_it_takes_them(tokenizer: Tokenizer, its: str) -> None:
    other = Tokenizer(tokenizer.to_json(), its)
    calls = [ToolCall(id=f"call_{number}", name="weather", arguments={"days": number}) for number in range(2)]
    talk = [
        Message(role="user", content="?"),
        Message(role="assistant", tool_calls=calls),
        *(Message(role="tool", content=f"<{call.id}>", tool_call_id=call.id, name="weather") for call in calls),
    ]
    text = other.decode(prompt_ids(talk, other, TOOLS), skip_special=False)
    places = [text.index(words) for words in ('{"days": 0}', "<call_0>", '{"days": 1}', "<call_1>")]
    assert (places == sorted(places)) is (its == REFUSING)
    its_form, like = find_call_form(other), form(tokenizer, "alone" if its == REFUSING else "the name first")
    assert its_form is not None
    assert like is not None
    between = "" if its == REFUSING else like.frame.between
    assert its_form == like._replace(frame=like.frame._replace(between=between))


def test_calls_are_written_and_read_as_a_template_tells_that_writes_none(tokenizer: Tokenizer, tmp_path: Path) -> None:
    """Granite 3's does so."""
    telling = (
        "{% if tools %}<|im_start|>system\nTo call, write <|tool_call|> and a list of {{ tools | tojson }}\n{% endif %}"
    )
    plain = FRAME.replace("SAID", "{{ m.content }}")
    tokenizer.save(tmp_path)
    (tmp_path / "chat_template.jinja").write_text(telling + plain, encoding="utf-8")
    other = Tokenizer.load(tmp_path)
    talk = [
        Message(role="user", content="?"),
        Message(role="assistant", content="Hm.", tool_calls=calls_of(SAID)),
        *(Message(role="tool", content=call.id, tool_call_id=call.id) for call in calls_of(SAID)),
    ]
    said = '<|tool_call|>[{"name": "weather", "arguments": {"city": "Казань\\n{1}", "days": 2}}, '
    said += '{"name": "weather", "arguments": {"city": "12", "days": 3}}]'
    results = "".join(f"<|im_start|>tool\n{call.id}<|im_end|>\n" for call in calls_of(SAID))
    text = other.decode(prompt_ids(talk, other, TOOLS), skip_special=False)
    assert text.endswith(f"<|im_start|>assistant\nHm.{said}<|im_end|>\n{results}<|im_start|>assistant\n")
    teller = CallTeller(find_call_form(other), TOOLS)
    read = parse_assistant(teller.push(f"Hm.{said}") + teller.end())
    assert (read.content, [call.arguments for call in read.tool_calls]) == ("Hm.", list(SAID))

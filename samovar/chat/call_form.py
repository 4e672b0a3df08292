"""Calls of tools in the form in which a family writes them, told in Hermes form, which everything behind reads.

A template is a program, so it is asked: it writes one call and two, and what stands around names and arguments is the
family's form. Three kinds are known: JSON that names the tool and its arguments (Llama 3, and behind a mark Mistral 7B
and Nemo, Granite 3), the name and then the arguments as JSON (Mistral Small, DeepSeek, Functionary), and a tag for each
argument (Qwen3-Coder).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from samovar.chat.conversation import load_strict_json, read_arguments, refuse_constant
from samovar.chat.fitting import ID, KEY, NAME, in_words, write_call
from samovar.chat.parse import num_begun
from samovar.chat.speech import find_speech
from samovar.core.errors import DataError
from samovar.tokenizer.tokenizer import Tokenizer

Call = dict[str, Any]
"""Its ``name`` and its ``arguments``."""

_DECODER = json.JSONDecoder(parse_constant=refuse_constant)
_PYTHON_TAG = "<|python_tag|>"
"""Llama 3 may write it before a call, and its template does not."""
_TAGGED = re.compile(r"<function=([^>\n]+)>(.*?)</function>", re.DOTALL)
_TAG = re.compile(r"<parameter=([^>\n]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
_CALL = re.compile(rf'{NAME}(.*?)(?:\{{"{KEY}": 1\}}|<parameter={KEY}>\n1\n</parameter>\n)', re.DOTALL)


class Frame(NamedTuple):
    """What a family writes around the names and the arguments of a turn's calls. An id in it is ``fitting.ID``."""

    opening: str
    """As a form's."""
    before: str
    """From there to the first name."""
    middle: str
    """Between a name and its arguments."""
    between: str
    """From the arguments of a call to the name of the next; empty where a turn has but one."""
    after: str
    has_tags: bool = False


HERMES = Frame(
    "<tool_call>", '\n{"name": "', '", "arguments": ', '}\n</tool_call>\n<tool_call>\n{"name": "', "}\n</tool_call>"
)


class CallForm(NamedTuple):
    """How a family writes calls."""

    opening: str
    """What stands before the first; empty where an answer is but calls, or has none."""
    named: re.Pattern[str] | None = None
    """The name, up to the arguments, where it does not stand in the JSON with them."""
    has_tags: bool = False
    """Each argument stands in a tag of its own."""
    frame: Frame = HERMES
    """In which calls are asked for: Hermes form where the template's own cannot be filled with others."""


def find_call_form(tokenizer: Tokenizer) -> CallForm | None:
    """The form of the tokenizer's template; None where that is Hermes form, or not known."""
    special, speech = tuple(sorted(tokenizer.roles.texts.items())), find_speech(tokenizer)
    return _find(tokenizer.chat_template, special, speech.header, speech.ends)


@lru_cache(maxsize=8)
def _find(template: str, special: tuple[tuple[str, str], ...], header: str, ends: frozenset[str]) -> CallForm | None:
    one, two = (write_call(template, special, header, number=number) or "" for number in (1, 2))
    form = _form_of(one)
    end = re.compile("|".join(map(re.escape, ends)) or "(?!)")
    alone, several = (_CALL.split(end.split(said)[0]) for said in (one, two))
    if form is None or len(alone) != 3:
        return form
    begun, middle, after = alone
    opening, before = form.opening, begun.rpartition("</think>")[2].lstrip()
    if not before.startswith(opening):
        return form
    between = several[2] if len(several) == 5 else ""
    return form._replace(
        frame=Frame(opening, before.removeprefix(opening), middle, between, after.rstrip(), form.has_tags)
    )


def _form_of(said: str) -> CallForm | None:
    """The form in which ``said``, a turn of the assistant, has the call that templates are tried with."""
    if f"<function={NAME}>" in said and f"<parameter={KEY}>" in said:
        return CallForm("<tool_call>" if "<tool_call>" in said else "<function=", has_tags=True)
    name, arguments = said.find(NAME), said.find(f'{{"{KEY}": 1}}')
    for found in re.finditer(r"[{\[]", said[: max(name, 0)]):
        if [call["name"] for call in _calls_in(said, found.start())] == [NAME]:
            opening = _opening(said[: found.start()])
            return None if opening == HERMES.opening else CallForm(opening)
    opening = _opening(said[:name])
    if not 0 <= name < arguments or not opening or re.search(ID, opening):
        return None
    last = re.search(r"([<\[][^<>\[\]]+[>\]]?)$", opening)
    middle = re.sub(ID, r"\\w+", re.escape(said[name + len(NAME) : arguments]))
    before = re.escape(last[1] if last else opening)
    return CallForm(opening, re.compile(rf"{before}\s*([\w.-]+?){middle}(?=\{{)"))


def _opening(before: str) -> str:
    """What stands before a call, but for a thought."""
    return before.rpartition("</think>")[2].strip()


class CallTeller:
    """Passes on what an answer says as it comes, and at its end the calls, in Hermes form."""

    def __init__(self, form: CallForm | None, tools: Sequence[Mapping[str, Any]]) -> None:
        """Begin an answer that may call ``tools``; without a form, everything is passed on."""
        self._form = form
        self._tools = {tool["function"]["name"]: tool["function"] for tool in tools}
        self._held = ""
        self._is_call = self._is_told = False

    def push(self, text: str) -> str:
        """What of the text so far is certain to be no call."""
        if self._form is None:
            return text
        self._held += text
        told = "" if self._is_call else self._before_call(self._form.opening)
        self._held = self._held[len(told) :]
        self._is_told = self._is_told or bool(told.strip())
        return told

    def end(self, *, is_cut: bool = False) -> str:
        """The rest: calls in Hermes form, or words as they are; half a call is nothing to read."""
        if self._form is None or not self._is_call:
            return self._held
        try:
            calls = list(self._read(self._form))
        except DataError:
            calls = []
        if calls:
            return "\n".join(in_words(call) for call in calls)
        return "" if is_cut and self._form.opening else self._held

    def _before_call(self, opening: str) -> str:
        if not opening:
            begun = self._held.lstrip()
            self._is_call = not self._is_told and begun.startswith(("{", _PYTHON_TAG))
            is_open = not self._is_told and _PYTHON_TAG.startswith(begun)
            return "" if self._is_call or is_open else self._held
        place = self._held.find(opening)
        self._is_call = place >= 0
        return self._held[: place if self._is_call else len(self._held) - num_begun(self._held, opening)]

    def _read(self, form: CallForm) -> Iterator[Call]:
        if form.has_tags:
            for found in _TAGGED.finditer(self._held):
                yield {"name": found[1], "arguments": self._tagged(found[1], found[2])}
        elif form.named:
            place = 0
            while named := form.named.search(self._held, place):
                arguments, place = _json_at(self._held, named.end())
                if isinstance(arguments, dict):
                    yield {"name": named[1], "arguments": arguments}
        else:
            start = len(self._held) - len(self._held.lstrip().removeprefix(form.opening or _PYTHON_TAG))
            calls = list(_calls_in(self._held, start, form.opening))
            # Without a mark before it, any JSON may be what was asked for.
            yield from calls if form.opening or all(call["name"] in self._tools for call in calls) else ()

    def _tagged(self, name: str, text: str) -> dict[str, Any]:
        """Arguments out of their tags: text where the tool's schema says so, else JSON if they are."""
        kinds = (self._tools.get(name, {}).get("parameters") or {}).get("properties") or {}
        return {key: _value(text, kinds.get(key)) for key, text in _TAG.findall(text)}


def _value(text: str, schema: Any) -> Any:
    if isinstance(schema, Mapping) and "string" in (schema.get("type") or ()):
        return text
    try:
        return load_strict_json(text)
    except ValueError:
        return text


def _calls_in(text: str, place: int, mark: str = "") -> Iterator[Call]:
    """The calls that the JSON from ``place`` on is: objects or lists of them, one after another, or each behind a mark.

    Raises:
        DataError: arguments are no object.
    """
    while True:
        place += len(text[place:]) - len(text[place:].lstrip(" \n,;"))
        value, place = _json_at(text, place)
        several = [_function(call) for call in (value if isinstance(value, list) else [value])]
        if not several or not all(isinstance(call, dict) and isinstance(call.get("name"), str) for call in several):
            again = text.find(mark, place) if mark else -1
            if again < 0:
                return
            place = again + len(mark)
            continue
        for call in several:
            arguments = read_arguments(call.get("arguments", call.get("parameters")), tool=call["name"])
            yield {"name": call["name"], "arguments": arguments}


def _function(call: Any) -> Any:
    """What of a call names the tool and its arguments, in OpenAI's form too."""
    inner = call.get("function") if isinstance(call, dict) else None
    return inner if isinstance(inner, dict) else call


def _json_at(text: str, place: int) -> tuple[Any, int]:
    """The JSON that begins at ``place``, and where it ends; None where there is none."""
    try:
        return _DECODER.raw_decode(text, place)
    except (ValueError, RecursionError):
        return None, place

"""The language of a turn that may call the caller's tools: words, then calls whose arguments fit the tools' schemas.

In llguidance's form of Lark. Calls are in the form of the model's family. Its marks are special tokens of a tokenizer,
which no text can forge, or plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from samovar.chat.call_form import HERMES, find_call_form
from samovar.chat.fitting import ID
from samovar.chat.speech import find_speech, mark_pattern
from samovar.chat.thought import thought_form
from samovar.engine.constraint import JSON_STYLE, Constraint
from samovar.tokenizer.tokenizer import Tokenizer

_NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}
_SHARED = ("$defs", "definitions")
"""Of a schema: what the schemas of single arguments may refer to."""
_ID_IN_JSON = re.compile(rf'(, "\w+": "{ID}"|"\w+": "{ID}", )')
_LEXEMES = (
    "ID: /[a-zA-Z0-9]{9}/",
    r"TEXT_OF_TAG: /(?s:.*)\n<\/parameter>/ & ~/(?s:.*)(<\/parameter>|<\/function>)(?s:.+)/",
)


def can_bind_choice(tokenizer: Tokenizer) -> bool:
    """Whether a grammar can leave the choice between words and calls.

    Not where nothing stands before a call, as in Llama 3's answers: there any JSON may be words.
    """
    form = find_call_form(tokenizer)
    return form is None or (form.frame is not HERMES and form.opening != "")


def call_grammar(
    tools: Sequence[Mapping[str, Any]],
    tokenizer: Tokenizer,
    *,
    is_required: bool = False,
    is_parallel: bool = True,
    schema: Mapping[str, Any] | None = None,
) -> Constraint:
    """What the assistant may write when it may call ``tools``, in the form of its family if that is known.

    Args:
        tools: as the OpenAI API writes them; at least one.
        tokenizer: the model's.
        is_required: it must call.
        is_parallel: it may call more than once, if its family can.
        schema: what it says, if it does not call, is JSON that is valid against this.
    """
    form = find_call_form(tokenizer)
    frame = HERMES if form is None else form.frame
    opening, before, between, after = (
        _lark(text, tokenizer) for text in (frame.opening, frame.before, frame.between, frame.after)
    )
    rules = [*_LEXEMES, "tool: " + " | ".join(f"tool{at}" for at in range(len(tools)))]
    for at, tool in enumerate(tools):
        head = _lark(tool["function"]["name"] + frame.middle, tokenizer)
        rules.append(f"tool{at}: {head} {_arguments(tool['function'], has_tags=frame.has_tags)}")
    more = f"({between} tool)* " if is_parallel and between else ""
    call = f"{before} tool {more}{after}"
    lead = find_speech(tokenizer).lead
    space = f"{_quoted(lead)}? " if lead else ""
    if is_required:
        starts = [f"{space}{opening} {call}"]
    elif schema is not None:
        starts = [f"{space}{opening} {call}", f"{space}%json {json.dumps(schema, ensure_ascii=False)}"]
    else:
        # No text may spell the mark, or that of Hermes form: it would be read as a call. Where the mark is text itself,
        # of the two ways to go on the one that ends in it is a lexeme too.
        mark = _pattern(frame.opening)
        marks = f"({mark}|{_pattern(HERMES.opening)})"
        rules.append(f"TEXT: /(?s:.+)/ & ~/(?s:.*){marks}(?s:.*)/")
        first, thought = "", thought_form(tokenizer)
        if thought.are_tokens:  # which else would be no words; where they are, a thought is text like any other
            start_id, end_id = (tokenizer.special_ids[tag] for tag in (thought.opening, thought.closing))
            first = "thought? "
            rules.append(f"thought: <[{start_id}]>? TEXT? <[{end_id}]>")
        are_tokens = mark_pattern(tokenizer).search(frame.opening) is not None
        starts = [f"{first}TEXT", first + (f"TEXT? {opening} {call}" if are_tokens else f"OPENING {call}")]
        rules += [] if are_tokens else [f"OPENING: /(?s:.*){mark}/ & ~/(?s:.*){marks}(?s:.+)/"]
    is_free = not is_required and schema is None
    return Constraint("lark", "\n".join([f"start: {' | '.join(starts)}", *rules]), follows_thought=is_free)


def _arguments(function: Mapping[str, Any], *, has_tags: bool) -> str:
    """The arguments of a function, as JSON or each in its tag; texts in tags are free, or of a list."""
    parameters: Mapping[str, Any] = function.get("parameters") or _NO_ARGUMENTS
    if not has_tags:
        return _json(parameters, function)
    properties, required = parameters.get("properties"), parameters.get("required")
    shared = {key: parameters[key] for key in _SHARED if key in parameters}
    tags = []
    for key, schema in properties.items() if isinstance(properties, Mapping) else ():
        schema = schema if isinstance(schema, Mapping) else {}
        opening, is_text = f"<parameter={key}>\n", schema.get("type") == "string"
        listed = [text for text in _listed(schema.get("enum", [schema.get("const")])) if isinstance(text, str)]
        if is_text and not listed:
            value = "TEXT_OF_TAG"
        else:
            values = map(_quoted, listed) if is_text else [_json({**schema, **shared}, function)]
            value = f'({" | ".join(values)}) "\\n</parameter>"'
        tag = f'{_quoted(opening)} {value} "\\n"'
        tags.append(tag if key in _listed(required) else f"({tag})?")
    return " ".join(tags)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _json(schema: Mapping[str, Any], function: Mapping[str, Any]) -> str:
    # What of a schema the library cannot follow goes unheeded, unless the tool is said to be strict.
    manner = {**JSON_STYLE, "lenient": not function.get("strict")}
    return f"%json {json.dumps({**schema, 'x-guidance': manner}, ensure_ascii=False)}"


def _lark(text: str, tokenizer: Tokenizer) -> str:
    """``text`` of a frame, where marks are tokens and an id is any; in JSON a model may leave it to the program."""
    parts = []
    for number, part in enumerate(mark_pattern(tokenizer).split(text)):
        if number % 2:
            parts.append(f"<[{tokenizer.special_ids[part]}]>")
            continue
        for place, words in enumerate(_ID_IN_JSON.split(part)):
            lexemes = " ID ".join(map(_quoted, re.split(ID, words)))
            parts.append(f"({lexemes})?" if place % 2 else lexemes)
    return " ".join(parts)


def _pattern(text: str) -> str:
    return re.escape(text).replace("/", r"\/").replace("\n", "n")


def json_grammar(schema: Mapping[str, Any] | None, tokenizer: Tokenizer) -> Constraint:
    """The language of a turn that is JSON: valid against ``schema``, or any object."""
    lead = find_speech(tokenizer).lead
    if lead:  # the space that the template puts before an answer is the model's to write
        whole = {"type": "object"} if schema is None else schema
        return Constraint("lark", f"start: {_quoted(lead)}? %json {json.dumps(whole, ensure_ascii=False)}")
    return Constraint("json_object") if schema is None else Constraint.json_schema(schema)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

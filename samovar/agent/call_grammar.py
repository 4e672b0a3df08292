"""The language of a turn that may call the caller's tools: words, then calls whose arguments fit the tools' schemas.

In llguidance's form of Lark. The marks of a call are special tokens of our tokenizers, which no text can forge, and
plain text in other families.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from samovar.agent.turn import TOOL_CALL_END, TOOL_CALL_MARK
from samovar.chat.speech import find_speech
from samovar.chat.thought import thought_form
from samovar.engine.constraint import JSON_STYLE, Constraint
from samovar.tokenizer.tokenizer import Tokenizer

_NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}


def call_grammar(
    tools: Sequence[Mapping[str, Any]],
    tokenizer: Tokenizer,
    *,
    is_required: bool = False,
    is_parallel: bool = True,
    schema: Mapping[str, Any] | None = None,
) -> Constraint:
    """What the assistant may write when it may call ``tools``.

    Args:
        tools: as the OpenAI API writes them; at least one.
        tokenizer: the model's: are the marks of calls tokens of their own?
        is_required: it must call.
        is_parallel: it may call more than once.
        schema: what it says, if it does not call, is JSON that is valid against this.
    """
    marks = (TOOL_CALL_MARK, TOOL_CALL_END)
    are_tokens = set(marks) <= tokenizer.special_ids.keys()
    opening, closing = marks if are_tokens else map(_quoted, marks)
    rules = [f'call: "\\n" body "\\n" {closing}', "body: " + " | ".join(f"tool{at}" for at in range(len(tools)))]
    for at, tool in enumerate(tools):
        head = f'{{"name": {json.dumps(tool["function"]["name"])}, "arguments": '
        # What of a schema the library cannot follow goes unheeded, unless the tool is said to be strict.
        manner = {**JSON_STYLE, "lenient": not tool["function"].get("strict")}
        arguments = {**(tool["function"].get("parameters") or _NO_ARGUMENTS), "x-guidance": manner}
        rules.append(f'tool{at}: {_quoted(head)} %json {json.dumps(arguments, ensure_ascii=False)} "}}"')
    more = f' ("\\n" {opening} call)*' if is_parallel else ""
    lead = find_speech(tokenizer).lead
    space = f"{_quoted(lead)}? " if lead else ""
    if is_required:
        starts = [f"{space}{opening} call{more}"]
    elif schema is not None:
        starts = [f"{space}{opening} call{more}", f"{space}%json {json.dumps(schema, ensure_ascii=False)}"]
    else:
        # No text may spell the mark, which would be read as a call. Where the mark is text itself, of the two ways to
        # go on the one that ends in it is a lexeme too.
        mark = f"/(?s:.*){TOOL_CALL_MARK}"
        rules.append(f"TEXT: /(?s:.+)/ & ~{mark}(?s:.*)/")
        first, form = "", thought_form(tokenizer)
        if form.are_tokens:  # which else would be no words; where they are, a thought is text like any other
            start_id, end_id = (tokenizer.special_ids[tag] for tag in (form.opening, form.closing))
            first = "thought? "
            rules.append(f"thought: <[{start_id}]>? TEXT? <[{end_id}]>")
        starts = [f"{first}TEXT", first + (f"TEXT? {opening} call{more}" if are_tokens else f"OPENING call{more}")]
        rules += [] if are_tokens else [f"OPENING: {mark}/ & ~{mark}(?s:.+)/"]
    is_free = not is_required and schema is None
    return Constraint("lark", "\n".join([f"start: {' | '.join(starts)}", *rules]), follows_thought=is_free)


def json_grammar(schema: Mapping[str, Any] | None, tokenizer: Tokenizer) -> Constraint:
    """The language of a turn that is JSON: valid against ``schema``, or any object."""
    lead = find_speech(tokenizer).lead
    if lead:  # the space that the template puts before an answer is the model's to write
        whole = {"type": "object"} if schema is None else schema
        return Constraint("lark", f"start: {_quoted(lead)}? %json {json.dumps(whole, ensure_ascii=False)}")
    return Constraint("json_object") if schema is None else Constraint.json_schema(schema)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

"""Where the assistant speaks in what a chat template writes, and which marks end its turn: of any template.

A template is a program, so it is asked: it writes a conversation with one question, once with the prompt for an answer
and once with the answer. What stands before an answer is then known, and the mark that stands behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any, NamedTuple

from samovar.chat.fitting import write_call
from samovar.chat.template import render_plain
from samovar.core.errors import DataError
from samovar.tokenizer.marks import is_of_calls
from samovar.tokenizer.tokenizer import Tokenizer

_QUESTION = {"role": "user", "content": "qzxjq"}
_ANSWER = {"role": "assistant", "content": "jxzqj"}

Write = Callable[[Sequence[Mapping[str, Any]], bool], str]
"""The text of messages; with the prompt for an answer when the second argument is true."""


class Speech(NamedTuple):
    """The frame of the assistant's turns."""

    header: str
    """What stands before each, a mark in it, which no text can forge; empty where the template has nothing like it."""
    ends: frozenset[str]
    """Marks that end one."""
    lead: str = ""
    """Space that the template puts between the prompt and an answer, which the model writes and nobody says."""


def find_speech(tokenizer: Tokenizer) -> Speech:
    """The frame in which the tokenizer's template puts what the assistant says.

    Raises:
        DataError: the template cannot write a question and an answer.
    """
    names = {number: mark for mark, number in tokenizer.special_ids.items()}
    stops = frozenset(names[number] for number in tokenizer.stop_ids if number in names)
    special = tuple(sorted(tokenizer.roles.texts.items()))
    speech = _probe(tokenizer.chat_template, special, mark_pattern(tokenizer))
    return speech._replace(ends=speech.ends | stops)


def starts_of_speech(
    speech: Speech, messages: Sequence[Mapping[str, Any]], text: str, write: Write, *, is_prompt: bool
) -> list[int]:
    """Where in ``text``, which ``write`` made of ``messages``, the assistant begins to speak, turn by turn.

    Raises:
        DataError: it cannot be told, as the template writes a turn in another way once others follow. In a prompt such
            a turn is left out.
    """
    headers = [found.end() for found in re.finditer(re.escape(speech.header), text)] if speech.header else []
    if headers and (is_prompt or len(headers) >= sum(message["role"] == "assistant" for message in messages)):
        return headers
    starts = set(headers)  # DeepSeek writes none before what is said of a tool's result
    for place, message in enumerate(messages):
        if message["role"] != "assistant":
            continue
        prompt = write(messages[:place], True)
        if text.startswith(prompt):
            starts.add(len(prompt))
        elif not is_prompt and not headers:
            raise DataError(
                "it cannot be told what the assistant says in a conversation: the model's chat template writes "
                f"turn {place} in another way once other turns follow",
                hint="leave out tools and system messages, or put a chat_template.jinja with a mark before each "
                "answer beside the tokenizer",
            )
    return sorted(starts)


def mark_pattern(tokenizer: Tokenizer) -> re.Pattern[str]:
    """Finds the special tokens, the longest first where one begins another."""
    return _pattern(tuple(tokenizer.special_ids))


@lru_cache(maxsize=8)
def _pattern(specials: tuple[str, ...]) -> re.Pattern[str]:
    if not specials:
        return re.compile(r"((?!))")
    return re.compile("(" + "|".join(map(re.escape, sorted(specials, key=len, reverse=True))) + ")")


@lru_cache(maxsize=8)
def _probe(template: str, special: tuple[tuple[str, str], ...], marks: re.Pattern[str]) -> Speech:
    def write(messages: list[Any], is_prompt: bool) -> str:
        return render_plain(
            messages, template=template, tools=[], add_generation_prompt=is_prompt, variables=dict(special)
        )

    question, prompt, whole = (
        write([_QUESTION], False),
        write([_QUESTION], True),
        write([_QUESTION, _ANSWER], False),
    )
    # A prompt may hold more than stands before an answer that is there already, as the beginning of a thought.
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(prompt, whole, strict=False)))
    lead = prompt[:alike]
    header = lead[len(question) :] if lead.startswith(question) else ""
    before, _, after = whole.rpartition(_ANSWER["content"])
    behind = marks.split(after)
    ends = frozenset(behind[1:2]) if not behind[0].strip() else frozenset()
    # A turn that is a call may end in a mark of its own, as Llama's <|eom_id|>: the last of the conversation.
    called = marks.findall(write_call(template, special, header) or "")
    ends |= {mark for mark in called[-1:] if not is_of_calls(mark)}
    space = before.removeprefix(prompt) if before.startswith(prompt) else ""
    return Speech(header if marks.search(header) else "", ends, "" if space.strip() else space)

"""What people prefer, as rows of files: pairs of answers, single answers with a verdict, solutions judged step by step.

Forms, told apart by their keys (turns are text, or messages in OpenAI's or ShareGPT's keys):

- pairs: ``{"prompt", "chosen", "rejected"}`` (TRL, plain); ``{"chosen", "rejected"}`` of whole conversations, or of
  text with turns of ``Human:`` and ``Assistant:`` (TRL's implicit prompt, hh-rlhf); ``{"input": {"messages"},
  "preferred_output", "non_preferred_output"}`` (OpenAI); ``{"conversations", "chosen", "rejected"}`` (ShareGPT);
  ``{"instruction", "input", "chosen", "rejected"}`` (Alpaca). ``margin``, or ``score_chosen`` and ``score_rejected``,
  say by how much.
- votes: ``{"messages", "left", "right", "vote"}``, the vote being left, right, tie or both_bad (Samovar).
- single answers: ``{"prompt", "completion", "label"}``, ``{"messages", "label"}`` (KTO).
- steps: ``{"prompt", "completions": [step, …], "labels": [true, …]}`` (TRL's stepwise supervision).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from samovar.chat.conversation import Conversation, Message, short
from samovar.chat.forms import alpaca_prompt, read_tools, read_turns
from samovar.chat.read import read_rows_as
from samovar.core.errors import DataError

_SHAPE = '{"prompt": "…", "chosen": "…", "rejected": "…"}'
_HH_TURN = re.compile(r"(?:^|\n\n)(Human|Assistant):[ ]?")
_VOTES = ("left", "right", "tie", "both_bad")

Messages = tuple[Message, ...]


class Pair(NamedTuple):
    """Two answers to one prompt, the better first."""

    prompt: Messages
    chosen: Messages
    rejected: Messages
    tools: tuple[dict[str, Any], ...] = ()
    margin: float = 0.0
    """By how much the first is better, in units of the reward."""


class Judged(NamedTuple):
    """One answer, and whether it is wanted."""

    prompt: Messages
    answer: Messages
    is_good: bool
    tools: tuple[dict[str, Any], ...] = ()


class Steps(NamedTuple):
    """A solution in steps, and which of them are right."""

    prompt: Messages
    steps: tuple[str, ...]
    is_right: tuple[bool, ...]


class Undecided(NamedTuple):
    """A vote for neither of two answers."""

    prompt: Messages


Preference = Pair | Judged | Steps | Undecided


def read_preferences(path: Path) -> Iterator[Preference]:
    """What the rows of ``path`` say, as a stream; of a vote for "both bad" each answer by itself.

    Raises:
        MissingError: there is no such file.
        ResourceError: it may not be read.
        DataError: a row is of no known form (named by its number), or there is none at all.
    """
    for found in read_rows_as(read_preference, path, what="preferences", shape=_SHAPE):
        yield from found


def read_preference(value: Any) -> list[Preference]:
    """What one row says.

    Raises:
        DataError: it is of no known form, or malformed.
    """
    if not isinstance(value, Mapping):
        raise DataError(f"a preference is {short(value)}: it is not an object", hint=f"write {_SHAPE}")
    if "vote" in value:
        return _vote(value)
    if "preferred_output" in value:
        asked = value.get("input")
        if not isinstance(asked, Mapping) or "messages" not in asked:
            raise DataError(f"input is {short(asked)}: it has no messages", hint='write {"messages": […]}')
        prompt = tuple(read_turns(asked["messages"]))
        good, bad = (_answer(value, key) for key in ("preferred_output", "non_preferred_output"))
        return [Pair(prompt, good, bad, tuple(read_tools(asked)), _margin(value))]
    if "chosen" in value and "rejected" in value:
        return [_pair(value)]
    if "completions" in value and "labels" in value:
        return [_steps(value)]
    if "label" in value:
        return [_judged(value)]
    raise DataError(
        f"a row with the keys {', '.join(map(str, value)) or 'of nothing'} is no preference",
        hint=f'write {_SHAPE}, or {{"prompt": "…", "completion": "…", "label": true}}',
    )


def _pair(value: Mapping[str, Any]) -> Pair:
    tools, margin = tuple(read_tools(value)), _margin(value)
    if "instruction" in value:
        prompt = alpaca_prompt(value)
    elif "conversations" in value or "prompt" in value:
        prompt = read_turns(value["prompt"] if "prompt" in value else value["conversations"])
    else:
        one, other = (_conversation(value[key]) for key in ("chosen", "rejected"))
        shared = _shared(one, other)
        return Pair(tuple(one[:shared]), tuple(one[shared:]), tuple(other[shared:]), tools, margin)
    chosen, rejected = (_answer(value, key) for key in ("chosen", "rejected"))
    # Some sets repeat the prompt in front of both answers.
    if chosen[: len(prompt)] == rejected[: len(prompt)] == tuple(prompt) and len(chosen) > len(prompt):
        chosen, rejected = chosen[len(prompt) :], rejected[len(prompt) :]
    return Pair(tuple(prompt), chosen, rejected, tools, margin)


def _judged(value: Mapping[str, Any]) -> Judged:
    is_good = _flag(value["label"])
    tools = tuple(read_tools(value))
    if "prompt" in value:
        return Judged(tuple(read_turns(value["prompt"])), _answer(value, "completion"), is_good, tools)
    messages = read_turns(value.get("messages", value.get("conversations")))
    last = next((n for n in range(len(messages) - 1, -1, -1) if messages[n].role == "user"), -1)
    return Judged(tuple(messages[: last + 1]), tuple(messages[last + 1 :]), is_good, tools)


def _steps(value: Mapping[str, Any]) -> Steps:
    steps, labels = value["completions"], value["labels"]
    if not isinstance(steps, list) or not isinstance(labels, list) or len(steps) != len(labels) or not steps:
        raise DataError(f"completions and labels are not lists of one length: {short(labels)}", hint="a label a step")
    if not all(isinstance(step, str) for step in steps):
        raise DataError(f"a step of {short(steps)} is not text", hint="write each step as a string")
    return Steps(tuple(read_turns(value.get("prompt", ""))), tuple(steps), tuple(map(_flag, labels)))


def _vote(value: Mapping[str, Any]) -> list[Preference]:
    vote = value["vote"]
    if vote not in _VOTES:
        raise DataError(f"a vote is {short(vote)}", hint=f"it is one of {', '.join(_VOTES)}")
    prompt = tuple(read_turns(value.get("messages", value.get("prompt"))))
    tools = tuple(read_tools(value))
    left, right = _answer(value, "left"), _answer(value, "right")
    if vote == "tie":
        return [Undecided(prompt)]
    if vote == "both_bad":
        return [Judged(prompt, answer, False, tools) for answer in (left, right)]
    good, bad = (left, right) if vote == "left" else (right, left)
    return [Pair(prompt, good, bad, tools)]


def _answer(value: Mapping[str, Any], key: str) -> Messages:
    if key not in value:
        raise DataError(f"a preference has no {key} (its keys: {', '.join(map(str, value))})", hint=f"add {key}")
    return tuple(read_turns(value[key], role="assistant"))


def _conversation(value: Any) -> list[Message]:
    """A whole conversation; text is one of ``Human:`` and ``Assistant:``."""
    if not isinstance(value, str):
        return read_turns(value)
    parts = _HH_TURN.split(value)
    if len(parts) < 3 or parts[0].strip():
        raise DataError(
            f"chosen is {short(value)}, and there is no prompt",
            hint='add "prompt", or write turns that begin with "\\n\\nHuman:" and "\\n\\nAssistant:"',
        )
    roles = {"Human": "user", "Assistant": "assistant"}
    return [
        Message.from_openai({"role": roles[who], "content": said.strip()})
        for who, said in zip(parts[1::2], parts[2::2], strict=True)
    ]


def _shared(chosen: list[Message], rejected: list[Message]) -> int:
    """How many messages two conversations begin with in common; what follows begins with the assistant."""
    count = 0
    while count < min(len(chosen), len(rejected)) and chosen[count] == rejected[count]:
        count += 1
    while count and (count >= len(chosen) or chosen[count].role != "assistant"):
        count -= 1
    return count


def _margin(value: Mapping[str, Any]) -> float:
    margin = value.get("margin")
    if margin is None:
        chosen, rejected = (value.get(f"score_{one}", value.get(f"{one}_score")) for one in ("chosen", "rejected"))
        has_scores = isinstance(chosen, int | float) and isinstance(rejected, int | float)
        margin = chosen - rejected if has_scores else 0.0
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not math.isfinite(margin):
        raise DataError(f"margin is {short(margin)}: it is no number", hint="leave it out, or write a number")
    return float(margin)


def _flag(value: Any) -> bool:
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    raise DataError(f"a label is {short(value)}: neither true nor false", hint="write true or false")


def answered(prompt: Messages, answer: Messages, tools: tuple[dict[str, Any], ...] = ()) -> Conversation:
    """The conversation of a prompt and one of its answers."""
    return Conversation(messages=[*prompt, *answer], tools=list(tools))

"""What the assistant is asked: the prompts of files, whatever their form."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from samovar.chat.conversation import short
from samovar.chat.forms import read_conversation, read_turns
from samovar.chat.preferences import Messages, read_preference
from samovar.chat.read import read_rows_as
from samovar.core.errors import DataError

_SHAPE = '{"prompt": "…"}'
_PREFERENCE = {"chosen", "preferred_output", "vote", "label", "labels"}


def read_prompts(paths: Sequence[Path]) -> list[Messages]:
    """Each different prompt of the files, in their order; of a conversation, all up to the user's last turn.

    Raises:
        MissingError, ResourceError: a file is not there, or may not be read.
        DataError: a row has no prompt that can be found.
    """
    return distinct(
        prompt for path in paths for prompt in read_rows_as(read_prompt, path, what="prompts", shape=_SHAPE)
    )


def read_prompt(value: Any) -> Messages:
    """The prompt of one row.

    Raises:
        DataError: it has none.
    """
    if isinstance(value, str):
        value = {"prompt": value}
    if not isinstance(value, Mapping):
        raise DataError(f"a row is {short(value)}: it is not an object", hint=f"write {_SHAPE}")
    if _PREFERENCE & value.keys():
        found = list(read_preference(value)[0].prompt)
    elif "prompt" in value:
        found = read_turns(value["prompt"])
    else:
        found = read_conversation(value).messages
    last = max((number for number, one in enumerate(found) if one.role == "user"), default=-1)
    if last < 0 or not found[last].content.strip():
        raise DataError("a row asks nothing: it has no words of a user", hint=f"write {_SHAPE}")
    return tuple(found[: last + 1])


def distinct(prompts: Iterable[Messages]) -> list[Messages]:
    """Each once."""
    return list({json.dumps([one.to_openai() for one in prompt]): prompt for prompt in prompts}.values())


def choose_prompts(prompts: Sequence[Messages], count: int | None, *, seed: int) -> list[Messages]:
    """``count`` of them in an order that the seed gives, or all in their own.

    Raises:
        DataError: there are none.
    """
    if not prompts:
        raise DataError("there are no prompts to answer", hint="name files of them, or tasks")
    if count is None or count >= len(prompts):
        return list(prompts)
    return random.Random(f"{seed}/prompts").sample(list(prompts), count)

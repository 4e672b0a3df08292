"""The request that is being answered, as those who count, log and limit it see it.

It travels in a context variable: whatever a request's task calls, in whichever file, counts for that request.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field

from samovar.serve.keys import Key


class Tab:
    """Who pays for a request: nobody, where no key was asked for."""

    def held(self, tokens: int) -> AbstractContextManager[None]:
        """Set ``tokens`` aside for as long as the block runs; what is charged meanwhile is of these first.

        Raises:
            LimitError: there are fewer left.
        """
        return nullcontext()

    def charge(self, prompt_tokens: int, completion_tokens: int) -> None:
        """Take what was spent."""


@dataclass
class Call:
    """One request."""

    method: str = ""
    path: str = ""
    route: str = ""
    """The path as its endpoint has it, ``/v1/models/{name}``; all that have none are one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=lambda: f"req_{uuid.uuid4().hex}")
    started_s: float = field(default_factory=time.monotonic)
    key: Key | None = None
    """The caller's; None where no key was asked for."""
    tab: Tab = field(default_factory=Tab)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    first_token_s: float | None = None
    """Seconds from the request's arrival to its first token; None before."""
    error_code: str | None = None

    def count(self, *, prompt_tokens: int = 0, completion_tokens: int = 0) -> None:
        """Note tokens that were read and made for this request."""
        self.prompt_tokens += prompt_tokens
        self.completion_tokens += completion_tokens
        self.tab.charge(prompt_tokens, completion_tokens)


_CALL: ContextVar[Call | None] = ContextVar("samovar_call", default=None)


def current_call() -> Call:
    """The request that this code runs for; outside of any, one that nobody reads."""
    return _CALL.get() or Call()


def current_owner() -> str:
    """Whose request this is: the id of a key, or "" where none on file was used."""
    key = current_call().key
    return "" if key is None else key.id


def begin_call(call: Call) -> None:
    """Make ``call`` the one of this task, and of those that it starts."""
    _CALL.set(call)

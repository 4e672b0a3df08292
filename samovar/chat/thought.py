"""What a reasoning model thinks before it answers: where its thought stands, and whether it is to think at all.

Families write a thought between two tags at the beginning of an answer, and some templates write the first of them
themselves, so that the model is in the middle of a thought when it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from samovar.chat.parse import num_begun
from samovar.chat.template import render_plain
from samovar.tokenizer.tokenizer import Tokenizer

Options = Mapping[str, Any]
"""Variables of a chat template, besides the conversation and its tools."""
NO_OPTIONS: Options = {}

_TAGS = (("<think>", "</think>"), ("[THINK]", "[/THINK]"))
"""Qwen 3, DeepSeek, SmolLM 3 and most others; Magistral."""
_QUESTION = {"role": "user", "content": "?"}


class ThoughtForm(NamedTuple):
    """How a family writes a thought."""

    opening: str
    closing: str
    are_tokens: bool
    """Whether both tags are tokens of their own."""


def thought_form(tokenizer: Tokenizer) -> ThoughtForm:
    """The tags that the tokenizer or its template knows; where it knows none, the usual ones, as text."""
    known = [tags for tags in _TAGS if set(tags) <= tokenizer.special_ids.keys()]
    written = [tags for tags in _TAGS if tags[1] in tokenizer.chat_template]
    return ThoughtForm(*(known + written + list(_TAGS))[0], are_tokens=bool(known))


def can_think(tokenizer: Tokenizer) -> bool:
    """Whether the tokenizer's template has a form for thoughts."""
    return thought_form(tokenizer).closing in tokenizer.chat_template


def options_for(thinking: bool | None) -> Options:
    """What tells templates whether the model is to think; nothing where that is left to them.

    Qwen 3 and SmolLM 3 know it as ``enable_thinking``, DeepSeek and Granite as ``thinking``.
    """
    return NO_OPTIONS if thinking is None else {"enable_thinking": thinking, "thinking": thinking}


def opens_thought(tokenizer: Tokenizer, options: Options) -> bool:
    """Whether the template writes, before an answer, the tag that opens a thought."""
    opening = thought_form(tokenizer).opening
    if opening not in tokenizer.chat_template:
        return False
    text = render_plain(
        [_QUESTION],
        template=tokenizer.chat_template,
        tools=[],
        add_generation_prompt=True,
        variables={**tokenizer.roles.texts, **options},
    )
    return text.rstrip().endswith(opening)


class ThoughtReader:
    """Tells a thought from what is said behind it while both come. Blank space around a thought is part of neither."""

    def __init__(self, form: ThoughtForm, *, is_open: bool = False) -> None:
        """Begin an answer; with ``is_open`` in the middle of a thought."""
        self._form = form
        self._state: Literal["before", "thinking", "saying"] = "thinking" if is_open else "before"
        self._held = ""
        self._skips_space = is_open
        self.has_thought = is_open

    @property
    def is_saying(self) -> bool:
        """Whether the answer has no thought, or has left it behind."""
        return self._state == "saying"

    def push(self, text: str) -> tuple[str, str]:
        """Take the next piece; give what is certain of the thought, and of what is said."""
        self._held += text
        if self._state == "before":
            self._open()
        thought = self._take(self._think) if self._state == "thinking" else ""
        return thought, self._take(self._say) if self._state == "saying" else ""

    def end(self) -> tuple[str, str]:
        """What was held back: the half of a tag was none."""
        held, self._held = self._held, ""
        if self._state == "thinking":
            return "" if held.isspace() else held, ""
        return "", held if self._state == "before" else ""

    def _open(self) -> None:
        begun, opening = self._held.lstrip(), self._form.opening
        if begun.startswith(opening):
            self._state, self._skips_space, self.has_thought = "thinking", True, True
            self._held = begun[len(opening) :]
        elif not opening.startswith(begun):
            self._state = "saying"

    def _take(self, what: Callable[[], str]) -> str:
        if self._skips_space:
            self._held = self._held.lstrip()
            self._skips_space = not self._held
        return what()

    def _think(self) -> str:
        thought, closing, behind = self._held.partition(self._form.closing)
        if closing:
            self._state, self._skips_space = "saying", True
            self._held = behind
            return thought.rstrip()
        told = self._held[: len(self._held) - num_begun(self._held, self._form.closing)].rstrip()
        self._held = self._held[len(told) :]
        return told

    def _say(self) -> str:
        said, self._held = self._held, ""
        return said

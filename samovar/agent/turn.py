"""The text of one assistant turn while it comes: what may be shown at once, and what must wait."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import NamedTuple

from samovar.agent.call_reader import CallReader
from samovar.chat.conversation import Message, ToolCall, read_arguments
from samovar.chat.parse import num_begun, parse_assistant
from samovar.core.errors import DataError

TOOL_CALL_MARK = "<tool_call>"
TOOL_CALL_END = "</tool_call>"


class CallPart(NamedTuple):
    """A piece of a call that is passed on while it is written; the first of each has an empty ``text``."""

    number: int
    id: str
    name: str
    text: str
    """The next piece of the arguments, as JSON text."""


class Turn:
    """Collects the text of a turn and holds back tool calls, and whatever may become the start of one."""

    def __init__(self, lead: str = "", *, passes_calls_on: bool = False) -> None:
        """Make an empty turn.

        Args:
            lead: space that the chat template puts before an answer: it is not said.
            passes_calls_on: give the calls as ``CallPart`` as they are written, and not all at the end.
        """
        self.text = ""
        self._lead = lead
        self._num_shown = 0
        """How far the text is done with: shown, or passed on as a call."""
        self._shown = ""
        self._passes_calls_on = passes_calls_on
        self._id_prefix = f"call_{uuid.uuid4().hex[:12]}_"
        self._reader: CallReader | None = None
        self._calls: list[ToolCall] = []

    def push(self, text: str) -> Iterator[str | CallPart]:
        """Take the next piece; give what has become safe to show, and what has become known of calls."""
        self.text += text
        if self._lead:
            if len(self.text) < len(self._lead):
                return
            self.text = self.text.removeprefix(self._lead)
            self._lead = ""
        while True:
            if self._reader is not None:
                yield from self._read_call(self._reader)
                if self._reader is not None:
                    return
            mark = self.text.find(TOOL_CALL_MARK, self._num_shown)
            yield from self._show(mark)
            if mark < 0 or not self._passes_calls_on:
                return
            self._reader = CallReader(mark)

    def end(self, *, is_cut: bool = False) -> tuple[Message, list[str | CallPart]]:
        """The turn as a message, and what was held back but turned out to be for the reader.

        Args:
            is_cut: it reached its limit: a call that is not passed on and lacks its end is nothing to read.
        """
        held = self.text[self._num_shown :]
        if is_cut and not self._passes_calls_on:
            whole, mark, begun = held.rpartition(TOOL_CALL_MARK)
            held = whole if mark and TOOL_CALL_END not in begun else held
        if self._reader is not None and self._reader.name is not None:
            self._close(self._reader)  # it breaks off within a call
            held = ""
        found = parse_assistant(self._shown + held, id_prefix=self._id_prefix)
        content = found.content.rstrip()
        rest = content[len(self._shown) :] if content.startswith(self._shown) else ""
        news: list[str | CallPart] = [rest] if rest else []
        for call in found.tool_calls:
            call = call.model_copy(update={"id": self._next_id()})
            if self._passes_calls_on:
                part = CallPart(len(self._calls), call.id, call.name, "")
                news += [part, part._replace(text=json.dumps(call.arguments, ensure_ascii=False))]
            self._calls.append(call)
        return Message(role="assistant", content=self._shown + rest, tool_calls=self._calls), news

    def _show(self, mark: int) -> Iterator[str]:
        end = len(self.text) if mark < 0 else mark
        if mark < 0:
            end -= num_begun(self.text, TOOL_CALL_MARK)
        # Space before a call, and at the end of a turn, is no part of what is said: it waits for the next word.
        end = len(self.text[:end].rstrip())
        shown = self.text[self._num_shown : end]
        self._num_shown = max(self._num_shown, end)
        self._shown += shown
        if shown:
            yield shown

    def _read_call(self, reader: CallReader) -> Iterator[CallPart]:
        is_new = reader.name is None
        text = reader.read(self.text)
        if reader.name is None:
            return
        part = CallPart(len(self._calls), self._next_id(), reader.name, "")
        if is_new:
            yield part
        if text:
            yield part._replace(text=text)
        if reader.end is not None:
            self._num_shown = reader.end
            self._close(reader)

    def _close(self, reader: CallReader) -> None:
        try:
            arguments = read_arguments(reader.arguments, tool=reader.name or "")
        except DataError:
            arguments = {}
        self._calls.append(ToolCall(id=self._next_id(), name=reader.name or "", arguments=arguments))
        self._reader = None

    def _next_id(self) -> str:
        return f"{self._id_prefix}{len(self._calls)}"

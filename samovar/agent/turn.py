"""The text of one assistant turn while it comes: what may be shown at once, and what must wait."""

from __future__ import annotations

import uuid

from samovar.chat.conversation import Message
from samovar.chat.parse import parse_assistant

TOOL_CALL_MARK = "<tool_call>"


class Turn:
    """Collects the text of a turn and holds back tool calls, and whatever may become the start of one."""

    def __init__(self, lead: str = "") -> None:
        """``lead`` is space that the chat template puts before an answer: it is not said."""
        self.text = ""
        self._lead = lead
        self._num_shown = 0

    def push(self, text: str) -> str:
        """Take the next piece; give what has become safe to show."""
        self.text += text
        if self._lead:
            if len(self.text) < len(self._lead):
                return ""
            self.text = self.text.removeprefix(self._lead)
            self._lead = ""
        mark = self.text.find(TOOL_CALL_MARK, self._num_shown)
        end = len(self.text) if mark < 0 else mark
        if mark < 0:
            end -= _num_pending(self.text)
        # Space before a call, and at the end of a turn, is no part of what is said: it waits for the next word.
        end = len(self.text[:end].rstrip())
        shown = self.text[self._num_shown : end]
        self._num_shown = max(self._num_shown, end)
        return shown

    def end(self) -> tuple[Message, str]:
        """The turn as a message, and the text that was held back but turned out to be for the reader."""
        shown, message = (
            self.text[: self._num_shown],
            parse_assistant(self.text, id_prefix=f"call_{uuid.uuid4().hex[:12]}_"),
        )
        content = message.content.rstrip()
        rest = content[len(shown) :] if content.startswith(shown) else ""
        return message.model_copy(update={"content": shown + rest}), rest


def _num_pending(text: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of a tool call's mark."""
    for length in range(min(len(TOOL_CALL_MARK) - 1, len(text)), 0, -1):
        if text.endswith(TOOL_CALL_MARK[:length]):
            return length
    return 0

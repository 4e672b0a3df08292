"""What is wrong with one's own conversations before anybody trains on them, said in words and left out, or refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import xxhash

from samovar.chat.conversation import Conversation
from samovar.core.errors import DataError
from samovar.core.excerpts import beginning

REASONS = {
    "no_answer": "have no turn of the assistant",
    "empty": "have an empty answer",
    "duplicate": "are the same as an earlier one",
    "refused": "have turns that the chat template cannot write",
    "too_long": "are longer than a row",
}
"""Why a conversation is left out, as the end of a sentence that begins with a number."""
_LETTERS = {"ru": re.compile("[А-Яа-яЁё]"), "en": re.compile("[A-Za-z]")}
_CERTAIN = 0.7
"""Share of the letters of one script from which on a text is said to be of its language."""


class ConversationCheck:
    """Counts what is left out, and which languages the answers are in."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        self.languages: Counter[str] = Counter()
        self._seen: set[bytes] = set()
        """Hashes: 16 bytes a conversation."""

    def sound(self, conversations: Iterable[Conversation]) -> list[Conversation]:
        """Those from which something can be learnt, each once."""
        kept = []
        for one in conversations:
            reason = self._reason(one)
            if reason is None:
                kept.append(one)
                self.languages[language_of(one)] += 1
            else:
                self.leave_out(reason, one)
        return kept

    def leave_out(self, reason: str, conversation: Conversation, detail: str = "") -> None:
        """Count one more."""
        self.left_out[reason] += 1
        asked = next((one.content for one in conversation.messages if one.role == "user"), "")
        self.first.setdefault(reason, f"{beginning(asked)!r}{f': {detail}' if detail else ''}")

    def words(self) -> list[str]:
        """A sentence a reason, and one of the languages."""
        said = [
            f"{count} of the conversations {REASONS[reason]} and were left out (the first: {self.first[reason]})"
            for reason, count in self.left_out.items()
        ]
        total = sum(self.languages.values())
        shares = ", ".join(f"{name} {count / total:.0%}" for name, count in self.languages.most_common())
        return [*said, f"languages of the answers: {shares}"] if total else said

    def refuse(self, mode: Literal["repair", "refuse"]) -> None:
        """See that nothing was wrong, in the mode ``refuse``.

        Raises:
            DataError: else.
        """
        if mode == "refuse" and self.left_out:
            found = "; ".join(f"{n} {REASONS[one]} (the first: {self.first[one]})" for one, n in self.left_out.items())
            raise DataError(f"the conversations are not sound: {found}", hint="mend them, or set sft.check: repair")

    def _reason(self, one: Conversation) -> str | None:
        answers = [message for message in one.messages if message.role == "assistant"]
        if not answers:
            return "no_answer"
        if not all(answer.content.strip() or answer.tool_calls for answer in answers):
            return "empty"
        key = xxhash.xxh3_128_digest(one.model_copy(update={"meta": {}}).model_dump_json().encode())
        if key in self._seen:
            return "duplicate"
        self._seen.add(key)
        return None


def language_of(conversation: Conversation) -> str:
    """ru, en, mixed or other, by the letters of what the assistant says."""
    text = "".join(message.content for message in conversation.messages if message.role == "assistant")
    counts = {name: len(pattern.findall(text)) for name, pattern in _LETTERS.items()}
    total = sum(counts.values())
    if not total:
        return "other"
    name, count = max(counts.items(), key=lambda item: item[1])
    return name if count >= _CERTAIN * total else "mixed"

"""What is wrong with one's own conversations before anybody trains on them, said in words and left out, or refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

import xxhash

from samovar.chat.conversation import Conversation
from samovar.train.left_out import LeftOut

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
        self.own = LeftOut("conversations", REASONS)
        longer = {"too_long": "; raise the context to learn from more of them"}
        self._of_tasks = LeftOut("tasks' own examples", REASONS, advice=longer)
        self.languages: Counter[str] = Counter()
        self._seen: set[bytes] = set()
        """Hashes: 16 bytes a conversation."""
        self._counted: set[bytes] = set()
        """Hashes of those that do not become rows: conversations are gone through several times."""

    def sound(self, conversations: Iterable[Conversation]) -> list[Conversation]:
        """Those from which something can be learnt, each once."""
        kept = []
        for one in conversations:
            reason = self._reason(one)
            if reason is None:
                kept.append(one)
                self.languages[language_of(one)] += 1
            else:
                self.own.add(reason, _asked(one))
        return kept

    def refused(self, conversation: Conversation, why: str, *, is_own: bool = True) -> None:
        """Count one that the template cannot write, if it was not yet; it is one's own, or a task made it."""
        self._add("refused", _key(conversation), _asked(conversation), why, is_own=is_own)

    def too_long(self, text: str, *, is_own: bool = True) -> None:
        """Count one that does not fit into a row, by its text, if it was not yet."""
        self._add("too_long", xxhash.xxh3_128_digest(text.encode("utf-8", "replace")), text, is_own=is_own)

    def words(self) -> list[str]:
        """A sentence a reason, and one of the languages."""
        said = [*self.own.words(), *self._of_tasks.words()]
        total = sum(self.languages.values())
        shares = ", ".join(f"{name} {count / total:.0%}" for name, count in self.languages.most_common())
        return [*said, f"languages of the answers: {shares}"] if total else said

    def refuse(self, mode: Literal["repair", "refuse"]) -> None:
        """See that nothing was wrong with one's own, in the mode ``refuse``.

        Raises:
            DataError: else.
        """
        if mode == "refuse":
            self.own.refuse(hint="mend them, or set sft.check: repair")

    def _add(self, reason: str, key: bytes, text: str, detail: str = "", *, is_own: bool) -> None:
        if key not in self._counted:
            self._counted.add(key)
            (self.own if is_own else self._of_tasks).add(reason, text, detail)

    def _reason(self, one: Conversation) -> str | None:
        answers = [message for message in one.messages if message.role == "assistant"]
        if not answers:
            return "no_answer"
        if not all(answer.content.strip() or answer.tool_calls for answer in answers):
            return "empty"
        key = _key(one)
        if key in self._seen:
            return "duplicate"
        self._seen.add(key)
        return None


def _key(one: Conversation) -> bytes:
    return xxhash.xxh3_128_digest(one.model_copy(update={"meta": {}}).model_dump_json().encode())


def _asked(one: Conversation) -> str:
    return next((message.content for message in one.messages if message.role == "user"), "")


def language_of(conversation: Conversation) -> str:
    """ru, en, mixed or other, by the letters of what the assistant says."""
    text = "".join(message.content for message in conversation.messages if message.role == "assistant")
    counts = {name: len(pattern.findall(text)) for name, pattern in _LETTERS.items()}
    total = sum(counts.values())
    if not total:
        return "other"
    name, count = max(counts.items(), key=lambda item: item[1])
    return name if count >= _CERTAIN * total else "mixed"

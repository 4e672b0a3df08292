"""What an encoder reads of a prompt with its answer: two texts in one row, cut to its context.

Every token of an encoder looks at all others, so that two answers to one prompt cannot share it: each stands in a
document of its own, and is judged at its first token.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from samovar.chat.conversation import Conversation, Message
from samovar.tokenizer.pair_tokenizer import PairTokenizer
from samovar.train.answers import GOOD
from samovar.train.forks import Answered, Fork

_AT_ONCE = 256


class EncoderReader:
    """Conversations as rows of an encoder; counts what had to be cut."""

    def __init__(self, tokenizer: PairTokenizer, limit: int) -> None:
        """Read with ``tokenizer``, in ``limit`` tokens at most."""
        self.tokenizer, self.limit = tokenizer, limit
        self.num_read = self.num_cut = 0

    @classmethod
    def load(cls, folder: Path, limit: int) -> EncoderReader:
        """With the tokenizer in ``folder``."""
        return cls(PairTokenizer.load(folder), limit)

    @property
    def pad_id(self) -> int:
        """Fills rows; nothing looks at it."""
        return self.tokenizer.separator_id

    def forks(self, several: Iterable[Answered]) -> Iterator[Fork]:
        """One a prompt with its answers, in their order."""
        for one in several:
            rows = self._rows(one.conversations)
            judged = [(number, 0) for number in range(len(rows))]
            yield Fork([], rows, [[] for _ in rows], judged, one.labels, one.margin)

    def alone(self, conversations: Sequence[Conversation]) -> list[Fork]:
        """One a conversation, whose answer is judged."""
        return [Fork([], [row], [[]], [(0, 0)], (GOOD,)) for row in self._rows(conversations)]

    def words(self) -> list[str]:
        """What was cut, for people; nothing where nothing was."""
        if not self.num_cut:
            return []
        return [
            f"{self.num_cut} of {self.num_read} answers with their prompts are longer than the {self.limit} tokens "
            "that the encoder reads: beginnings of prompts, and then ends of answers, are left away"
        ]

    def _rows(self, conversations: Sequence[Conversation]) -> list[list[int]]:
        rows = []
        for first in range(0, len(conversations), _AT_ONCE):
            texts = [text for one in conversations[first : first + _AT_ONCE] for text in two_texts(one)]
            ids = self.tokenizer.encode(texts)
            for prompt, answer in zip(ids[::2], ids[1::2], strict=True):
                row, is_cut = self.tokenizer.join(prompt, answer, self.limit)
                self.num_read, self.num_cut = self.num_read + 1, self.num_cut + is_cut
                rows.append(row)
        return rows


def two_texts(conversation: Conversation) -> tuple[str, str]:
    """What is asked, and what is answered: all that follows the user's last message.

    One message stands as it is, several with who says them.
    """
    messages = conversation.messages
    last = next((place for place in range(len(messages) - 1, -1, -1) if messages[place].role == "user"), -1)
    return _text(messages[: last + 1]), _text(messages[last + 1 :])


def _text(messages: Sequence[Message]) -> str:
    if len(messages) == 1:
        return _said(messages[0])
    return "\n\n".join(f"{message.role}: {_said(message)}" for message in messages)


def _said(message: Message) -> str:
    calls = [
        json.dumps({"name": one.name, "arguments": one.arguments}, ensure_ascii=False) for one in message.tool_calls
    ]
    return "\n".join([*([message.content] if message.content else []), *calls])

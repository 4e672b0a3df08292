"""The chats of the people who use a server, each seen by its owner alone."""

from __future__ import annotations

import json
import re
import sqlite3
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from samovar.core.errors import RequestError
from samovar.serve.store import Store

MOST_MESSAGES = 10_000
"""Of one chat."""
_TITLE_LETTERS = 60
_EXCERPT_LETTERS = 90
_WORD = re.compile(r"\w+")
_FOUND = "FROM words w JOIN messages m ON m.number = w.rowid WHERE w.sought MATCH ?"
_FIRST_FOUND = f"SELECT m.content {_FOUND} AND m.chat_id = c.id ORDER BY m.place LIMIT 1"


class Said(NamedTuple):
    """A message of a chat."""

    role: str
    content: str
    more: dict[str, Any]
    """What else the page knows of it: tools that ran, whether it was stopped."""
    created_s: int = 0


class Outline(NamedTuple):
    """A chat without its messages."""

    id: str
    title: str
    created_s: int
    changed_s: float
    num_messages: int
    excerpt: str | None = None
    """Of the message that was found, where one was sought."""

    def check_place(self, place: int, *, param: str = "place") -> None:
        """Refuse a place that messages are missing before.

        Raises:
            RequestError: the chat is shorter; the request's field ``param`` is to blame.
        """
        if place > self.num_messages:
            raise RequestError(
                f"the chat has {self.num_messages} messages, and none can be put at place {place}",
                hint="read the chat again",
                param=param,
            )


@dataclass(frozen=True, slots=True)
class Chats:
    """All chats in ``store``. An owner is a key's id, or "" for who needs none."""

    store: Store

    def listed(self, owner: str, *, words: str = "", limit: int = 50, before_s: float | None = None) -> list[Outline]:
        """The owner's chats, those first that changed last.

        Args:
            owner: whose.
            words: only those that have all of these in one message, or in the title; beginnings of words are enough,
                and case, and е for ё, make no difference.
            limit: as many at most.
            before_s: only those that changed before.
        """
        sought = _WORD.findall(folded(words))
        if words.strip() and not sought:
            return []
        found = "SELECT c.id, c.title, c.created_s, c.changed_s, (SELECT count(*) FROM messages WHERE chat_id = c.id), "
        whose, order = "owner = ? AND c.changed_s < ?", "ORDER BY c.changed_s DESC, c.id LIMIT ?"
        those = [owner, float("inf") if before_s is None else before_s]
        with self.store.transaction() as connection:
            if not sought:
                rows = connection.execute(f"{found} NULL FROM chats c WHERE {whose} {order}", [*those, limit])
                return [Outline(*row) for row in rows]
            match = " ".join(f'"{word}"*' for word in sought)
            in_title = " AND ".join(["(' ' || c.sought) LIKE ? ESCAPE '!'"] * len(sought))
            rows = connection.execute(
                f"{found} ({_FIRST_FOUND}) FROM chats c WHERE {whose}"
                f" AND (({in_title}) OR c.id IN (SELECT m.chat_id {_FOUND})) {order}",
                [match, *those, *(f"% {word.replace('_', '!_')}%" for word in sought), match, limit],
            )
            return [Outline(*row)._replace(excerpt=_excerpt(row[5], sought)) for row in rows]

    def read(self, owner: str, chat_id: str) -> tuple[Outline, list[Said]]:
        """One chat, and all that was said in it.

        Raises:
            RequestError: the owner has no such chat.
        """
        with self.store.transaction() as connection:
            outline = owned(connection, owner, chat_id)
            rows = connection.execute(
                "SELECT role, content, more, created_s FROM messages WHERE chat_id = ? ORDER BY place", (chat_id,)
            )
            return outline, [Said(role, content, json.loads(more), when) for role, content, more, when in rows]

    def outline(self, owner: str, chat_id: str) -> Outline:
        """One chat without its messages.

        Raises:
            RequestError: the owner has no such chat.
        """
        with self.store.transaction() as connection:
            return owned(connection, owner, chat_id)

    def create(self, owner: str, messages: Sequence[Said], *, title: str | None = None) -> Outline:
        """A new chat; where no title is given, it is what was said first."""
        chat_id, now = f"chat_{uuid.uuid4().hex}", time.time()
        chosen = title if title is not None else title_of(messages)
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO chats VALUES (?, ?, ?, ?, ?, ?)",
                (chat_id, owner, chosen, _seekable(chosen), int(now), now),
            )
            _write(connection, chat_id, 0, messages)
            return owned(connection, owner, chat_id)

    def write(
        self,
        owner: str,
        chat_id: str,
        messages: Sequence[Said],
        *,
        place: int | None = None,
        unchanged_since_s: float | None = None,
    ) -> Outline:
        """Let ``messages`` be what the chat has from ``place`` on; by default they come after all others.

        With a place, writing twice is as writing once, so that who got no answer can ask again.

        Args:
            owner: whose chat it is.
            chat_id: which.
            messages: what was said.
            place: of the first of them among the messages of the chat, from 0 on.
            unchanged_since_s: the ``changed_s`` of the chat when its writer looked last; where it changed since,
                nothing is written. None: it is written in any case.
        Raises:
            RequestError: the owner has no such chat, it is shorter than ``place``, or would be too long.
        """
        with self.store.transaction() as connection:
            outline = owned(connection, owner, chat_id)
            if unchanged_since_s not in (None, outline.changed_s):
                return outline
            start = outline.num_messages if place is None else place
            outline.check_place(start)
            if start + len(messages) > MOST_MESSAGES:
                raise RequestError(f"a chat has {MOST_MESSAGES} messages at most", hint="begin another")
            connection.execute("DELETE FROM messages WHERE chat_id = ? AND place >= ?", (chat_id, start))
            _write(connection, chat_id, start, messages)
            connection.execute("UPDATE chats SET changed_s = ? WHERE id = ?", (time.time(), chat_id))
            return owned(connection, owner, chat_id)

    def rename(self, owner: str, chat_id: str, title: str) -> Outline:
        """Give the chat another title.

        Raises:
            RequestError: the owner has no such chat.
        """
        with self.store.transaction() as connection:
            owned(connection, owner, chat_id)
            connection.execute(
                "UPDATE chats SET title = ?, sought = ? WHERE id = ?", (title, _seekable(title), chat_id)
            )
            return owned(connection, owner, chat_id)

    def delete(self, owner: str, chat_id: str) -> None:
        """Forget the chat and all that was said in it, for good.

        Raises:
            RequestError: the owner has no such chat.
        """
        with self.store.transaction() as connection:
            owned(connection, owner, chat_id)
            connection.execute("DELETE FROM messages WHERE chat_id = ?", (chat_id,))
            connection.execute("DELETE FROM chats WHERE id = ?", (chat_id,))


def title_of(messages: Sequence[Said]) -> str:
    """The beginning of what the user said first, on one line."""
    said = next((one.content for one in messages if one.role == "user"), "")
    line = " ".join(said.split())
    if len(line) <= _TITLE_LETTERS:
        return line
    cut = line[:_TITLE_LETTERS]
    return (cut.rpartition(" ")[0] or cut) + "…"


def folded(text: str) -> str:
    """Text as it is sought: case makes no difference, nor does ё."""
    return text.casefold().replace("ё", "е")


def _seekable(title: str) -> str:
    """The words of a title, a space before each, so that their beginnings can be sought."""
    return " ".join(_WORD.findall(folded(title)))


def owned(connection: sqlite3.Connection, owner: str, chat_id: str) -> Outline:
    """A chat of the owner's, within a transaction.

    Raises:
        RequestError: the owner has no such chat.
    """
    row = connection.execute(
        "SELECT id, title, created_s, changed_s, (SELECT count(*) FROM messages WHERE chat_id = chats.id)"
        " FROM chats WHERE id = ? AND owner = ?",
        (chat_id, owner),
    ).fetchone()
    if row is None:
        raise RequestError(f"there is no chat {chat_id[:80]!r}", hint="it may be deleted", code="chat_not_found")
    return Outline(*row)


def _write(connection: sqlite3.Connection, chat_id: str, start: int, messages: Sequence[Said]) -> None:
    now = int(time.time())
    for place, said in enumerate(messages, start):
        number = connection.execute(
            "INSERT INTO messages (chat_id, place, role, content, more, created_s) VALUES (?, ?, ?, ?, ?, ?)",
            (chat_id, place, said.role, said.content, json.dumps(said.more), said.created_s or now),
        ).lastrowid
        connection.execute("INSERT INTO words (rowid, sought) VALUES (?, ?)", (number, folded(said.content)))


def _excerpt(content: str | None, sought: Sequence[str]) -> str | None:
    """A line of ``content`` about the first word that was found."""
    if content is None:
        return None
    line = " ".join(content.split())
    places = [found.start() for word in sought if (found := re.search(rf"\b{re.escape(word)}", folded(line)))]
    start = max(0, min(places, default=0) - _EXCERPT_LETTERS // 3)
    cut = line[start : start + _EXCERPT_LETTERS]
    return ("…" if start else "") + cut + ("…" if start + _EXCERPT_LETTERS < len(line) else "")

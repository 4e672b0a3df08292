"""Whose the kept chats and responses are, when keys come and go.

What a key's owner said is seen with that key alone. When it is revoked or has expired, nobody sees it: until who runs
the server gives it to another key, or deletes it.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from samovar.serve.store import Store


class Belongings(NamedTuple):
    """What is kept for one owner."""

    owner: str
    """A key's id, or "" for all who needed none."""
    num_chats: int
    num_responses: int
    used_s: float
    """When the last of it was written or gone on from, in seconds since 1970."""


_EACH = """
SELECT owner, sum(is_chat), sum(1 - is_chat), max(at_s) FROM (
    SELECT owner, 1 AS is_chat, changed_s AS at_s FROM chats UNION ALL SELECT owner, 0, used_s FROM responses)
GROUP BY owner ORDER BY max(at_s) DESC
"""


def all_belongings(store: Store) -> list[Belongings]:
    """What is kept for each owner for whom there is anything; the last used first."""
    with store.transaction() as connection:
        return [Belongings(*row) for row in connection.execute(_EACH)]


def belongings(store: Store, owner: str) -> Belongings:
    """What is kept for one owner."""
    with store.transaction() as connection:
        return _of(connection, owner)


def give(store: Store, owner: str, to: str) -> Belongings:
    """Let all that is one owner's be another's; gives what that was."""
    with store.transaction() as connection:
        given = _of(connection, owner)
        for table in ("chats", "responses"):
            connection.execute(f"UPDATE {table} SET owner = ? WHERE owner = ?", (to, owner))
        return given


def delete(store: Store, owner: str) -> Belongings:
    """Forget all that is one owner's, for good; gives what that was."""
    with store.transaction() as connection:
        gone = _of(connection, owner)
        connection.execute("DELETE FROM messages WHERE chat_id IN (SELECT id FROM chats WHERE owner = ?)", (owner,))
        for table in ("chats", "responses"):
            connection.execute(f"DELETE FROM {table} WHERE owner = ?", (owner,))
        return gone


def _of(connection: sqlite3.Connection, owner: str) -> Belongings:
    found = (Belongings(*row) for row in connection.execute(_EACH))
    return next((one for one in found if one.owner == owner), Belongings(owner, 0, 0, 0.0))

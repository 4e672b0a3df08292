"""Responses that clients asked to be kept, so that a later one goes on from them by its id.

They are kept for a time and up to a number. Both count from when a response was used last: a conversation that goes on
keeps all that it goes on from.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.serve.store import Store

_DAY_S = 86_400
_USE_CHAIN = """
WITH RECURSIVE chain(id) AS (
    SELECT ? UNION SELECT r.previous FROM responses r JOIN chain ON r.id = chain.id WHERE r.previous IS NOT NULL)
UPDATE responses SET used_s = ? WHERE owner = ? AND id IN (SELECT id FROM chain)
"""
_FORGET_BEYOND = """
DELETE FROM responses WHERE id IN (
    SELECT id FROM responses WHERE owner = ? ORDER BY used_s DESC, created_s DESC LIMIT -1 OFFSET ?)
"""


class _Turn(NamedTuple):
    """What is kept of a response: what was said since the one before it."""

    id: str
    previous: str | None
    num_input: int | None
    """Of the messages, those that the client said; None where an earlier version of this program did not keep it."""
    messages: list[Message]


@dataclass(frozen=True, slots=True)
class KeptResponses:
    """The responses in ``store``; each is seen by who asked for it alone."""

    store: Store
    most_days: float | None = None
    """Since a response was used last; those before are forgotten. None: they are kept until they are deleted."""
    most_of_owner: int | None = None
    """Responses of one owner; the last used stay. None: all."""

    def keep(
        self,
        owner: str,
        told: dict[str, Any],
        asked: Sequence[Message],
        said: Sequence[Message],
        *,
        previous: str | None,
    ) -> None:
        """Keep a response, which is also a use of all that it goes on from.

        Args:
            owner: a key's id, or "" for who needs none.
            told: the response as the client gets it.
            asked: what the client said since ``previous``.
            said: the answer.
            previous: id of the response that it went on from.
        """
        turn = json.dumps([one.model_dump(mode="json", exclude_defaults=True) for one in [*asked, *said]])
        now = time.time()
        with self.store.transaction() as connection:
            self._forget_old(connection)
            connection.execute(
                "INSERT INTO responses (id, owner, previous, created_s, turn, told, num_input, used_s)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (told["id"], owner, previous, int(now), turn, json.dumps(told), len(asked), now),
            )
            connection.execute(_USE_CHAIN, (previous, now, owner))
            if self.most_of_owner is not None:
                connection.execute(_FORGET_BEYOND, (owner, self.most_of_owner))

    def conversation(self, owner: str, response_id: str) -> list[Message]:
        """All that was said up to and with a response; instructions are not of it.

        Raises:
            RequestError: it, or one that it goes on from, is not kept.
        """
        turns = self._chain(owner, response_id)
        missing = response_id if not turns else turns[0].previous
        if missing is not None:
            raise RequestError(
                f"the response {missing[:80]!r} is not kept",
                hint="ask with store: true where the answer is to be continued",
                code="previous_response_not_found",
                param="previous_response_id",
            )
        return [message for turn in turns for message in turn.messages]

    def asked(self, owner: str, response_id: str) -> list[tuple[str, Message]]:
        """What the model had before it when it made a response, each message with an id that stays the same.

        Of what it went on from, that which is still kept.

        Raises:
            RequestError: it is not kept, or an earlier version of this program kept it, without its input.
        """
        turns = self._chain(owner, response_id)
        if not turns:
            raise _not_kept(response_id)
        *_, last = turns
        if last.num_input is None:
            raise RequestError(
                f"the input of the response {response_id[:80]!r} is not kept",
                hint="an earlier version of the server kept it",
                code="response_not_found",
            )
        turns[-1] = last._replace(messages=last.messages[: last.num_input])
        return [
            (f"{turn.id.removeprefix('resp_')}_{place}", message)
            for turn in turns
            for place, message in enumerate(turn.messages)
        ]

    def read(self, owner: str, response_id: str) -> dict[str, Any]:
        """A response as it was told.

        Raises:
            RequestError: it is not kept.
        """
        with self.store.transaction() as connection:
            self._forget_old(connection)
            row = connection.execute(
                "SELECT told FROM responses WHERE id = ? AND owner = ?", (response_id, owner)
            ).fetchone()
        if row is None:
            raise _not_kept(response_id)
        told: dict[str, Any] = json.loads(row[0])
        return told

    def delete(self, owner: str, response_id: str) -> None:
        """Forget a response; those that went on from it cannot be gone on from any more.

        Raises:
            RequestError: it is not kept.
        """
        with self.store.transaction() as connection:
            gone = connection.execute("DELETE FROM responses WHERE id = ? AND owner = ?", (response_id, owner))
            if not gone.rowcount:
                raise _not_kept(response_id)

    def forget_old(self) -> None:
        """Forget what was used too long ago. Every use of the responses does so too: none is told after its time."""
        with self.store.transaction() as connection:
            self._forget_old(connection)

    def _forget_old(self, connection: sqlite3.Connection) -> None:
        if self.most_days is not None:
            oldest_s = time.time() - self.most_days * _DAY_S
            connection.execute("DELETE FROM responses WHERE used_s < ?", (oldest_s,))

    def _chain(self, owner: str, response_id: str) -> list[_Turn]:
        """A response, and what it goes on from before it, as far as that is kept."""
        turns: list[_Turn] = []
        at: str | None = response_id
        with self.store.transaction() as connection:
            self._forget_old(connection)
            while at is not None:
                row = connection.execute(
                    "SELECT id, previous, num_input, turn FROM responses WHERE id = ? AND owner = ?", (at, owner)
                ).fetchone()
                if row is None:
                    break
                turn_id, at, num_input, said = row
                messages = [Message.model_validate(one) for one in json.loads(said)]
                turns.append(_Turn(turn_id, at, num_input, messages))
        return turns[::-1]


def _not_kept(response_id: str) -> RequestError:
    return RequestError(
        f"the response {response_id[:80]!r} is not kept", hint="ask with store: true", code="response_not_found"
    )

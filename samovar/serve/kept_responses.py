"""Responses that clients asked to be kept, so that a later one goes on from them by its id."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samovar.chat.conversation import Message
from samovar.core.errors import RequestError
from samovar.serve.store import Store


@dataclass(frozen=True, slots=True)
class KeptResponses:
    """The responses in ``store``; each is seen by who asked for it alone."""

    store: Store

    def keep(self, owner: str, told: dict[str, Any], turn: Sequence[Message], *, previous: str | None) -> None:
        """Keep a response.

        Args:
            owner: a key's id, or "" for who needs none.
            told: the response as the client gets it.
            turn: what was said since ``previous``, the answer with it.
            previous: id of the response that it went on from.
        """
        said = json.dumps([one.model_dump(mode="json", exclude_defaults=True) for one in turn])
        with self.store.transaction() as connection:
            connection.execute(
                "INSERT INTO responses (id, owner, previous, created_s, turn, told) VALUES (?, ?, ?, ?, ?, ?)",
                (told["id"], owner, previous, int(time.time()), said, json.dumps(told)),
            )

    def conversation(self, owner: str, response_id: str) -> list[Message]:
        """All that was said up to and with a response; instructions are not of it.

        Raises:
            RequestError: it, or one that it goes on from, is not kept.
        """
        turns: list[list[Any]] = []
        at: str | None = response_id
        with self.store.transaction() as connection:
            while at is not None:
                row = connection.execute(
                    "SELECT previous, turn FROM responses WHERE id = ? AND owner = ?", (at, owner)
                ).fetchone()
                if row is None:
                    raise RequestError(
                        f"the response {at[:80]!r} is not kept",
                        hint="ask with store: true what is to be gone on from",
                        code="previous_response_not_found",
                        param="previous_response_id",
                    )
                at = row[0]
                turns.append(json.loads(row[1]))
        return [Message.model_validate(one) for turn in reversed(turns) for one in turn]

    def read(self, owner: str, response_id: str) -> dict[str, Any]:
        """A response as it was told.

        Raises:
            RequestError: it is not kept.
        """
        with self.store.transaction() as connection:
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


def _not_kept(response_id: str) -> RequestError:
    return RequestError(
        f"the response {response_id[:80]!r} is not kept", hint="ask with store: true", code="response_not_found"
    )

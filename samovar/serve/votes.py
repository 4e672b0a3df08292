"""What people think of answers: that one is good or bad, or which of two is better.

A vote keeps all that training and lineage need: the conversation as the model was shown it, the answers with the calls
of tools in them, who gave them, and how they were drawn. It belongs to a chat, and goes when that chat is deleted.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from samovar.chat.conversation import Message, ToolCall
from samovar.core.errors import MissingError, RequestError
from samovar.serve.chats import Said, owned
from samovar.serve.shapes.chats import StandingVote
from samovar.serve.store import Store

Verdict = Literal["good", "bad", "left", "right", "tie", "both_bad"]
Review = Literal["new", "accepted", "rejected"]
REVIEWS: tuple[Review, ...] = ("accepted", "rejected", "new")
OF_ONE: tuple[Verdict, ...] = ("good", "bad")
"""Verdicts on one answer; the others are on two."""
_VOTE = "id, verdict, review, created_s, row"
_AT_ONCE = 100


class Answered(NamedTuple):
    """One of the answers that were voted on."""

    content: str
    steps: Sequence[Mapping[str, Any]] = ()
    """Tools that ran for it: name, arguments, result."""
    model: str | None = None
    """Who gave it."""
    sampling: Mapping[str, Any] = {}
    """How it was drawn."""
    thought: str = ""
    """Before it."""

    def messages(self) -> list[dict[str, Any]]:
        """The answer as it was made, calls of tools included; in OpenAI's shape."""
        made: list[Message] = []
        for number, step in enumerate(self.steps):
            call = ToolCall(id=f"call_{number}", name=step["name"], arguments=step["arguments"])
            made += [
                Message(role="assistant", content="", tool_calls=[call]),
                Message(role="tool", content=step["result"], tool_call_id=call.id, name=call.name),
            ]
        last = Message(role="assistant", content=self.content, reasoning_content=self.thought)
        return [one.to_openai() for one in [*made, last]]


class Shown(NamedTuple):
    """What the model was shown before it answered."""

    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]]
    text: str
    """As rendered, with the marks of turns."""

    def row(self) -> dict[str, Any]:
        """As a part of a row of preferences."""
        tools = {"tools": list(self.tools)} if self.tools else {}
        return {"messages": [one.to_openai() for one in self.messages], **tools, "rendered": self.text}


class Vote(NamedTuple):
    """A vote as it is kept."""

    id: str
    verdict: Verdict
    review: Review
    created_s: float
    row: dict[str, Any]
    """The preference, as ``samovar.chat.preferences`` reads it."""

    @property
    def question(self) -> str:
        """What the user said last."""
        return next((one["content"] for one in reversed(self.row["messages"]) if one["role"] == "user"), "")

    @property
    def answers(self) -> list[str]:
        """The text of the one answer, or of the left and the right one."""
        sides = [self.row["messages"]] if self.verdict in OF_ONE else [self.row["left"], self.row["right"]]
        return [side[-1]["content"] for side in sides]

    def exported(self) -> dict[str, Any]:
        """A line of a file of preferences."""
        return {**self.row, "id": self.id, "created_at": int(self.created_s), "review": self.review}


@dataclass(frozen=True, slots=True)
class Votes:
    """All votes in ``store``."""

    store: Store

    def cast(
        self,
        owner: str,
        chat_id: str,
        place: int,
        verdict: Verdict,
        answers: Sequence[Answered],
        shown: Shown,
    ) -> str:
        """Keep a vote; gives its id. A verdict on one answer takes the place of an earlier one on it.

        Args:
            owner: whose chat it is.
            chat_id: which.
            place: of the answer in the chat.
            verdict: on one answer, or on the left and the right one of ``answers``.
            answers: one, or two.
            shown: what was answered.
        Raises:
            RequestError: the owner has no such chat.
        """
        if verdict in OF_ONE:
            (answer,) = answers
            row = shown.row()
            row["messages"] += answer.messages()
            row |= {"label": verdict == "good", "model": answer.model, "sampling": dict(answer.sampling)}
        else:
            sides = dict(zip(("left", "right"), answers, strict=True))
            row = shown.row() | {side: answer.messages() for side, answer in sides.items()} | {"vote": verdict}
            row["models"] = {side: answer.model for side, answer in sides.items()}
            row["sampling"] = {side: dict(answer.sampling) for side, answer in sides.items()}
        vote_id = f"vote_{uuid.uuid4().hex}"
        with self.store.transaction() as connection:
            owned(connection, owner, chat_id)
            if verdict in OF_ONE:
                connection.execute(
                    "DELETE FROM votes WHERE chat_id = ? AND place = ? AND answer = ?",
                    (chat_id, place, answers[0].content),
                )
            connection.execute(
                "INSERT INTO votes (id, chat_id, place, answer, verdict, row, created_s) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    vote_id, chat_id, place, answers[0].content if verdict in OF_ONE else None, verdict,
                    json.dumps(row), time.time(),
                ),
            )  # fmt: skip
        return vote_id

    def withdraw(self, owner: str, chat_id: str, vote_id: str) -> None:
        """Forget a vote.

        Raises:
            RequestError: the owner has no such chat, or there is no such vote on it.
        """
        with self.store.transaction() as connection:
            owned(connection, owner, chat_id)
            gone = connection.execute("DELETE FROM votes WHERE id = ? AND chat_id = ?", (vote_id, chat_id))
            if not gone.rowcount:
                raise RequestError(f"there is no vote {vote_id[:80]!r} on this chat", code="vote_not_found")

    def on(self, owner: str, chat_id: str, messages: Sequence[Said]) -> dict[int, StandingVote]:
        """The votes on single answers that still stand in the chat, by their places.

        Raises:
            RequestError: the owner has no such chat.
        """
        with self.store.transaction() as connection:
            owned(connection, owner, chat_id)
            rows = connection.execute(
                "SELECT place, id, verdict, answer FROM votes WHERE chat_id = ? AND answer IS NOT NULL", (chat_id,)
            ).fetchall()
        return {
            place: {"id": vote_id, "vote": verdict}
            for place, vote_id, verdict, answer in rows
            if place < len(messages) and messages[place].content == answer
        }

    def each(self, review: Review | None = None) -> Iterator[Vote]:
        """Everybody's votes, the first ones first, a few in memory at a time; with ``review``, those that stand so."""
        number = 0
        while True:
            with self.store.transaction() as connection:
                rows = connection.execute(
                    f"SELECT number, {_VOTE} FROM votes WHERE number > ? AND (? IS NULL OR review = ?)"
                    " ORDER BY number LIMIT ?",
                    (number, review, review, _AT_ONCE),
                ).fetchall()
            yield from (_vote(row[1:]) for row in rows)
            if len(rows) < _AT_ONCE:
                return
            number = rows[-1][0]

    def latest(self, limit: int) -> list[Vote]:
        """The last so many, the first of them first."""
        with self.store.transaction() as connection:
            rows = connection.execute(f"SELECT {_VOTE} FROM votes ORDER BY number DESC LIMIT ?", (limit,))
            return [_vote(row) for row in rows][::-1]

    def ids(self, review: Review | None = None) -> list[str]:
        """Of all votes, or of those that stand so."""
        with self.store.transaction() as connection:
            rows = connection.execute("SELECT id FROM votes WHERE ? IS NULL OR review = ?", (review, review))
            return [vote_id for (vote_id,) in rows]

    def counts(self) -> dict[Review, int]:
        """How many stand how."""
        with self.store.transaction() as connection:
            found = dict(connection.execute("SELECT review, count(*) FROM votes GROUP BY review"))
        return {review: found.get(review, 0) for review in REVIEWS}

    def judge(self, vote_id: str, review: Review) -> None:
        """Say whether a vote is to be learnt from.

        Raises:
            MissingError: it is not there, or not any more.
        """
        with self.store.transaction() as connection:
            changed = connection.execute("UPDATE votes SET review = ? WHERE id = ?", (review, vote_id))
            if not changed.rowcount:
                raise MissingError(f"the vote {vote_id} is gone", hint="it was withdrawn, or its chat deleted")


def _vote(row: Sequence[Any]) -> Vote:
    vote_id, verdict, review, created_s, told = row
    return Vote(vote_id, verdict, review, created_s, json.loads(told))

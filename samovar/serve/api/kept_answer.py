"""An answer that the server itself writes into a chat which it keeps.

The page could do that alone, but for a page that is closed in the middle of an answer: what was said by then would be
lost, and so would be the rest, which a stream makes for a while without a reader (``serve/streams.py``).
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from samovar.agent.events import Finished
from samovar.core.errors import RequestError, SamovarError
from samovar.serve.api.chat_reply import ChatReply
from samovar.serve.chats import Chats, Said
from samovar.serve.context import current_owner
from samovar.serve.errors import log_failure
from samovar.serve.service import Events
from samovar.serve.shapes.chat import ChatPlace
from samovar.serve.shapes.chats import Note
from samovar.serve.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer is to be written."""

    chats: Chats
    owner: str
    chat_id: str
    number: int
    changed_s: float
    """When the chat changed last before the model was asked. Who wrote since then knows better what was said."""

    def write(self, said: Said) -> None:
        """Write the answer down. It is given, too, where that fails."""
        try:
            self.chats.write(self.owner, self.chat_id, [said], place=self.number, unchanged_since_s=self.changed_s)
        except SamovarError as error:  # of a chat that was deleted meanwhile nothing is logged
            log_failure(error)


async def find_place(store: Store | None, asked: ChatPlace) -> Place:
    """Where the caller wants the answer.

    Raises:
        RequestError: the server keeps no chats, the caller has no such chat, or it is shorter.
    """
    if store is None:
        raise RequestError(
            "this server keeps no chats",
            hint="leave it out, or set serve.keep_chats to true",
            code="unsupported_value",
            param="samovar",
        )
    chats, owner = Chats(store), current_owner()
    outline = await asyncio.to_thread(chats.outline, owner, asked.chat)
    outline.check_place(asked.place, param="samovar.place")
    return Place(chats, owner, asked.chat, asked.place, outline.changed_s)


async def written(events: Events, reply: ChatReply, place: Place) -> Events:
    """The events of an answer, which is on the disk before its end is told; half of it, where it ends early.

    Args:
        events: of one answer or several, of which the first is written.
        reply: takes in every event before the next is asked for.
        place: where it is written.
    """
    loop = asyncio.get_running_loop()
    is_begun = is_written = False
    note: Note = "stopped"
    async with aclosing(events):
        try:
            async for index, event in events:
                if isinstance(event, Finished) and index == 0:
                    is_written = True
                    why: Note = "rounds_spent" if event.has_spent_rounds else "cut_short"
                    cut = (why,) if event.finish_reason == "length" else ()
                    await asyncio.to_thread(place.write, _said(reply, *cut))
                is_begun = True
                yield index, event
        except Exception:
            note = "failed"
            raise
        finally:
            if is_begun and not is_written:
                # Not waited for: who was cancelled may be cancelled again at every wait. The thread ends by itself.
                loop.run_in_executor(None, place.write, _said(reply, note))


def _said(reply: ChatReply, *notes: Note) -> Said:
    answer = reply.message(0)
    more: dict[str, Any] = {"model": reply.maker} | ({"notes": list(notes)} if notes else {})
    if "samovar" in answer and (steps := answer["samovar"]["steps"]):
        more["steps"] = steps
    if thought := answer.get("reasoning_content"):
        more["reasoning_content"] = thought
    return Said("assistant", reply.begun + (answer["content"] or ""), more)

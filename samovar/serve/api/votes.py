"""/api/chats/{id}/votes: say what one thinks of an answer, or of two, and take it back."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from samovar.agent.agent import with_system
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.core.errors import RequestError
from samovar.serve.chats import Chats, Said
from samovar.serve.context import current_owner
from samovar.serve.service import AsciiJson, Service, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.votes import GoneVote, NewVote, OtherAnswer, ToldVote
from samovar.serve.votes import OF_ONE, Answered, Shown, Votes


@dataclass(slots=True)
class VoteApi:
    """Keeps votes on the caller's own chats. The texts are the store's: a vote only names their place."""

    service: Service
    chats: Chats
    votes: Votes

    async def cast(self, request: Request) -> Response:
        """A vote; it is on the disk when this answers."""
        asked = read_as(NewVote, await read_content(request))
        vote_id = await asyncio.to_thread(self._cast, current_owner(), request.path_params["id"], asked)
        reply: ToldVote = {"id": vote_id, "object": "vote", "vote": asked.vote, "place": asked.place}
        return AsciiJson(reply)

    async def withdraw(self, request: Request) -> Response:
        """Take a vote back."""
        chat_id, vote_id = request.path_params["id"], request.path_params["vote"]
        await asyncio.to_thread(self.votes.withdraw, current_owner(), chat_id, vote_id)
        reply: GoneVote = {"id": vote_id, "object": "vote.deleted", "deleted": True}
        return AsciiJson(reply)

    def _cast(self, owner: str, chat_id: str, asked: NewVote) -> str:
        _, messages = self.chats.read(owner, chat_id)
        answers = self._answers(messages, asked)
        shown = self._shown(messages[: asked.place], messages[asked.place].more.get("told"))
        return self.votes.cast(owner, chat_id, asked.place, asked.vote, answers, shown)

    def _answers(self, messages: Sequence[Said], asked: NewVote) -> list[Answered]:
        """What was voted on, the left one first."""
        said = messages[asked.place] if asked.place < len(messages) else None
        if said is None or said.role != "assistant" or not said.content:
            raise RequestError(
                f"there is no answer at place {asked.place} of the chat", hint="read the chat again", param="place"
            )
        habit = {"temperature": self.service.settings.temperature, "top_p": self.service.settings.top_p}
        own = Answered(said.content, said.more.get("steps", ()), said.more.get("model"), habit)
        other = asked.other
        if (other is None) != (asked.vote in OF_ONE):
            what = "needs the other answer" if other is None else "is on one answer, and another was sent"
            raise RequestError(f"the vote {asked.vote!r} {what}", hint="good and bad go without other", param="other")
        if other is None:
            return [own]
        if other.content == own.content:
            raise RequestError("both answers say the same", hint="there is nothing to choose", param="other.content")
        beside = _answered(other, habit)
        return [beside, own] if other.side == "left" else [own, beside]

    def _shown(self, before: Sequence[Said], told: int | None) -> Shown:
        """What the model was shown of what was said before: the turns without the questions that got no answer.

        Args:
            before: all that was said.
            told: how many of those turns, where the beginning was left out.
        """
        last = len(before) - 1
        said = [
            Message(role=one.role, content=one.content)
            for number, one in enumerate(before)
            if (one.content if one.role == "assistant" or number == last else before[number + 1].content)
        ]
        service = self.service
        shown = with_system(said[-told:] if told else said, service.settings.system)
        offered = service.own_tools().offered
        ids = prompt_ids(shown, service.tokenizer, tools=offered)
        return Shown(shown, offered, service.tokenizer.decode(ids, skip_special=False))


def _answered(other: OtherAnswer, habit: dict[str, float]) -> Answered:
    sampling = habit if other.temperature is None else {**habit, "temperature": other.temperature}
    return Answered(other.content, [step.model_dump() for step in other.steps], other.model, sampling)

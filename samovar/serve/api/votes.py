"""/api/chats/{id}/votes: say what one thinks of an answer, or of two, and take it back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from samovar.agent.agent import with_system
from samovar.chat.conversation import Message
from samovar.chat.rows import prompt_ids
from samovar.chat.thought import options_for
from samovar.core.errors import RequestError
from samovar.serve.context import current_owner
from samovar.serve.service import AsciiJson, Service, naming_param, read_content
from samovar.serve.shapes.body import read_as
from samovar.serve.shapes.votes import GoneVote, NewVote, ToldVote, VotedAnswer
from samovar.serve.votes import OF_ONE, Answered, Shown, Votes


@dataclass(slots=True)
class VoteApi:
    """Keeps votes on the caller's own chats: of what was seen, whatever the chat has become since."""

    service: Service
    votes: Votes

    async def cast(self, request: Request) -> Response:
        """A vote; it is on the disk when this answers."""
        asked = read_as(NewVote, await read_content(request))
        _check_number(asked)
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
        service = self.service
        said = [Message(role=one.role, content=one.content) for one in asked.messages]
        shown, offered = with_system(said, service.settings.system), service.own_tools().offered
        with naming_param("messages"):
            options = options_for(service.settings.thinking)
            ids = prompt_ids(shown, service.tokenizer, tools=offered, options=options)
        text = service.tokenizer.decode(ids, skip_special=False)
        answers = [self._answered(one) for one in asked.answers]
        return self.votes.cast(owner, chat_id, asked.place, asked.vote, answers, Shown(shown, offered, text))

    def _answered(self, answer: VotedAnswer) -> Answered:
        settings = self.service.settings
        temperature = settings.temperature if answer.temperature is None else answer.temperature
        sampling = {"temperature": temperature, "top_p": settings.top_p}
        steps = [step.model_dump() for step in answer.steps]
        return Answered(answer.content, steps, answer.model, sampling, answer.reasoning_content)


def _check_number(asked: NewVote) -> None:
    """Refuse a vote on fewer or more answers than it is of."""
    wanted = 1 if asked.vote in OF_ONE else 2
    if len(asked.answers) != wanted:
        raise RequestError(
            f"the vote {asked.vote!r} is on {'one answer' if wanted == 1 else 'two answers'}, and"
            f" {len(asked.answers)} came",
            hint="good and bad are of one, all others of two",
            param="answers",
        )
    if wanted == 2 and asked.answers[0].content == asked.answers[1].content:
        raise RequestError("both answers say the same", hint="there is nothing to choose", param="answers")

"""Answers criticised and revised by rules, so that the assistant can learn to give the better ones at once.

Source: Bai et al. 2022, arXiv:2212.08073, section 3.1: for each round a rule is drawn, the model criticises its last
answer by it, and then writes it anew; what is learnt is the last revision, as if it had been said straight away.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from samovar.chat.conversation import Conversation, Message
from samovar.chat.preferences import Messages
from samovar.train.feedback.asking import Ask
from samovar.train.feedback.constitution import Constitution, Rule, language_of
from samovar.train.feedback.ledger import Asker
from samovar.train.feedback.wording import ask_to_criticise, ask_to_revise


class Round(NamedTuple):
    """One criticism, and what came of it."""

    rule: Rule
    criticism: str
    revision: str


class Revised(NamedTuple):
    """An answer on its way."""

    prompt: Messages
    draft: str
    rounds: tuple[Round, ...] = ()

    @property
    def answer(self) -> str:
        """As it stands now."""
        return self.rounds[-1].revision if self.rounds else self.draft

    def conversation(self, **told: Any) -> Conversation:
        """The prompt and the last revision, as a row to learn; how it came about, and ``told``, are its notes."""
        rounds = [
            {"rule": one.rule.text, "topic": one.rule.topic, "criticism": one.criticism, "revision": one.revision}
            for one in self.rounds
        ]
        meta = {"source": "revision", **told, "draft": self.draft, "rounds": rounds}
        return Conversation(messages=[*self.prompt, Message(role="assistant", content=self.answer)], meta=meta)


def revise(
    drafts: Sequence[Revised], constitution: Constitution, asker: Asker, *, rounds: int, max_tokens: int, seed: int
) -> list[Revised]:
    """Criticise and revise each ``rounds`` times. What comes out empty, or is too long to be asked, stays as it was.

    Raises:
        ResourceError, ConfigError: who is asked does not answer.
    """
    current = list(drafts)
    for number in range(rounds):
        open_ = [place for place, one in enumerate(current) if one.draft.strip() and len(one.rounds) == number]
        rules = {place: _rule(constitution, current[place], place, number, seed=seed) for place in open_}
        requests = [ask_to_criticise(current[one].prompt, current[one].answer, rules[one]) for one in open_]
        criticisms = asker.ask("criticise", [Ask(one, max_tokens=max_tokens) for one in requests])
        able = [
            (place, request, reply.text)
            for place, request, reply in zip(open_, requests, criticisms, strict=True)
            if reply.text
        ]
        wanted = [
            Ask(ask_to_revise(request, said, rules[place]), max_tokens=max_tokens) for place, request, said in able
        ]
        for (place, _, said), reply in zip(able, asker.ask("revise", wanted), strict=True):
            if reply.text:
                one = current[place]
                current[place] = one._replace(rounds=(*one.rounds, Round(rules[place], said, reply.text)))
    return current


def _rule(constitution: Constitution, one: Revised, place: int, number: int, *, seed: int) -> Rule:
    """A rule in the prompt's language, drawn for this prompt and round."""
    rules = constitution.for_language(language_of(one.prompt[-1].content))
    return random.Random(f"{seed}/{place}/{number}").choice(rules)

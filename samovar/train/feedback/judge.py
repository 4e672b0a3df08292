"""Which of two answers keeps the rules better, asked twice with the answers swapped.

A judge prefers whoever stands first, or last, more often than the answers deserve (Zheng et al. 2023,
arXiv:2306.05685, section 3.3). A verdict that turns with the order says nothing of the answers. Where the judge tells
probabilities, a leaning that adds to its log-odds goes out of the mean of both orders: with d what the answers deserve
and c the leaning, the two verdicts are d + c and -d + c, and half of their difference is d.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from samovar.chat.conversation import Conversation, Message
from samovar.chat.preferences import Messages
from samovar.train.feedback.asking import Ask, Reply
from samovar.train.feedback.constitution import Constitution, Rule, language_of
from samovar.train.feedback.ledger import Asker
from samovar.train.feedback.settings import JudgingSettings
from samovar.train.feedback.wording import LETTERS, WORDINGS, ask_to_judge

Winner = Literal["left", "right", "tie"]


class Compared(NamedTuple):
    """Two answers to one prompt, and the rules they are judged by."""

    prompt: Messages
    left: str
    right: str
    rules: tuple[Rule, ...]


class Verdict(NamedTuple):
    """Who won."""

    winner: Winner | None
    """None where the judge gave no verdict."""
    is_flipped: bool = False
    """Whether it turned with the order of the answers."""
    margin: float | None = None
    """Mean log-odds of the left one, in nats; None where the judge tells no probabilities."""
    first: int = 0
    """How often, of the two times, the answer that stood first was preferred."""
    problem: str = ""

    def to_json(self) -> dict[str, Any]:
        """For a row of a file."""
        margin = None if self.margin is None else round(self.margin, 4)
        found = {"winner": self.winner, "flipped": self.is_flipped, "margin": margin, "problem": self.problem}
        return {key: value for key, value in found.items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares answers."""

    asker: Asker
    reasons: bool = False
    """Whether it is to say first what speaks for each answer."""
    max_tokens: int = 256
    """Longest reasoning."""
    flips: Literal["tie", "mean"] = "tie"
    """What becomes of a verdict that turns with the order; ``mean`` decides by the margin."""
    min_margin: float = 0.0
    """A smaller one is a tie."""

    @classmethod
    def of(cls, how: JudgingSettings, asker: Asker) -> Judge:
        """Who compares as the settings have it."""
        return cls(asker, how.judge.reasons, how.judge.max_tokens, how.flips, how.min_margin)

    def compare_all(self, pairs: Sequence[Compared]) -> list[Verdict]:
        """The verdict on each pair. Equal answers are a tie, of which the judge is not asked.

        Raises:
            DataError: nothing that the judge says can be read.
            ResourceError, ConfigError: it does not answer.
        """
        asked = [pair for pair in pairs if pair.left != pair.right]
        orders = [_swapped(pair, is_swapped) for pair in asked for is_swapped in (False, True)]
        told = iter(self._letters(orders))
        replies = [(next(told), next(told)) for _ in asked]
        found = iter([self._verdict(*both) for both in replies])
        return [next(found) if pair.left != pair.right else Verdict("tie") for pair in pairs]

    def _letters(self, pairs: Sequence[Compared]) -> list[Reply]:
        """Which answer is better in each pair as it stands."""
        if not self.reasons:
            return self.asker.ask("judge", [Ask(question(pair), is_choice=True) for pair in pairs])
        words = [WORDINGS[pair.rules[0].language] for pair in pairs]
        weighing = [_question(pair, say.weigh) for pair, say in zip(pairs, words, strict=True)]
        weighed = self.asker.ask("weigh", [Ask(one, max_tokens=self.max_tokens) for one in weighing])
        reasoned = [
            (*one, Message(role="assistant", content=reply.text or "…"), Message(role="user", content=say.decide))
            for one, reply, say in zip(weighing, weighed, words, strict=True)
        ]
        return self.asker.ask("judge", [Ask(one, is_choice=True) for one in reasoned])

    def _verdict(self, straight: Reply, swapped: Reply) -> Verdict:
        problem = straight.problem or swapped.problem
        if problem:
            return Verdict(None, problem=problem)
        first = [one.letter == LETTERS[0] for one in (straight, swapped)]
        is_flipped = first[0] == first[1]
        margin = None
        if straight.log_odds is not None and swapped.log_odds is not None:
            margin = (straight.log_odds - swapped.log_odds) / 2
        winner: Winner = "left" if first[0] else "right"
        if is_flipped:
            winner = "tie" if self.flips == "tie" or not margin else "left" if margin > 0 else "right"
        if margin is not None and abs(margin) < self.min_margin:
            winner = "tie"
        return Verdict(winner, is_flipped, margin, sum(first))


class Leaning(NamedTuple):
    """How a judge dealt with the order of answers."""

    judged: int
    """Pairs with a verdict that it was asked for."""
    flipped: int
    """Of these, whose verdict turned with the order."""
    first: int
    """Of all single verdicts, two a pair, those for the answer that stood first."""
    unanswered: Counter[str]
    """Pairs without a verdict, by what was the matter."""

    @classmethod
    def of(cls, pairs: Sequence[Compared], verdicts: Sequence[Verdict]) -> Leaning:
        """Counted."""
        asked = [one for pair, one in zip(pairs, verdicts, strict=True) if pair.left != pair.right]
        judged = [one for one in asked if one.winner is not None]
        return cls(
            len(judged),
            sum(one.is_flipped for one in judged),
            sum(one.first for one in judged),
            Counter(one.problem for one in asked if one.problem),
        )

    @classmethod
    def of_all(cls, several: Iterable[Leaning]) -> Leaning:
        """Added up."""
        every = list(several)
        return cls(
            sum(one.judged for one in every),
            sum(one.flipped for one in every),
            sum(one.first for one in every),
            sum((one.unanswered for one in every), Counter()),
        )

    def shares(self) -> dict[str, float]:
        """Of the verdicts those that turned with the order, and of single ones those for who stood first."""
        return {
            "flipped_share": share(self.flipped, self.judged),
            "first_share": share(self.first, 2 * self.judged),
        }


def share(count: int, total: int) -> float:
    """Of nothing it is 0."""
    return round(count / total, 4) if total else 0.0


def rules_for(constitution: Constitution, prompt: Messages, count: int | None, draw: random.Random) -> tuple[Rule, ...]:
    """The rules that a judge sees beside answers to ``prompt``: ``count`` of those in its language, None for all."""
    rules = constitution.for_language(language_of(prompt[-1].content))
    return rules if count is None or count >= len(rules) else tuple(draw.sample(rules, count))


def _swapped(pair: Compared, is_swapped: bool) -> Compared:
    return pair._replace(left=pair.right, right=pair.left) if is_swapped else pair


def question(pair: Compared) -> Messages:
    """What a judge is asked about a pair as it stands."""
    return _question(pair, WORDINGS[pair.rules[0].language].decide)


def lessons(pair: Compared, winner: Winner) -> list[Conversation]:
    """What a judge would rightly have said, in both orders: rows that teach a model to judge; none of a tie."""
    if winner == "tie":
        return []
    rows = []
    for is_swapped in (False, True):
        letter = LETTERS[(winner == "right") != is_swapped]
        said = Message(role="assistant", content=letter)
        rows.append(Conversation(messages=[*question(_swapped(pair, is_swapped)), said], meta={"source": "judging"}))
    return rows


def _question(pair: Compared, asked: str) -> Messages:
    brief = ask_to_judge(pair.prompt, pair.left, pair.right, pair.rules, language=pair.rules[0].language)
    return (Message(role="user", content=f"{brief}\n\n{asked}"),)

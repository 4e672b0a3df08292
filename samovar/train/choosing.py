"""Which of several answers to a prompt are better: as a reward model scores them, or as a judge compares them by rules.

Axes: P prompts, G answers to each.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple, Protocol

import numpy as np

from samovar.chat.conversation import Conversation, Message
from samovar.chat.parse import parse_assistant
from samovar.chat.preferences import answered
from samovar.core.errors import DataError
from samovar.train.feedback.constitution import Constitution
from samovar.train.feedback.judge import Compared, Judge, Leaning, Verdict, rules_for
from samovar.train.scoring import RewardModel


class Scored(NamedTuple):
    """How good answers are."""

    score_PG: np.ndarray
    """float64; of a prompt's answers the better has the higher one. NaN: nobody knows."""
    leaning: Leaning | None = None
    """How the judge dealt with the order of answers, where one compared them."""


class Chooser(Protocol):
    """Says how good answers to prompts are beside each other."""

    has_scale: bool
    """Whether a score says something by itself, and not only beside those of the other answers to its prompt."""

    def score(self, prompts: Sequence[Conversation], said: Sequence[Sequence[str]]) -> Scored:
        """The scores of the answers ``said`` to each prompt, which are equally many."""
        ...


class ByReward:
    """As a reward model scores them."""

    has_scale = True

    def __init__(self, model: RewardModel) -> None:
        self._model = model

    def score(self, prompts: Sequence[Conversation], said: Sequence[Sequence[str]]) -> Scored:
        """The model's own scores, of those that are no longer with their prompt than its context.

        Raises:
            DataError: all are longer.
        """
        every = [
            answered(tuple(prompt.messages), (answer_to(prompt, text),), tuple(prompt.tools))
            for prompt, texts in zip(prompts, said, strict=True)
            for text in texts
        ]
        score_PG = self._model.score_what_fits(every).astype(np.float64).reshape(len(prompts), -1)
        if np.isnan(score_PG).all():
            raise DataError(
                f"all of {score_PG.size} answers are longer with their prompt than the reward model reads",
                hint="lower dpo.on_policy.max_tokens, leave long prompts out, or train a reward model of a longer "
                "context",
            )
        return Scored(score_PG)


class ByConstitution:
    """By how many of the other answers each one wins against, as a judge compares them by rules.

    Every two different answers are compared, in both orders. A tie is half a win. Without a verdict that can be read
    two answers count as not compared; an answer without words loses, and nobody is asked.
    """

    has_scale = False

    def __init__(self, judge: Judge, constitution: Constitution, *, rules: int | None = None, seed: int = 0) -> None:
        """Compare by the rules of ``constitution``, or by so many of them that ``seed`` draws for each prompt."""
        self._judge, self._constitution, self._rules, self._seed = judge, constitution, rules, seed

    def score(self, prompts: Sequence[Conversation], said: Sequence[Sequence[str]]) -> Scored:
        """The share of comparisons won; a half where there were none.

        Raises:
            DataError: nothing that the judge says can be read.
            ResourceError, ConfigError: it does not answer.
        """
        duels = [list(self._duels(prompt, texts)) for prompt, texts in zip(prompts, said, strict=True)]
        pairs = [pair for some in duels for pair in some]
        # Equal texts are a tie in ``compare_all``; those without words were left out of it.
        asked = [pair for pair in pairs if pair.left.strip() and pair.right.strip()]
        told = iter(found := self._judge.compare_all(asked))
        score_PG = np.array(
            [
                _win_shares(texts, [(pair, _verdict(pair, told)) for pair in some])
                for texts, some in zip(said, duels, strict=True)
            ]
        )
        return Scored(score_PG, Leaning.of(asked, found))

    def _duels(self, prompt: Conversation, texts: Sequence[str]) -> Iterator[Compared]:
        asked = tuple(prompt.messages)
        draw = random.Random(f"{self._seed}/rules/{json.dumps([one.to_openai() for one in asked])}")
        rules = rules_for(self._constitution, asked, self._rules, draw)
        for left, right in combinations(dict.fromkeys(texts), 2):
            yield Compared(asked, left, right, rules)


def answer_to(prompt: Conversation, text: str) -> Message:
    """What the assistant wrote as a message: it calls tools where some were offered."""
    return parse_assistant(text) if prompt.tools else Message(role="assistant", content=text)


def _verdict(pair: Compared, told: Iterator[Verdict]) -> Verdict:
    """The next one told; who says nothing has lost without one."""
    if pair.left.strip() and pair.right.strip():
        return next(told)
    if not pair.left.strip() and not pair.right.strip():
        return Verdict("tie")
    return Verdict("left" if pair.left.strip() else "right")


def _win_shares(texts: Sequence[str], verdicts: Sequence[tuple[Compared, Verdict]]) -> list[float]:
    """Of each text, in their order, the share of its comparisons that it won."""
    won: dict[str, list[float]] = {text: [] for text in texts}
    for pair, verdict in verdicts:
        if verdict.winner is not None:
            of_left = {"left": 1.0, "right": 0.0, "tie": 0.5}[verdict.winner]
            won[pair.left].append(of_left)
            won[pair.right].append(1.0 - of_left)
    return [sum(won[text]) / len(won[text]) if won[text] else 0.5 for text in texts]


def win_rate(chooser: Chooser, prompts: Sequence[Conversation], now: Sequence[str], before: Sequence[str]) -> float:
    """How often the answer ``now`` is better than the one ``before`` it to the same prompt, ties as halves."""
    score_PG = chooser.score(prompts, list(zip(now, before, strict=True))).score_PG
    return known_mean((np.sign(score_PG[:, 0] - score_PG[:, 1]) + 1) / 2, otherwise=0.5)


def known_mean(values: np.ndarray, *, otherwise: float = 0.0) -> float:
    """The mean of what is not NaN."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else otherwise


def facts_of(leanings: Sequence[Leaning]) -> dict[str, Any]:
    """What is told of how a judge judged; nothing where there was none."""
    if not leanings:
        return {}
    leaning = Leaning.of_all(leanings)
    return {"judged": leaning.judged, **leaning.shares(), "without_verdict": dict(leaning.unanswered)}

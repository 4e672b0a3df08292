"""How far a judge agrees with people, on pairs that people voted on.

Source: Zheng et al. 2023, arXiv:2306.05685, section 4: agreement among the pairs that both decide, and with ties as
votes of their own; Cohen 1960, Educational and Psychological Measurement 20 (1): kappa, which is 0 for who votes by
chance and 1 for who always agrees.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from samovar.chat.conversation import Message
from samovar.chat.preferences import Messages, Pair, read_preference
from samovar.chat.read import read_rows_as
from samovar.core.errors import DataError
from samovar.evals.intervals import wilson
from samovar.train.feedback.constitution import Language, Rule, language_of
from samovar.train.feedback.judge import Compared, Judge, Leaning, Verdict, Winner, share

_SHAPE = '{"messages": […], "left": "…", "right": "…", "vote": "left"}'


class Vote(NamedTuple):
    """Two answers, and which of them people preferred."""

    prompt: Messages
    left: str
    right: str
    winner: Winner


class Agreement(NamedTuple):
    """What came of comparing."""

    votes: int
    """Pairs on which there is a vote and a verdict."""
    decided: int
    """Of these, pairs that both decide."""
    agreed: int
    """Of the decided, those with the same winner."""
    agreed_with_ties: int
    """Of all, those with the same winner, a tie being one of three."""
    kappa: float
    """Cohen's, of all three outcomes; 0 where people and judge never vary."""
    longer_preferred: tuple[int, int]
    """Of the pairs that the judge decided: how often for the longer answer, and how many are of different lengths."""
    longer_preferred_by_people: tuple[int, int]
    leaning: Leaning

    def to_json(self) -> dict[str, Any]:
        """For a manifest, shares with their 95 % intervals."""
        return {
            "votes": self.votes,
            "agreement": _measured(self.agreed, self.decided),
            "agreement_with_ties": _measured(self.agreed_with_ties, self.votes),
            "kappa": round(self.kappa, 4),
            "flipped": _measured(self.leaning.flipped, self.leaning.judged),
            "first_preferred": _measured(self.leaning.first, 2 * self.leaning.judged),
            "longer_preferred": _measured(*self.longer_preferred),
            "longer_preferred_by_people": _measured(*self.longer_preferred_by_people),
            "left_out": dict(self.leaning.unanswered),
        }


def read_votes(path: Path, *, seed: int = 0) -> list[Vote]:
    """The votes of a file: rows with a vote, or pairs in any form of preferences.

    Of a pair it is drawn by the seed who stands left; "both bad" is a tie. Answers of several messages are left out.

    Raises:
        MissingError, ResourceError: there is no such file, or it may not be read.
        DataError: it has no pair on which people voted.
    """
    draw = random.Random(f"{seed}/votes")
    votes = [one for one in read_rows_as(_read_vote, path, what="votes", shape=_SHAPE) if one is not None]
    if not votes:
        raise DataError(f"{path} has no pair of answers on which people voted", hint=f"write one a line: {_SHAPE}")
    return [vote if is_placed or draw.random() < 0.5 else _turned(vote) for vote, is_placed in votes]


def sound_votes(votes: Sequence[Vote]) -> list[Vote]:
    """Those on two different answers that both say something.

    Raises:
        DataError: there are none.
    """
    sound = [vote for vote in votes if vote.left.strip() and vote.right.strip() and vote.left != vote.right]
    if not sound:
        raise DataError(
            f"of {len(votes)} pairs all have equal answers, or an empty one", hint="name a file of other pairs"
        )
    return sound


def compared(vote: Vote, rules_for: Callable[[Language], Sequence[Rule]]) -> Compared:
    """What a judge is shown of a vote."""
    return Compared(vote.prompt, vote.left, vote.right, tuple(rules_for(language_of(vote.prompt[-1].content))))


def measure_agreement(
    judge: Judge, votes: Sequence[Vote], rules_for: Callable[[Language], Sequence[Rule]]
) -> tuple[Agreement, list[tuple[Vote, Verdict]]]:
    """Have the judge decide what people decided, and compare.

    Args:
        judge: who.
        votes: on what; empty and equal answers are left out.
        rules_for: language of a prompt -> rules that count.
    Returns:
        what it amounts to, and each vote with its verdict.
    Raises:
        DataError: nothing is left, or the judge's verdicts cannot be read.
        ResourceError, ConfigError: it does not answer.
    """
    sound = sound_votes(votes)
    pairs = [compared(vote, rules_for) for vote in sound]
    verdicts = judge.compare_all(pairs)
    if all(one.winner is None for one in verdicts):
        problems = Counter(one.problem for one in verdicts)
        told = ", ".join(f"{what.replace('_', ' ')}: {count}" for what, count in problems.items())
        raise DataError(f"the judge gave no verdict on any of {len(sound)} pairs ({told})", hint="take another judge")
    return agreement(sound, verdicts, Leaning.of(pairs, verdicts)), list(zip(sound, verdicts, strict=True))


def agreement(votes: Sequence[Vote], verdicts: Sequence[Verdict], leaning: Leaning) -> Agreement:
    """Votes and verdicts on the same pairs, in the same order, compared."""
    both = [(vote, one.winner) for vote, one in zip(votes, verdicts, strict=True) if one.winner is not None]
    winners: list[tuple[Winner, Winner]] = [(vote.winner, winner) for vote, winner in both]
    decided = [(one, other) for one, other in winners if "tie" not in (one, other)]
    return Agreement(
        votes=len(both),
        decided=len(decided),
        agreed=sum(one == other for one, other in decided),
        agreed_with_ties=sum(one == other for one, other in winners),
        kappa=cohen_kappa(Counter(winners)),
        longer_preferred=_longer([(vote, winner) for vote, winner in both]),
        longer_preferred_by_people=_longer([(vote, vote.winner) for vote, _ in both]),
        leaning=leaning,
    )


def cohen_kappa(counts: Mapping[tuple[str, str], int]) -> float:
    """Agreement beyond that of two who vote by chance, each as often for each outcome as they do.

    Args:
        counts: (one's outcome, the other's) -> how often.
    """
    total = sum(counts.values())
    if not total:
        return 0.0
    seen = sum(count for (one, other), count in counts.items() if one == other) / total
    ones, others = Counter[str](), Counter[str]()
    for (one, other), count in counts.items():
        ones[one] += count
        others[other] += count
    by_chance = sum(ones[outcome] * others[outcome] for outcome in ones) / total**2
    return 0.0 if by_chance == 1 else (seen - by_chance) / (1 - by_chance)


def _longer(decided: Sequence[tuple[Vote, Winner]]) -> tuple[int, int]:
    uneven = [(vote, winner) for vote, winner in decided if winner != "tie" and len(vote.left) != len(vote.right)]
    return sum((winner == "left") == (len(vote.left) > len(vote.right)) for vote, winner in uneven), len(uneven)


def _measured(count: int, total: int) -> dict[str, float | int]:
    low, high = wilson(count, total)
    return {"share": share(count, total), "low": round(low, 4), "high": round(high, 4), "of": total}


def _read_vote(value: Any) -> tuple[Vote, bool] | None:
    """A row's vote, and whether the row itself says who stands where; None of what is no vote on two answers."""
    is_placed = isinstance(value, Mapping) and "vote" in value
    pair = read_preference(value)[0]
    if is_placed:
        # As if the left one had won, which tells both sides whatever the vote.
        pair = read_preference({**value, "vote": "left"})[0]
    if not isinstance(pair, Pair) or not pair.prompt:
        return None
    left, right = _text(pair.chosen), _text(pair.rejected)
    if left is None or right is None:
        return None
    outcomes: dict[str, Winner] = {"left": "left", "right": "right"}
    winner = outcomes.get(value["vote"], "tie") if is_placed else "left"
    return Vote(pair.prompt, left, right, winner), is_placed


def _text(answer: Sequence[Message]) -> str | None:
    """What a single message says; None of several, or of a call of a tool."""
    return answer[0].content if len(answer) == 1 and not answer[0].tool_calls else None


def _turned(vote: Vote) -> Vote:
    winners: dict[Winner, Winner] = {"left": "right", "right": "left", "tie": "tie"}
    return Vote(vote.prompt, vote.right, vote.left, winners[vote.winner])

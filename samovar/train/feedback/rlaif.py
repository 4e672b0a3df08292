"""Rows to learn from, made by a constitution: the assistant answers, its answers are revised and compared.

Source: Bai et al. 2022, arXiv:2212.08073. What stands in for people is named in every row.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from samovar.chat.conversation import Message
from samovar.chat.preferences import Messages
from samovar.core.errors import DataError
from samovar.core.files import write_json_lines
from samovar.train.feedback.asking import Ask
from samovar.train.feedback.constitution import Constitution
from samovar.train.feedback.judge import Compared, Judge, Leaning, Verdict, rules_for, share
from samovar.train.feedback.ledger import Asker
from samovar.train.feedback.revision import Revised, revise
from samovar.train.feedback.settings import RlaifSettings

REVISIONS, PREFERENCES, VERDICTS = "revisions.jsonl", "preferences.jsonl", "verdicts.jsonl"


class Advice(NamedTuple):
    """Who answers, who revises and who judges; one adviser may be all of them."""

    assistant: Asker
    reviser: Asker
    judge: Asker


class _Candidate(NamedTuple):
    """A pair to be judged."""

    pair: Compared
    revision: str
    """Which side the revision is: left, right, or neither."""


def rlaif(
    settings: RlaifSettings, constitution: Constitution, prompts: Sequence[Messages], advice: Advice, out: Path
) -> dict[str, Any]:
    """Write ``revisions.jsonl``, ``preferences.jsonl`` and ``verdicts.jsonl`` into ``out``.

    The first has conversations in OpenAI's form, the second pairs, the last every pair that was judged.

    Returns:
        metrics: how many of each, what was left out and why, and how the judge leans.
    Raises:
        DataError: nothing at all came of it.
        ResourceError, ConfigError: who is asked does not answer; what was said is in the ledger.
    """
    left_out: Counter[str] = Counter()
    answers = _answers(settings, prompts, advice.assistant, left_out)
    drafts = [Revised(prompt, said[0] if said else "") for prompt, said in zip(prompts, answers, strict=True)]
    revised = revise(
        drafts, constitution, advice.reviser,
        rounds=settings.revisions, max_tokens=settings.reviser.max_tokens, seed=settings.seed,
    )  # fmt: skip
    learnt = [one for one in revised if one.rounds]
    write_json_lines(
        out / REVISIONS, (one.conversation(reviser=advice.reviser.adviser.name).to_openai() for one in learnt)
    )
    candidates = _candidates(settings, constitution, revised, answers, left_out)
    pairs = [one.pair for one in candidates]
    verdicts = Judge.of(settings, advice.judge).compare_all(pairs)
    rows = [_row(pair, one, advice.judge.adviser.name) for pair, one in zip(pairs, verdicts, strict=True)]
    decided = [row for row in rows if row is not None]
    write_json_lines(out / PREFERENCES, decided)
    write_json_lines(out / VERDICTS, (_told(pair, one) for pair, one in zip(pairs, verdicts, strict=True)))
    if not learnt and not decided:
        raise DataError(_why_nothing(verdicts, left_out), hint="see docs/constitution.md, What can go wrong")
    leaning = Leaning.of(pairs, verdicts)
    return {
        "prompts": len(prompts),
        "answers": sum(map(len, answers)),
        "revisions": len(learnt),
        "unchanged_revisions": sum(one.answer == one.draft for one in learnt),
        "pairs": len(pairs),
        "preferences": len(decided),
        "ties": sum(one.winner == "tie" for one in verdicts),
        "left_out": dict(left_out + leaning.unanswered),
        **leaning.shares(),
        "revision_wins": _revision_wins(candidates, verdicts),
    }


def _answers(
    settings: RlaifSettings, prompts: Sequence[Messages], assistant: Asker, left_out: Counter[str]
) -> list[list[str]]:
    """What the assistant says to each prompt, empty answers and equal ones left out."""
    asks = [
        Ask(
            prompt, temperature=settings.temperature, seed=settings.seed * 1000 + number, max_tokens=settings.max_tokens
        )
        for prompt in prompts
        for number in range(settings.answers)
    ]
    replies = iter(assistant.ask("answer", asks))
    found = []
    for _ in prompts:
        several = [next(replies) for _ in range(settings.answers)]
        if several[0].problem:
            left_out[f"prompts_{several[0].problem}"] += 1
        left_out["empty_answers"] += sum(not one.text and not one.problem for one in several)
        said = [one.text for one in several if one.text]
        left_out["equal_answers"] += len(said) - len(set(said))
        found.append(list(dict.fromkeys(said)))
    return found


def _candidates(
    settings: RlaifSettings,
    constitution: Constitution,
    revised: Sequence[Revised],
    answers: Sequence[list[str]],
    left_out: Counter[str],
) -> list[_Candidate]:
    """The pairs to judge: of each prompt some of the answers and the revision."""
    found: list[_Candidate] = []
    for number, (one, said) in enumerate(zip(revised, answers, strict=True)):
        is_new = bool(one.rounds) and one.answer not in said
        left_out["equal_answers"] += bool(one.rounds) and not is_new
        draw = random.Random(f"{settings.seed}/pairs/{number}")
        able = list(combinations([*said, one.answer] if is_new else said, 2))
        for both in draw.sample(able, min(settings.pairs, len(able))):
            # Who stands left is drawn, lest the revision always stand right.
            left, right = draw.sample(both, 2)
            revision = "left" if is_new and left == one.answer else "right" if is_new and right == one.answer else ""
            rules = rules_for(constitution, one.prompt, settings.rules, draw)
            found.append(_Candidate(Compared(one.prompt, left, right, rules), revision))
    return found


def _row(pair: Compared, verdict: Verdict, judge: str) -> dict[str, Any] | None:
    """A pair to learn from; None where nobody won."""
    if verdict.winner not in ("left", "right"):
        return None
    better, worse = (pair.left, pair.right) if verdict.winner == "left" else (pair.right, pair.left)
    meta: dict[str, Any] = {"source": "rlaif", "judge": judge, "rules": [rule.text for rule in pair.rules]}
    if verdict.margin is not None:
        # Not as the pair's margin: log-odds of an untried judge are in no known proportion to a reward.
        meta["log_odds"] = round(abs(verdict.margin), 4)
    turns = {name: [_answer(text)] for name, text in (("chosen", better), ("rejected", worse))}
    return {"prompt": [one.to_openai() for one in pair.prompt], **turns, "meta": meta}


def _told(pair: Compared, verdict: Verdict) -> dict[str, Any]:
    asked = [one.to_openai() for one in pair.prompt]
    return {"messages": asked, "left": pair.left, "right": pair.right, **verdict.to_json()}


def _answer(text: str) -> dict[str, Any]:
    return Message(role="assistant", content=text).to_openai()


def _why_nothing(verdicts: Sequence[Verdict], left_out: Counter[str]) -> str:
    counts = Counter(one.problem or "ties" for one in verdicts) + left_out
    told = ", ".join(f"{what.replace('_', ' ')}: {count}" for what, count in counts.items())
    return f"nothing can be learnt: no answer was revised, and of {len(verdicts)} pairs none is decided ({told})"


def _revision_wins(candidates: Sequence[_Candidate], verdicts: Sequence[Verdict]) -> dict[str, float | int]:
    """How often the judge preferred the revision to an answer, where it preferred either."""
    decided = [
        (one.revision, verdict.winner)
        for one, verdict in zip(candidates, verdicts, strict=True)
        if one.revision and verdict.winner in ("left", "right")
    ]
    return {"pairs": len(decided), "share": share(sum(one == winner for one, winner in decided), len(decided))}

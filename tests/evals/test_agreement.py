"""Agreement of a judge with people: worked by hand, against scikit-learn, and through a judge with a known leaning."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from samovar.chat.conversation import Message
from samovar.core.errors import DataError
from samovar.evals.agreement import Vote, agreement, cohen_kappa, measure_agreement, read_votes
from samovar.train.feedback.judge import Judge, Leaning, Verdict
from samovar.train.feedback.ledger import Asker, Ledger
from tests.train.feedback.judging import CONSTITUTION, Polite
from tests.train.tiny_preferences import pairs, write_rows

PROMPT = (Message(role="user", content="How?"),)
NOTHING = Leaning(0, 0, 0, Counter())


def test_kappa_by_hand_and_as_scikit_learn_has_it() -> None:
    counts = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    assert cohen_kappa(counts) == pytest.approx(0.4)  # 0.7 seen, 0.5 by chance
    assert cohen_kappa({}) == cohen_kappa({("a", "a"): 9}) == 0.0
    metrics = pytest.importorskip("sklearn.metrics")
    draw = random.Random(0)
    for _ in range(20):
        one, other = ([draw.choice(("left", "right", "tie")) for _ in range(60)] for _ in range(2))
        mine = cohen_kappa(Counter(zip(one, other, strict=True)))
        assert mine == pytest.approx(metrics.cohen_kappa_score(one, other))


def test_shares_by_hand() -> None:
    votes = [Vote(PROMPT, "short", "much longer", winner) for winner in ("left", "left", "right", "tie", "right")]
    verdicts = [Verdict("left"), Verdict("right"), Verdict("right"), Verdict("left"), Verdict(None)]
    found = agreement(votes, verdicts, NOTHING)
    assert (found.votes, found.decided, found.agreed, found.agreed_with_ties) == (4, 3, 2, 2)
    assert found.longer_preferred == (2, 4)
    assert found.longer_preferred_by_people == (1, 3)
    told = found.to_json()["agreement"]
    assert (told["share"], told["of"]) == (round(2 / 3, 4), 3)
    assert told["low"] < 0.3 < 0.9 < told["high"]


def test_votes_and_pairs_are_read_and_pairs_placed_by_chance(tmp_path: Path) -> None:
    asked = {"messages": [{"role": "user", "content": "How?"}], "left": "l", "right": "r"}
    votes = [{**asked, "vote": vote} for vote in ("left", "right", "tie", "both_bad")]
    found = read_votes(write_rows(tmp_path / "votes.jsonl", votes))
    assert [one.winner for one in found] == ["left", "right", "tie", "tie"]
    assert {(one.left, one.right) for one in found} == {("l", "r")}
    placed = read_votes(write_rows(tmp_path / "pairs.jsonl", pairs(200)))
    won = Counter(one.winner for one in placed)
    assert 70 < won["left"] < 130
    assert all((one.left if one.winner == "left" else one.right) != "" for one in placed)
    with pytest.raises(DataError, match="no pair of answers on which people voted"):
        read_votes(write_rows(tmp_path / "labels.jsonl", [{"prompt": "a", "completion": "b", "label": True}]))
    with pytest.raises(DataError, match="a vote is 'maybe'"):
        read_votes(write_rows(tmp_path / "votes.jsonl", [{**asked, "vote": "maybe"}]))


@pytest.mark.parametrize(("leaning", "flips", "agreed"), [(0.0, "tie", 1.0), (5.0, "tie", None), (5.0, "mean", 1.0)])
def test_a_judge_with_a_leaning_is_found_out_and_its_mean_is_right(
    tmp_path: Path, leaning: float, flips: str, agreed: float | None
) -> None:
    votes = read_votes(write_rows(tmp_path / "pairs.jsonl", pairs(40)))
    with Ledger(tmp_path / "asked.jsonl") as ledger:
        asker = Asker(Polite(leaning), ledger, is_quiet=True)
        judge = Judge(asker, flips="mean" if flips == "mean" else "tie")
        found, judged = measure_agreement(judge, votes, lambda language: CONSTITUTION.rules[:1])
    facts = found.to_json()
    assert len(judged) == 40
    assert facts["flipped"]["share"] == (1.0 if leaning else 0.0)
    assert facts["first_preferred"]["share"] == (1.0 if leaning else 0.5)
    if agreed is None:
        assert (found.decided, found.kappa) == (0, 0.0)
    else:
        assert facts["agreement"]["share"] == agreed
        assert found.kappa == pytest.approx(1.0)


def test_pairs_without_a_difference_are_no_votes(tmp_path: Path) -> None:
    same = [Vote(PROMPT, "a", "a", "left"), Vote(PROMPT, " ", "b", "right")]
    with Ledger(tmp_path / "asked.jsonl") as ledger:
        judge = Judge(Asker(Polite(), ledger, is_quiet=True))
        with pytest.raises(DataError, match="of 2 pairs all have equal answers, or an empty one"):
            measure_agreement(judge, same, lambda language: CONSTITUTION.rules)

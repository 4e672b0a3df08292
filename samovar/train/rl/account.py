"""What is told of answers: numbers of an iteration, a line of one answer, samples before and after side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import pstdev
from typing import Any

from samovar.core.files import write_atomic
from samovar.train.journal import METRICS, SIGNS, read_metrics
from samovar.train.rl.rollouts import Rollout

SAMPLES = "samples.md"
_LAST = ("reward", "success", "kl", "surprise", "answer_tokens")
"""Numbers of the last iteration that the summary repeats."""


def numbers(
    every: Sequence[Sequence[Rollout]], *, useful: int, too_long: int, unread: int, is_graded: bool
) -> dict[str, float]:
    """What the answers of an iteration were like, those included that nothing is learnt from."""
    flat = [one for group in every for one in group]
    rewards = [one.reward for one in flat]
    found = {
        "reward": sum(rewards) / len(flat),
        "reward_deviation": pstdev(rewards),
        "answer_tokens": sum(one.num_tokens for one in flat) / len(flat),
        "cut_share": _share(one.is_cut for one in flat),
        "answers": float(len(flat)),
        "useful_share": useful / len(every),
        "too_long": float(too_long),
        "answers_too_long": float(unread),
    }
    if is_graded:  # a reward model's scores have no measure of what is right
        found["success"] = _share(one.reward >= 1.0 for one in flat)
    return found


def told(rollout: Rollout) -> str:
    """Question and answer in one line."""
    said = " ".join(
        part
        for message in rollout.completion
        for part in [*(f"[{call.name} {dict(call.arguments)}]" for call in message.tool_calls), message.content]
        if part
    )
    return f"{rollout.example.prompt[-1].content} -> {said}"


def summary(out: Path) -> dict[str, Any]:
    """For the manifest."""
    rows = read_metrics(out / METRICS)
    examined = [row for row in rows if "held_out" in row]
    played = [row for row in rows if "reward" in row]
    found: dict[str, Any] = {"iterations": played[-1]["step"], "seconds": played[-1]["seconds"]}
    found |= {name: played[-1][name] for name in _LAST if name in played[-1]}
    found["reward_before"] = played[0]["reward"]
    if examined:
        found |= {"held_out_before": examined[0]["held_out"], "held_out": examined[-1]["held_out"]}
    signs = [row[SIGNS] for row in rows if SIGNS in row]
    return found | ({SIGNS: signs} if signs else {})


def write_samples(out: Path, first: Mapping[str, Any], last: Mapping[str, Any], *, after: str) -> None:
    """Answers of two examinations side by side, for people."""
    lines = [f"# Answers before, and after {after}", ""]
    for name in (name for name in last if name.startswith("sample ") and name in first):
        question, _, said_before = first[name].partition(" -> ")
        said_after = last[name].partition(" -> ")[2]
        lines += [f"**{question}**", "", f"- before: {said_before}", f"- after: {said_after}", ""]
    write_atomic(out / SAMPLES, "\n".join(lines))


def _share(holds: Iterable[bool]) -> float:
    every = list(holds)
    return sum(every) / len(every)

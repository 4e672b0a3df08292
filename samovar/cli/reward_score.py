"""`samovar reward score`: how good answers are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, print_json, say

if TYPE_CHECKING:
    from samovar.train.scoring import RewardModel

EXAMPLE = "samovar reward score judge answers.jsonl"
_AT_ONCE = 64

Judge = Annotated[Path, typer.Argument(metavar="REWARD", help="Folder of the reward model.", show_default=False)]
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="Conversations, pairs, or solutions in steps; JSON Lines or Parquet.", show_default=False
    ),
]


def run(reward: Judge, file: File, as_json: AsJson = False) -> None:
    """Score every row of a file: a line of JSON each, in their order.

    A conversation gets `score`; a pair `chosen_score` and `rejected_score`; a solution in steps `step_scores`, the
    probability that each is right. Of an ensemble it is the mean. With --json only what they amount to is printed: of
    pairs the share that is told apart rightly, where that may lie, and the calibration error.
    """
    import json

    from samovar.chat.read import file_rows
    from samovar.train.scoring import RewardModel

    model = RewardModel.load(reward)
    pairs: list[tuple[float, float]] = []
    count = 0
    some: list[Any] = []
    rows = file_rows(file)
    while some := [row for row, _ in zip(rows, range(_AT_ONCE), strict=False)]:
        for row, scored in zip(some, _scored(model, some), strict=True):
            count += 1
            if "chosen_score" in scored:
                pairs.append((scored["chosen_score"], scored["rejected_score"]))
            if not as_json:
                print(json.dumps({**row.value, **scored}, ensure_ascii=False))
    summary: dict[str, Any] = {"rows": count}
    if pairs:
        import numpy as np

        from samovar.evals.reward import pair_quality

        quality = pair_quality(np.array(pairs, dtype=np.float32))
        summary["pairs"] = quality.to_json()
        say(
            f"{quality.pairs} pairs: {quality.accuracy:.1%} told apart rightly ({quality.low:.1%} to {quality.high:.1%}"
            f" with 95 % confidence), calibration error {quality.calibration_error:.3f}"
        )
    if as_json:
        print_json(summary)
    elif not count:
        say(f"{file} has no rows: there is nothing to score")


def _scored(model: RewardModel, rows: list[Any]) -> list[dict[str, Any]]:
    """What is added to each row."""
    from samovar.chat.forms import read_conversation
    from samovar.chat.preferences import Pair, Steps, read_preference
    from samovar.core.errors import DataError

    found: list[dict[str, Any]] = [{} for _ in rows]
    kinds: dict[str, list[tuple[int, Any]]] = {"pair": [], "steps": [], "conversation": []}
    for number, row in enumerate(rows):
        try:
            if not isinstance(row.value, dict):
                raise DataError("a row is not an object", hint='write {"messages": […]}')
            if {"chosen", "preferred_output", "completions"} & row.value.keys():
                (one,) = read_preference(row.value)
                kinds["steps" if isinstance(one, Steps) else "pair"].append((number, one))
            else:
                kinds["conversation"].append((number, read_conversation(row.value)))
        except DataError as error:
            raise DataError(f"{row.where}: {error}", hint=error.hint) from error
    for (number, _), score in zip(
        kinds["conversation"], model.score([c for _, c in kinds["conversation"]]), strict=True
    ):
        found[number] = {"score": round(float(score), 4)}
    pairs = [one for _, one in kinds["pair"] if isinstance(one, Pair)]
    for (number, _), (chosen, rejected) in zip(kinds["pair"], model.score_pairs(pairs), strict=True):
        found[number] = {"chosen_score": round(float(chosen), 4), "rejected_score": round(float(rejected), 4)}
    for (number, _), steps in zip(kinds["steps"], model.score_steps([s for _, s in kinds["steps"]]), strict=True):
        found[number] = {"step_scores": [round(float(one), 4) for one in steps]}
    return found

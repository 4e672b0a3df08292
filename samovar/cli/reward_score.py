"""`samovar reward score`: how good answers are."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from samovar.cli.terminal import AsJson, counted, print_json, say

if TYPE_CHECKING:
    from samovar.chat.conversation import Conversation
    from samovar.chat.preferences import Steps
    from samovar.chat.read import FileRow
    from samovar.train.scoring import RewardModel

EXAMPLE = "samovar reward score judge answers.jsonl"
_AT_ONCE = 64

Judge = Annotated[Path, typer.Argument(metavar="REWARD", help="Folder of the reward model.", show_default=False)]
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Conversations, pairs, votes, or solutions in steps; JSON Lines or Parquet.",
        show_default=False,
    ),
]


def run(reward: Judge, file: File, as_json: AsJson = False) -> None:
    """Score every row of a file: a line of JSON each, in their order.

    A conversation gets `score`; a pair, and a vote for one of two answers, `chosen_score` and `rejected_score`; a
    solution in steps `step_scores`, the probability that each is right. Of an ensemble it is the mean, and `spread`,
    `chosen_spread` and `rejected_spread` say by how much its models differ. What is longer than the model reads has the
    score null. With --json only what they amount to is printed: of pairs the share that is told apart rightly, where
    that may lie, and the calibration error.
    """
    import json

    from samovar.chat.read import file_rows
    from samovar.train.scoring import RewardModel

    model = RewardModel.load(reward)
    pairs: list[tuple[float, float]] = []
    count = too_long = 0
    some: list[Any] = []
    rows = file_rows(file)
    while some := [row for row, _ in zip(rows, range(_AT_ONCE), strict=False)]:
        for row, scored in zip(some, _scored(model, some), strict=True):
            count += 1
            too_long += None in scored.values()
            chosen, rejected = scored.get("chosen_score"), scored.get("rejected_score")
            if chosen is not None and rejected is not None:
                pairs.append((chosen, rejected))
            if not as_json:
                print(json.dumps({**row.value, **scored}, ensure_ascii=False))
    summary: dict[str, Any] = {"rows": count, "too_long": too_long}
    if pairs:
        import numpy as np

        from samovar.evals.reward import pair_quality

        quality = pair_quality(np.array(pairs, dtype=np.float32))
        summary["pairs"] = quality.to_json()
        say(
            f"{counted(quality.pairs, 'pair')}: {quality.accuracy:.1%} told apart rightly ({quality.low:.1%} to "
            f"{quality.high:.1%} with 95 % confidence), calibration error {quality.calibration_error:.3f}"
        )
    if too_long:
        say(f"{too_long} of {count} rows are longer than the reward model reads: they have no score")
    for line in model.words():
        say(line)
    if as_json:
        print_json(summary)
    elif not count:
        say(f"{file} has no rows: there is nothing to score")


def _scored(model: RewardModel, rows: list[FileRow]) -> list[dict[str, Any]]:
    """What is added to each row."""
    from samovar.chat.preferences import Steps
    from samovar.core.errors import DataError

    found: list[dict[str, Any]] = [{} for _ in rows]
    places: list[tuple[int, str]] = []
    conversations: list[Conversation] = []
    solutions: dict[int, Steps] = {}
    for number, row in enumerate(rows):
        try:
            answers = _answers(row.value)
        except DataError as error:
            raise DataError(f"{row.where}: {error}", hint=error.hint) from error
        if isinstance(answers, Steps):
            solutions[number] = answers
            continue
        places += [(number, name) for name in answers]
        conversations += answers.values()
    for (number, name), scores in zip(places, model.score_by_each(conversations).T, strict=True):
        found[number][name] = _rounded(scores.mean())
        if len(scores) > 1:
            found[number][name.replace("score", "spread")] = _rounded(scores.std())
    steps = model.score_steps(list(solutions.values()))
    for number, shares in zip(solutions, steps, strict=True):
        values = [_rounded(one) for one in shares]
        found[number]["step_scores"] = None if None in values else values
    return found


def _answers(value: Any) -> dict[str, Conversation] | Steps:
    """What of a row is to be scored, by the names of the scores; of a tied vote nothing."""
    from samovar.chat.forms import read_conversation
    from samovar.chat.preferences import Judged, Pair, Steps, answered, read_preference
    from samovar.core.errors import DataError

    if not isinstance(value, dict):
        raise DataError("a row is not an object", hint='write {"messages": […]}')
    if not {"chosen", "preferred_output", "completions", "vote"} & value.keys():
        return {"score": read_conversation(value)}
    several = read_preference(value)
    if isinstance(several[0], Steps):
        return several[0]
    if isinstance(several[0], Pair):
        pair = several[0]
        both = {"chosen_score": pair.chosen, "rejected_score": pair.rejected}
        return {name: answered(pair.prompt, answer, pair.tools) for name, answer in both.items()}
    judged = [one for one in several if isinstance(one, Judged)]
    return {
        name: answered(one.prompt, one.answer, one.tools)
        for name, one in zip(("left_score", "right_score"), judged, strict=False)
    }


def _rounded(value: Any) -> float | None:
    """Of what is too long to be scored, None."""
    return None if math.isnan(value) else round(float(value), 4)

"""Preference optimisation on the model's own answers: draw some to each prompt, score them, learn, and again.

Of the answers to a prompt the best and the worst are a pair. Each round starts from the model that the one before left,
which is its reference (Guo et al. 2024, arXiv:2402.04792; Xu et al. 2023, arXiv:2312.16682). What is drawn and trained
is kept in the run's folder, so that an interrupted run goes on with the round in which it was.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samovar.chat.conversation import Message
from samovar.chat.preferences import Messages, Pair, Preference, answered, read_preferences
from samovar.chat.rows import prompt_ids
from samovar.core.artifact import SCRATCH
from samovar.core.errors import ConfigError, DataError
from samovar.core.files import read_json, write_atomic, write_json
from samovar.core.progress import Progress
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.train.dpo import dpo
from samovar.train.parallel.world import BY_ITSELF, World
from samovar.train.preference_settings import DpoSettings, OnPolicySettings
from samovar.train.scoring import RewardModel

_DRAWN_AT_ONCE = 32
PAIRS, SCORES = "pairs.jsonl", "scores.json"


class Drawn(NamedTuple):
    """What a round learns from."""

    pairs: list[Pair]
    mean_score: float
    """Of all answers drawn."""


def on_policy_dpo(
    settings: DpoSettings,
    *,
    base: Path,
    out: Path,
    preferences: Sequence[Path],
    judge: Path,
    world: World = BY_ITSELF,
) -> dict[str, Any]:
    """Train the assistant in ``base`` on its own answers, and leave the new one in ``out``.

    Args:
        settings: with ``on_policy``; the rest is of each round.
        base: an assistant's folder.
        out: the new one's.
        preferences: files whose prompts are asked; what they prefer is not looked at.
        judge: the folder of a reward model.
        world: one process.
    Returns:
        what the last round's training says, and the mean scores of the answers drawn before each round and at the end.
    Raises:
        ConfigError: several processes; or the judge is no reward model.
        DataError: there are no prompts, or all answers to each are alike.
    """
    how = settings.on_policy or OnPolicySettings()
    if world.size > 1:
        raise ConfigError(
            f"answers are drawn by one process, and there are {world.size}", hint="start the command without torchrun"
        )
    model = RewardModel.load(judge)
    prompts = _prompts(preferences, how, seed=settings.seed)
    current, scores, metrics = base, [], {}
    for number in range(how.rounds):
        folder = out / SCRATCH / f"round-{number + 1}"
        folder.mkdir(parents=True, exist_ok=True)
        scores.append(_draw_once(current, model, prompts, how, folder, seed=settings.seed + number))
        if not (folder / "config.json").is_file():
            metrics = dpo(settings, base=current, out=folder, preferences=[folder / PAIRS], world=world)
        current = folder
    scores.append(draw_pairs(current, model, prompts, how, seed=settings.seed + how.rounds).mean_score)
    for path in sorted(current.iterdir()):
        if path.is_file() and path.name not in (PAIRS, SCORES):
            shutil.copyfile(path, out / path.name)
    return metrics | {"rounds": how.rounds, "mean_scores": [round(one, 4) for one in scores]}


def draw_pairs(
    folder: Path, judge: RewardModel, prompts: Sequence[Messages], how: OnPolicySettings, *, seed: int
) -> Drawn:
    """Draw answers from the model in ``folder`` to each prompt; the best and the worst of each, where they differ."""
    engine = Engine.load(folder, max_batch=_DRAWN_AT_ONCE)
    pairs: list[Pair] = []
    scores: list[float] = []
    with Progress("draw", len(prompts), "prompts") as progress:
        for first in range(0, len(prompts), _DRAWN_AT_ONCE):
            some = prompts[first : first + _DRAWN_AT_ONCE]
            ids = [prompt_ids(prompt, engine.tokenizer) for prompt in some for _ in range(how.samples)]
            sampling = Sampling(temperature=how.temperature, seed=seed + first, max_tokens=how.max_tokens)
            said = [Message(role="assistant", content=one.text) for one in engine.generate(ids, sampling)]
            asked = [prompt for prompt in some for _ in range(how.samples)]
            score_PG = judge.score([answered(prompt, (one,)) for prompt, one in zip(asked, said, strict=True)])
            score_PG = score_PG.reshape(len(some), how.samples)
            scores += score_PG.ravel().tolist()
            for number, prompt in enumerate(some):
                best, worst = (number * how.samples + int(pick(score_PG[number])) for pick in (np.argmax, np.argmin))
                if said[best].content.strip() and said[worst].content.strip() and said[best] != said[worst]:
                    margin = float(score_PG[number].max() - score_PG[number].min())
                    pairs.append(Pair(prompt, (said[best],), (said[worst],), margin=margin))
            progress.advance(len(some), note=f"mean score {np.mean(scores):.3f}")
    return Drawn(pairs, float(np.mean(scores)))


def _draw_once(
    current: Path, judge: RewardModel, prompts: Sequence[Messages], how: OnPolicySettings, folder: Path, *, seed: int
) -> float:
    """Write a round's pairs, unless an interrupted run has; gives the mean score.

    Raises:
        DataError: all answers to each prompt are alike.
    """
    if not (folder / SCORES).is_file():
        drawn = draw_pairs(current, judge, prompts, how, seed=seed)
        if not drawn.pairs:
            raise DataError(
                f"of {how.samples} answers to each of {len(prompts)} prompts none differ, so that none is better",
                hint="raise dpo.on_policy.temperature or samples",
            )
        rows = (json.dumps(_row(pair), ensure_ascii=False) + "\n" for pair in drawn.pairs)
        write_atomic(folder / PAIRS, "".join(rows))
        write_json(folder / SCORES, {"mean_score": drawn.mean_score})
    return float(read_json(folder / SCORES)["mean_score"])


def _row(pair: Pair) -> dict[str, Any]:
    turns = {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
    return {name: [one.to_openai() for one in part] for name, part in turns.items()} | {"margin": pair.margin}


def _prompts(files: Sequence[Path], how: OnPolicySettings, *, seed: int) -> list[Messages]:
    """Each prompt of the files once, in an order that the seed gives.

    Raises:
        DataError: there are none.
    """
    every: chain[Preference] = chain.from_iterable(read_preferences(path) for path in files)
    different = {json.dumps([one.to_openai() for one in found.prompt]): found.prompt for found in every if found.prompt}
    if not different:
        raise DataError("there are no prompts to draw answers to", hint="name files under dpo.preferences")
    prompts = list(different.values())
    return random.Random(f"{seed}/prompts").sample(prompts, min(len(prompts), how.prompts or len(prompts)))

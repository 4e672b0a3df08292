"""Preference optimisation on the model's own answers: draw some to each prompt, have them judged, learn, and again.

Of the answers to a prompt the best and the worst are a pair, as a reward model scores them or a judge compares them by
a constitution (``choosing.py``). Each round starts from the model that the one before left, which is its reference (Guo
et al. 2024, arXiv:2402.04792; Xu et al. 2023, arXiv:2312.16682). What is drawn and trained is kept in the run's folder,
so that an interrupted run goes on with the round in which it was.

Axes: P prompts, G answers to each.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from samovar.chat.conversation import Conversation
from samovar.chat.preferences import Pair, Preference, read_preferences
from samovar.chat.rows import prompt_ids
from samovar.core.artifact import SCRATCH
from samovar.core.errors import DataError
from samovar.core.files import read_json, write_json, write_json_lines
from samovar.core.progress import Progress
from samovar.engine.engine import Engine
from samovar.engine.request import Completion, Sampling
from samovar.model.checkpoint import read_settings
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.choosing import Chooser, answer_to, facts_of, known_mean, win_rate
from samovar.train.dpo import dpo
from samovar.train.feedback.judge import Leaning
from samovar.train.parallel.world import BY_ITSELF, World, refuse_several
from samovar.train.preference_settings import DpoSettings, OnPolicySettings

_DRAWN_AT_ONCE = 32
PAIRS, DRAWN, TRAINED = "pairs.jsonl", "drawn.json", "trained.json"
_OF_THE_ROUND = {PAIRS, DRAWN, TRAINED}
"""Files beside a round's model that are not of the model."""


class Drawn(NamedTuple):
    """What the answers that a model gave came to."""

    said: list[str]
    """The first answer to each prompt."""
    mean_score: float
    """Of all answers."""
    win_rate: float
    """How often a first answer is better than that of the assistant as it was, ties as halves."""
    leaning: Leaning | None
    """How a judge dealt with the order of answers; None where none was asked."""
    unscored: int = 0
    """Answers that nobody could judge, as they were too long with their prompts."""


def on_policy_dpo(
    settings: DpoSettings,
    *,
    base: Path,
    out: Path,
    preferences: Sequence[Path],
    chooser: Chooser,
    world: World = BY_ITSELF,
) -> dict[str, Any]:
    """Train the assistant in ``base`` on its own answers, and leave the new one in ``out``.

    Args:
        settings: with ``on_policy``; the rest is of each round.
        base: an assistant's folder.
        out: the new one's.
        preferences: files whose prompts are asked; what they prefer is not looked at.
        chooser: says which answers are better.
        world: one process.
    Returns:
        what the last round's training says; prompts that left no room for an answer; of the answers of each round and
        of the end, how often they are better than those of the beginning, and where scores have a scale their mean, and
        how many answers were too long for the reward model.
    Raises:
        ConfigError: several processes.
        DataError: there are no prompts, or no answer is better than another.
        ResourceError: a judge does not answer; what it said before is kept.
    """
    how = settings.on_policy or OnPolicySettings()
    refuse_several(world.size, "answers are drawn")
    prompts, too_long = _prompts(preferences, how, base, seed=settings.seed)
    current, metrics = base, {}
    rounds: list[Drawn] = []
    for number in range(how.rounds):
        folder = out / SCRATCH / f"round-{number + 1}"
        folder.mkdir(parents=True, exist_ok=True)
        before = rounds[0].said if rounds else None
        rounds.append(_draw_once(current, chooser, prompts, how, folder, before, seed=_seed(settings, number)))
        metrics = _train_once(settings, current, folder)
        current = folder
    rounds.append(_look(current, chooser, prompts, how, rounds[0].said, seed=_seed(settings, how.rounds)))
    for path in sorted(current.iterdir()):
        if path.is_file() and path.name not in _OF_THE_ROUND:
            shutil.copyfile(path, out / path.name)
    return metrics | {"rounds": how.rounds, "prompts_too_long": too_long} | _told(rounds, has_scale=chooser.has_scale)


def draw_answers(
    folder: Path, prompts: Sequence[Conversation], how: OnPolicySettings, *, samples: int, seed: int
) -> list[list[Completion]]:
    """``samples`` answers of the model in ``folder`` to each prompt."""
    engine = Engine.load(folder, max_batch=_DRAWN_AT_ONCE)
    found: list[list[Completion]] = []
    with Progress("draw", len(prompts), "prompts") as progress:
        for first in range(0, len(prompts), _DRAWN_AT_ONCE):
            some = prompts[first : first + _DRAWN_AT_ONCE]
            ids = [_ids(prompt, engine.tokenizer) for prompt in some for _ in range(samples)]
            # The engine counts a seed up from answer to answer.
            sampling = Sampling(temperature=how.temperature, seed=seed + first * samples, max_tokens=how.max_tokens)
            answers = engine.generate(ids, sampling)
            found += [answers[place : place + samples] for place in range(0, len(answers), samples)]
            progress.advance(len(some))
    return found


def best_and_worst(
    prompts: Sequence[Conversation],
    said: Sequence[Sequence[str]],
    score_PG: np.ndarray,
    *,
    has_scale: bool,
    is_cut_PG: np.ndarray | None = None,
) -> list[Pair]:
    """Of each prompt the best and the worst answer that says anything; nothing of prompts where none is better.

    Answers that the limit cut (``is_cut_PG``) would teach to end there: they are taken where all of a prompt's are cut.
    """
    pairs = []
    is_cut_PG = np.zeros(score_PG.shape, dtype=bool) if is_cut_PG is None else is_cut_PG
    for prompt, texts, score_G, is_cut_G in zip(prompts, said, score_PG.tolist(), is_cut_PG.tolist(), strict=True):
        able = [place for place, text in enumerate(texts) if text.strip() and not math.isnan(score_G[place])]
        able = [place for place in able if not is_cut_G[place]] or able
        if not able:
            continue
        best, worst = (pick(able, key=lambda place: score_G[place]) for pick in (max, min))
        margin = score_G[best] - score_G[worst]
        if margin > 0 and texts[best] != texts[worst]:
            chosen, rejected = (answer_to(prompt, texts[place]) for place in (best, worst))
            scale = margin if has_scale else 0.0
            pairs.append(Pair(tuple(prompt.messages), (chosen,), (rejected,), tuple(prompt.tools), scale))
    return pairs


def _draw_once(
    current: Path,
    chooser: Chooser,
    prompts: Sequence[Conversation],
    how: OnPolicySettings,
    folder: Path,
    before: Sequence[str] | None,
    *,
    seed: int,
) -> Drawn:
    """Write a round's pairs, unless an interrupted run has; ``before`` are the first answers of the first round.

    Raises:
        DataError: no answer is better than another.
    """
    if not (folder / DRAWN).is_file():
        answers = draw_answers(current, prompts, how, samples=how.samples, seed=seed)
        said, is_cut_PG = _texts(answers), np.array([[one.finish_reason == "length" for one in g] for g in answers])
        score_PG, leaning = chooser.score(prompts, said)
        pairs = best_and_worst(prompts, said, score_PG, has_scale=chooser.has_scale, is_cut_PG=is_cut_PG)
        if not pairs:
            raise DataError(
                f"of {how.samples} answers to each of {len(prompts)} prompts none is better than another",
                hint="raise dpo.on_policy.temperature or samples, or have somebody else judge",
            )
        write_json_lines(folder / PAIRS, map(_row, pairs))
        now = [texts[0] for texts in said]
        rate = 0.5 if before is None else win_rate(chooser, prompts, now, before)
        drawn = Drawn(now, known_mean(score_PG), rate, leaning, int(np.isnan(score_PG).sum()))
        write_json(folder / DRAWN, drawn._asdict() | {"leaning": None if leaning is None else leaning._asdict()})
    found = read_json(folder / DRAWN)
    told = found["leaning"]
    leaning = None if told is None else Leaning(**told | {"unanswered": Counter(told["unanswered"])})
    return Drawn(found["said"], found["mean_score"], found["win_rate"], leaning, found.get("unscored", 0))


def _texts(answers: Sequence[Sequence[Completion]]) -> list[list[str]]:
    return [[one.text for one in some] for some in answers]


def _train_once(settings: DpoSettings, current: Path, folder: Path) -> dict[str, Any]:
    """Learn from a round's pairs, unless an interrupted run has."""
    if not (folder / TRAINED).is_file():
        write_json(folder / TRAINED, dpo(settings, base=current, out=folder, preferences=[folder / PAIRS]))
    metrics: dict[str, Any] = read_json(folder / TRAINED)
    return metrics


def _look(
    current: Path, chooser: Chooser, prompts: Sequence[Conversation], how: OnPolicySettings, before: Sequence[str], *,
    seed: int,
) -> Drawn:  # fmt: skip
    """What the last model's answers come to. Where scores have no scale, one to each prompt is enough."""
    said = _texts(draw_answers(current, prompts, how, samples=how.samples if chooser.has_scale else 1, seed=seed))
    now = [texts[0] for texts in said]
    mean_score = known_mean(chooser.score(prompts, said).score_PG) if chooser.has_scale else 0.0
    return Drawn(now, mean_score, win_rate(chooser, prompts, now, before), None)


def _told(rounds: Sequence[Drawn], *, has_scale: bool) -> dict[str, Any]:
    """Of the first round the win rate is a half by itself."""
    told: dict[str, Any] = {"win_rates": [round(one.win_rate, 4) for one in rounds[1:]]}
    if has_scale:
        told["mean_scores"] = [round(one.mean_score, 4) for one in rounds]
        told["answers_too_long"] = sum(one.unscored for one in rounds)
    return told | facts_of([one.leaning for one in rounds if one.leaning is not None])


def _row(pair: Pair) -> dict[str, Any]:
    turns = {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
    row = {name: [one.to_openai() for one in part] for name, part in turns.items()} | {"margin": pair.margin}
    return row | ({"tools": list(pair.tools)} if pair.tools else {})


def _ids(prompt: Conversation, tokenizer: Tokenizer) -> list[int]:
    return prompt_ids(prompt.messages, tokenizer, prompt.tools)


def _seed(settings: DpoSettings, number: int) -> int:
    """Of a round's answers, far from those of the others: answers of two rounds are to have no chance in common."""
    return random.Random(f"{settings.seed}/drawn/{number}").getrandbits(48)


def _prompts(files: Sequence[Path], how: OnPolicySettings, base: Path, *, seed: int) -> tuple[list[Conversation], int]:
    """Each prompt of the files once, in an order that the seed gives; and how many leave no room for an answer.

    Raises:
        DataError: there are none, or none leaves room.
    """
    every: chain[Preference] = chain.from_iterable(read_preferences(path) for path in files)
    asked = (
        Conversation(messages=list(found.prompt), tools=list(getattr(found, "tools", ())))
        for found in every
        if found.prompt
    )
    different = list({json.dumps(one.to_openai()): one for one in asked}.values())
    if not different:
        raise DataError("there are no prompts to draw answers to", hint="name files under dpo.preferences")
    tokenizer, longest = Tokenizer.load(base), read_settings(base).max_positions
    prompts = [one for one in different if len(_ids(one, tokenizer)) + how.max_tokens <= longest]
    if not prompts:
        raise DataError(
            f"none of {len(different)} prompts leaves room for an answer of {how.max_tokens} tokens in {longest}",
            hint="lower dpo.on_policy.max_tokens",
        )
    drawn = random.Random(f"{seed}/prompts").sample(prompts, min(len(prompts), how.prompts or len(prompts)))
    return drawn, len(different) - len(prompts)

"""Preferences out of files into rows that are trained on: read, checked, split, rendered and packed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain
from pathlib import Path
from typing import Literal, NamedTuple

from samovar.chat.preferences import Judged, Pair, Preference, Steps, answered, read_preferences
from samovar.core.errors import ConfigError
from samovar.core.progress import Progress
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.answer_rows import AnswerRows
from samovar.train.answers import BAD, ELSEWHERE, GOOD
from samovar.train.encoder_reader import EncoderReader
from samovar.train.forks import Answered, Fork, render_forks
from samovar.train.preference_check import Checked, check_preferences
from samovar.train.preference_settings import PreferenceSettings
from samovar.train.solutions import render_steps

Kind = Literal["pairs", "judged", "steps"]
_KINDS: dict[str, type] = {"pairs": Pair, "judged": Judged, "steps": Steps}


class PreferenceRows(NamedTuple):
    """What a run learns from."""

    train: AnswerRows
    test: AnswerRows
    checked: Checked
    prompts: list[Preference]
    """Held-out preferences, for samples."""


def load_preferences(
    paths: Sequence[Path],
    settings: PreferenceSettings,
    tokenizer: Tokenizer | EncoderReader,
    *,
    kind: Kind,
    context: int,
    is_quiet: bool = False,
) -> PreferenceRows:
    """Read and check ``paths``, and pack what is left.

    Args:
        paths: files of preferences.
        settings: what is held out, and whether unsound preferences are refused.
        tokenizer: of the model; of an encoder its reader, which takes pairs alone.
        kind: what is learnt from: pairs, single answers that are judged (pairs then give two), or steps.
        context: tokens of a row.
        is_quiet: whether what was left out is kept from the screen.
    Raises:
        ConfigError: there are no files.
        DataError: nothing is left, or something is not sound and is to be refused.
    """
    if not paths:
        raise ConfigError("there are no preferences to learn from", hint="name files under preferences in the recipe")
    every = chain.from_iterable(read_preferences(path) for path in paths)
    checked = check_preferences(every, (_KINDS[kind],), splits_pairs=kind == "judged")
    checked.refuse(settings.check)
    with Progress("render preferences", len(checked.kept), "preferences", is_quiet=is_quiet) as progress:
        forks = _rendered(checked, tokenizer, kind, context, seed=settings.seed)
        progress.advance(len(forks))
        for line in (*checked.left_out.words(), *(tokenizer.words() if isinstance(tokenizer, EncoderReader) else ())):
            progress.say(f"  {line}")
    checked.refuse(settings.check)
    # Every token of an encoder looks at all others: its answers cannot share a beginning.
    shares = isinstance(tokenizer, Tokenizer)
    pad_id = tokenizer.document_end_id if isinstance(tokenizer, Tokenizer) else tokenizer.pad_id
    groups = _groups(checked.kept, kind)
    test = [number for number, group in enumerate(groups) if (group + 1) % settings.held_out_every == 0]
    train = sorted(set(range(len(forks))) - set(test))
    # Of very few, some are both learnt and looked at: the loss on them is then no measure, but the run goes.
    train, test = train or test, test or train[-1:]
    learnt, held_out = (
        AnswerRows((forks[number] for number in part), context, pad_id=pad_id, shares=shares) for part in (train, test)
    )
    return PreferenceRows(learnt, held_out, checked, [checked.kept[number] for number in test])


def _groups(preferences: Sequence[Preference], kind: Kind) -> list[int]:
    """Of each, the number of those that are held out together: single answers to one prompt that stand side by side.

    So both answers of a pair that was split go the same way.
    """
    if kind != "judged":
        return list(range(len(preferences)))
    firsts = (not place or one.prompt != preferences[place - 1].prompt for place, one in enumerate(preferences))
    return [count - 1 for count in accumulate(firsts)]


def _rendered(
    checked: Checked, tokenizer: Tokenizer | EncoderReader, kind: Kind, context: int, *, seed: int
) -> list[Fork]:
    """The forks of what is kept, but for those that do not fit into a row, which are left out of both."""
    kept, forks = [], []
    for one, fork in zip(checked.kept, _forks(checked.kept, tokenizer, kind, seed=seed), strict=True):
        if fork.num_tokens > context:
            is_prompt = any(places and places[0] >= context for places in fork.targets)
            checked.leave_out("prompt_too_long" if is_prompt else "too_long", one.prompt)
        else:
            kept.append(one)
            forks.append(fork)
    checked.kept[:] = kept
    return forks


def _forks(
    preferences: Sequence[Preference], tokenizer: Tokenizer | EncoderReader, kind: Kind, *, seed: int
) -> Iterator[Fork]:
    if isinstance(tokenizer, EncoderReader):
        return tokenizer.forks(_pairs(preferences))
    if kind == "steps":
        return render_steps([one for one in preferences if isinstance(one, Steps)], tokenizer)
    if kind == "pairs":
        return render_forks(_pairs(preferences), tokenizer)
    return render_forks(_judged(preferences, seed), tokenizer)


def _pairs(preferences: Iterable[Preference]) -> Iterator[Answered]:
    for one in preferences:
        assert isinstance(one, Pair)  # others were left out
        both = tuple(answered(one.prompt, answer, one.tools) for answer in (one.chosen, one.rejected))
        yield Answered(both, len(one.prompt), (GOOD, BAD), one.margin)


def _judged(preferences: Iterable[Preference], seed: int) -> Iterator[Answered]:
    """Each with an answer to another prompt beside its own."""
    every = [one for one in preferences if isinstance(one, Judged)]
    others = _others(every, seed)
    for one, other in zip(every, others, strict=True):
        label = GOOD if one.is_good else BAD
        own = answered(one.prompt, one.answer, one.tools)
        elsewhere = answered(one.prompt, other.answer, one.tools)
        yield Answered((own, elsewhere), len(one.prompt), (label, ELSEWHERE))


def _others(every: Sequence[Judged], seed: int) -> list[Judged]:
    """For each another one, every one once: neighbours in a shuffled circle, so that both answers of a pair part."""
    order = random.Random(f"{seed}/elsewhere").sample(range(len(every)), len(every))
    follows = dict(zip(order, [*order[1:], *order[:1]], strict=True))
    return [every[follows[number]] for number in range(len(every))]

"""The answers of each iteration: drawn when they are wanted, or one iteration ahead while the update runs."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import torch
from torch import Tensor

from samovar.core.errors import DataError
from samovar.train.rl.account import told
from samovar.train.rl.curriculum import Curriculum
from samovar.train.rl.rollouts import Player, Rewarding, Rollout, from_json, rewarded, to_json
from samovar.train.rl.settings import RlSettings


class Gathered(NamedTuple):
    """What an iteration's questions came to."""

    iteration: int
    useful: list[list[Rollout]]
    """Groups that something can be learnt from."""
    every: list[list[Rollout]]
    too_long: int
    """Questions that left no room for an answer."""
    unread: int
    """Answers that were longer than who rewards can read."""
    seconds: float
    """That it took."""


class Gathering:
    """Asks, draws and rewards; with ``rollouts_ahead`` in a thread of its own, by a copy of the weights.

    All that follows from the seed does so in either way: one iteration is gathered after the other, and the curriculum
    learns from each before it draws the next.
    """

    def __init__(self, settings: RlSettings, player: Player, curriculum: Curriculum, rewarding: Rewarding) -> None:
        self._settings, self._player, self._curriculum, self._rewarding = settings, player, curriculum, rewarding
        self._thread: ThreadPoolExecutor | None = None
        self._drawing: Future[Gathered] | None = None
        self._ahead: Gathered | None = None

    def take(self, iteration: int) -> Gathered:
        """The answers of ``iteration``; those of the next are begun, if they are to be drawn ahead.

        Raises:
            DataError: a reward is not a number, or no question fits into the context.
        """
        self.settle()
        gathered, self._ahead = self._ahead, None
        is_ahead = self._settings.rollouts_ahead and iteration + 1 < self._settings.iterations
        if gathered is None or is_ahead:
            player = self._player.now()
        if gathered is None:
            gathered = self._gather(player, iteration)
        if is_ahead:
            self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="rollouts")
            self._drawing = self._thread.submit(self._gather, player, iteration + 1)
        return gathered

    def settle(self) -> None:
        """Wait for what is being drawn: until then the curriculum may change."""
        if self._drawing is not None:
            self._ahead, self._drawing = self._drawing.result(), None

    def close(self) -> None:
        """End the thread, and forget what was drawn ahead."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def state_tensors(self) -> dict[str, Tensor]:
        """What was drawn ahead, for a checkpoint: the weights that drew it are no longer there."""
        self.settle()
        if self._ahead is None:
            return {}
        ahead = self._ahead
        every = [[to_json(one) for one in group] for group in ahead.every]
        written = json.dumps([ahead.iteration, every, ahead.too_long, ahead.unread, ahead.seconds]).encode()
        return {"ahead": torch.frombuffer(bytearray(written), dtype=torch.uint8)}

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what ``state_tensors`` gave."""
        self._ahead = None
        if "ahead" in tensors:
            iteration, every, too_long, unread, seconds = json.loads(tensors["ahead"].numpy().tobytes())
            groups = [[from_json(one) for one in group] for group in every]
            self._ahead = Gathered(iteration, self._useful(groups), groups, too_long, unread, seconds)

    def _gather(self, player: Player, iteration: int) -> Gathered:
        """Answers to questions, until as many questions as are wanted have answers of unlike worth."""
        settings, began = self._settings, time.monotonic()
        useful: list[list[Rollout]] = []
        every: list[list[Rollout]] = []
        too_long = unread = 0
        for turn in range(settings.draws):
            drawn = self._curriculum.draw(iteration, settings.prompts - len(useful), turn=turn)
            fitting = [example for example in drawn if player.fits(example)]
            too_long += len(drawn) - len(fitting)
            if fitting:
                seed = (settings.seed * 1_000_003 + iteration) * 101 + turn * 7
                groups = player.play(fitting, times=settings.answers, seed=seed * 100_003)
                judged = _checked(rewarded(groups, self._rewarding))
                unread += sum(map(len, groups)) - sum(map(len, judged))
                every += [group for group in judged if group]
                useful = self._useful(every)
            if len(useful) >= settings.prompts:
                break
        if not every:
            raise self._nothing(too_long, unread)
        if settings.reward == "tasks":  # scores of a reward model tell no rate of success
            self._curriculum.learn([group[0].example for group in every], [_mean(group) for group in every])
        return Gathered(iteration, useful, every, too_long, unread, time.monotonic() - began)

    def _nothing(self, too_long: int, unread: int) -> DataError:
        """What to say where no answer came that anybody could reward."""
        if unread:
            return DataError(
                f"all of {unread} answers are longer with their questions than the reward model reads",
                hint="lower max_tokens, choose tasks with shorter questions, or train a reward model of a longer "
                "context",
            )
        return DataError(
            f"none of {too_long} questions fits into the model's context with an answer of {self._settings.max_tokens} "
            "tokens",
            hint="lower max_tokens, or choose tasks with shorter questions",
        )

    def _useful(self, every: Sequence[list[Rollout]]) -> list[list[Rollout]]:
        """Those whose answers differ in what they are worth; where one alone is drawn, that is not known of it."""
        is_alone = self._settings.answers == 1
        teaching = [group for group in every if is_alone or len({one.reward for one in group}) > 1]
        return teaching[: self._settings.prompts]


def _checked(groups: list[list[Rollout]]) -> list[list[Rollout]]:
    for group in groups:
        for one in group:
            if not math.isfinite(one.reward):
                raise DataError(
                    f"the reward of {told(one)!r} is {one.reward}",
                    hint="a grader or reward model that gives no number cannot be learnt from: mend it first",
                )
    return groups


def _mean(group: Sequence[Rollout]) -> float:
    return sum(one.reward for one in group) / len(group)

"""Learning by reward: an assistant in, an assistant whose answers are worth more out.

Each iteration the assistant answers questions with the engine and its own weights of the moment, the answers are
rewarded, and an algorithm of ``objectives`` says how much likelier each of their tokens is to become. A killed run goes
on from its last checkpoint to the same numbers: questions, answers and orders follow from the seed.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from samovar.agent.habits import Habits
from samovar.core.devices import device_name, keep_freed_memory, training_dtype
from samovar.core.errors import DataError
from samovar.core.progress import Progress
from samovar.model.checkpoint import load_model
from samovar.model.decoder import Decoder
from samovar.model.vocabulary import check_vocabulary
from samovar.tasks.task import Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.checkpoints import Checkpoint, RunState, Stateful, Weights
from samovar.train.journal import Journal
from samovar.train.objectives.policy import Policy
from samovar.train.objectives.ppo import Ppo
from samovar.train.optimizers import Optimizers, trained_parameters
from samovar.train.rl.account import numbers, summary, told
from samovar.train.rl.curriculum import Curriculum, held_out
from samovar.train.rl.penalty import Penalty
from samovar.train.rl.plan import IterationPlan
from samovar.train.rl.rollouts import Player, Rewarding, Rollout, graded_by, rewarded
from samovar.train.rl.rows import RolloutRows
from samovar.train.rl.settings import GrpoSettings, PpoSettings, RlSettings
from samovar.train.rl.terms import Terms
from samovar.train.rl.value import add_value_head, remove_value_head
from samovar.train.rl.watch import Watch
from samovar.train.schedule import rate_share
from samovar.train.step import TrainStep
from samovar.train.trainable import loop_settings, open_trainable, save_trained

LONGEST_ROW = 1024
_NUM_SAMPLES = 4


class Gathered(NamedTuple):
    """What an iteration's questions came to."""

    useful: list[list[Rollout]]
    """Groups that something can be learnt from."""
    every: list[list[Rollout]]
    too_long: int
    """Questions that left no room for an answer."""


def reinforce(
    settings: GrpoSettings | PpoSettings,
    *,
    base: Path,
    out: Path,
    tasks: Mapping[str, Task],
    shares: Mapping[str, float],
    habits: Habits,
    rewarding: Rewarding | None = None,
    is_quiet: bool = False,
) -> dict[str, Any]:
    """Train the assistant in ``base``, or an adapter beside it, and leave the new one in ``out``.

    Args:
        settings: the algorithm and how it is run.
        base: an assistant's folder.
        out: the new one's; metrics.jsonl and samples.md stand beside it.
        tasks: whose questions are asked.
        shares: how often each.
        habits: how the assistant is run.
        rewarding: what answers are worth; by default the tasks' grades.
        is_quiet: whether nothing is shown.
    Raises:
        ConfigError: there is no task, or the checkpoint in ``out`` is of other settings.
        DataError: a reward is not a number, or no question fits into the context.
        NonFiniteLossError: the step's batch is saved in ``out`` for a look.
    """
    run = _Run.begin(settings, base, out, tasks, shares, habits, rewarding or graded_by(tasks))
    return run.train(base, out, is_quiet=is_quiet)


def load_algorithm(settings: GrpoSettings | PpoSettings) -> Policy:
    """The algorithm that the settings name: the file of that name under ``objectives`` makes it."""
    name = settings.algorithm if isinstance(settings, GrpoSettings) else "ppo"
    policy: Policy = importlib.import_module(f"samovar.train.objectives.{name}").make(settings, settings.max_tokens)
    return policy


@dataclass
class _Run:
    settings: RlSettings
    policy: Policy
    model: Decoder
    reference: Decoder
    player: Player
    curriculum: Curriculum
    rewarding: Rewarding
    tasks: Mapping[str, Task]
    optimizers: Optimizers
    checkpoint: Checkpoint
    penalty: Penalty
    out: Path
    context: int
    rows_per_micro: int

    @classmethod
    def begin(
        cls,
        settings: GrpoSettings | PpoSettings,
        base: Path,
        out: Path,
        tasks: Mapping[str, Task],
        shares: Mapping[str, float],
        habits: Habits,
        rewarding: Rewarding,
    ) -> _Run:
        keep_freed_memory()
        tokenizer = Tokenizer.load(base)
        model = open_trainable(base, settings.adapter, seed=settings.seed)
        check_vocabulary(tokenizer, model.settings, base)
        model.compute_dtype = training_dtype(model.norm.weight.device)
        reference = load_model(base, dtype=torch.float32).to(model.norm.weight.device)
        reference.compute_dtype = model.compute_dtype
        policy = load_algorithm(settings)
        if policy.has_value:
            add_value_head(model)
        loop = loop_settings(settings, settings.adapter)
        context = settings.context or min(model.settings.max_positions, LONGEST_ROW)
        curriculum = Curriculum(tasks, shares, hardest=settings.hardest, easiest=settings.easiest, seed=settings.seed)
        penalty = Penalty(policy.penalty if isinstance(policy, Ppo) else 0.0)
        optimizers = Optimizers(model, loop)
        parts: dict[str, Stateful] = {"optimizer": optimizers, "curriculum": curriculum, "penalty": penalty}
        free = {"checkpoint_every_s", "validations", "parallel", "trackers", "compile", "micro_batch_tokens"}
        facts = settings.model_dump(mode="json", exclude=free | {"gate", "held_out"})
        return cls(
            loop, policy, model, reference, Player(model, tokenizer, habits, max_tokens=settings.max_tokens),
            curriculum, rewarding, tasks, optimizers,
            Checkpoint(out, Weights(trained_parameters(model)), parts, facts=facts), penalty, out, context,
            max(1, loop.micro_batch_tokens // context),
        )  # fmt: skip

    def train(self, base: Path, out: Path, *, is_quiet: bool) -> dict[str, Any]:
        settings, iterations = self.settings, self.settings.iterations
        state = self.checkpoint.load() or RunState(0, 0.0)
        about = {"title": "reinforcement", "steps": iterations, "device": device_name(self.model.norm.weight.device)}
        journal = Journal(out, first_step=state.step, about=about, trackers=settings.trackers)
        if state.step == 0:
            journal.write(0, {"seconds": 0.0, **self._examine()})
        validate_at = {round(iterations * (part + 1) / settings.validations) for part in range(settings.validations)}
        watch = Watch()
        started = saved = time.monotonic()
        with Progress("learn by reward", iterations, "iterations", is_quiet=is_quiet) as progress:
            progress.start_at(state.step)
            for iteration in range(state.step, iterations):
                row = self._iterate(iteration)
                if iteration + 1 in validate_at:
                    row |= self._examine()
                row["seconds"] = round(state.seconds + time.monotonic() - started, 2)
                journal.write(iteration + 1, row)
                progress.advance(1, note=f"reward {row['reward']:.3f}")
                if "held_out" in row:
                    progress.say(f"  iteration {iteration + 1}/{iterations}  held-out {row['held_out']:.1%}")
                for sign in watch.look(row):
                    progress.say(f"  look: {sign}")
                is_far = settings.max_kl is not None and row.get("kl", 0.0) > settings.max_kl
                is_last = iteration + 1 == iterations or is_far
                if is_last or time.monotonic() - saved >= settings.checkpoint_every_s:
                    self.checkpoint.save(RunState(iteration + 1, row["seconds"]))
                    saved = time.monotonic()
                if is_far:
                    progress.say(f"  stopped: {row['kl']:.3f} nats a token from the assistant as it was")
                    break
        journal.close()
        remove_value_head(self.model)
        save_trained(self.model, out, settings.adapter, base=base)
        return summary(out)

    def _iterate(self, iteration: int) -> dict[str, Any]:
        began = time.monotonic()
        gathered = self._gather(iteration)
        drawn = time.monotonic()
        row: dict[str, Any] = numbers(
            gathered.every,
            useful=len(gathered.useful),
            too_long=gathered.too_long,
            is_graded=self.settings.reward == "tasks",
        )
        if gathered.useful:
            row |= self._learn(gathered.useful, iteration)
        return row | {
            "rollout_seconds": round(drawn - began, 3),
            "update_seconds": round(time.monotonic() - drawn, 3),
        }

    def _gather(self, iteration: int) -> Gathered:
        """Answers to questions, until as many questions as are wanted have answers of unlike worth."""
        settings = self.settings
        useful: list[list[Rollout]] = []
        every: list[list[Rollout]] = []
        too_long = 0
        for turn in range(settings.draws):
            drawn = self.curriculum.draw(iteration, settings.prompts - len(useful), turn=turn)
            fitting = [example for example in drawn if self.player.fits(example)]
            too_long += len(drawn) - len(fitting)
            if fitting:
                seed = (settings.seed * 1_000_003 + iteration) * 101 + turn * 7
                groups = self.player.play(fitting, times=settings.answers, seed=seed * 100_003)
                every += _checked(rewarded(groups, self.rewarding))
                useful = [group for group in every if _teaches(group)]
            if len(useful) >= settings.prompts:
                break
        if not every:
            raise DataError(
                f"none of {too_long} questions fits into the model's context with an answer of {settings.max_tokens} "
                "tokens",
                hint="lower max_tokens, or choose tasks with shorter questions",
            )
        if settings.reward == "tasks":  # scores of a reward model tell no rate of success
            self.curriculum.learn([group[0].example for group in every], [_mean(group) for group in every])
        return Gathered(useful[: settings.prompts], every, too_long)

    def _learn(self, groups: Sequence[Sequence[Rollout]], iteration: int) -> dict[str, float]:
        settings = self.settings
        rows = RolloutRows(groups, self.context, pad_id=self.player.tokenizer.document_end_id)
        old_N, value_N = rows.look(self.model, rows_per_batch=self.rows_per_micro)
        reference_N, _ = rows.look(self.reference, rows_per_batch=self.rows_per_micro)
        policy = self.policy
        if isinstance(policy, Ppo):
            policy = replace(policy, penalty=self.penalty.value)
        played = rows.played(old_N, reference_N, value_N)
        advantage_N, return_N = policy.advantages(played)
        rows.terms = Terms(old_N, reference_N, rows.in_rows(advantage_N), value_N, rows.in_rows(return_N))
        plan = IterationPlan(
            len(rows), epochs=settings.epochs, minibatches=settings.minibatches, rows_per_micro=self.rows_per_micro,
            context=self.context, seed=(settings.seed, iteration),
        )  # fmt: skip
        self.model.train()
        step = TrainStep(self.model, policy, rows, plan, settings, out=self.out)
        share = rate_share(
            iteration, settings.iterations, schedule=settings.schedule, warmup_share=settings.warmup_share,
            decay_share=settings.decay_share, final_share=settings.final_share,
        )  # fmt: skip
        found = []
        for number in range(plan.num_steps):
            found.append(step(number))
            self.optimizers.step(share)
        self.model.eval()
        means = {name: sum(one[name] for one in found) / len(found) for name in found[0]}
        kl_N = old_N - reference_N
        per_answer = float(kl_N.sum()) / len(rows.reward_A)
        if isinstance(settings, PpoSettings) and settings.target_kl is not None:
            self.penalty.move(per_answer, settings.target_kl, len(rows.reward_A))
        # Both before the first step: of the answers under the model that drew them.
        return means | {
            "surprise": -float(old_N.mean()),
            "kl": float(kl_N.mean()),
            "kl_answer": per_answer,
            "penalty": self.penalty.value,
            "learning_rate": settings.learning_rate * share,
        }

    def _examine(self) -> dict[str, Any]:
        """The share of held-out questions that is answered rightly, greedily; and some of the answers."""
        examples = [one for one in held_out(self.tasks, self.settings.held_out) if self.player.fits(one)]
        if not examples:
            return {}
        groups = rewarded(self.player.play(examples, temperature=0.0), graded_by(self.tasks))
        right = sum(group[0].reward >= 1.0 for group in groups) / len(groups)
        step = max(1, len(groups) // _NUM_SAMPLES)
        shown = groups[::step][:_NUM_SAMPLES]
        return {"held_out": right, **{f"sample {number + 1}": told(group[0]) for number, group in enumerate(shown)}}


def _teaches(group: Sequence[Rollout]) -> bool:
    """Whether the answers differ in what they are worth; of one answer alone that is not known."""
    return len(group) == 1 or len({one.reward for one in group}) > 1


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

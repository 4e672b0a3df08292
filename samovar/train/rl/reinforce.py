"""Learning by reward: an assistant in, an assistant whose answers are worth more out.

Each iteration the assistant answers questions with the engine and its own weights of the moment, the answers are
rewarded, and an algorithm of ``objectives`` says how much likelier each of their tokens is to become. A killed run goes
on from its last checkpoint to the same numbers: questions, answers and orders follow from the seed.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from samovar.agent.habits import Habits
from samovar.core.devices import (
    can_compile,
    device_name,
    give_back_freed_memory,
    keep_freed_memory,
    memory_in_use,
    pick_device,
)
from samovar.core.progress import Progress
from samovar.model.decoder import Decoder
from samovar.model.snapshot import snapshot
from samovar.model.vocabulary import check_vocabulary
from samovar.tasks.task import Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.checkpoints import Checkpoint, RunState, Stateful, Weights
from samovar.train.computing import compute_as_in_training
from samovar.train.journal import METRICS, SIGNS, Journal, read_metrics
from samovar.train.loop import FREE
from samovar.train.objectives.balance import balanced
from samovar.train.objectives.contract import Objective
from samovar.train.objectives.policy import Policy, divergence
from samovar.train.objectives.ppo import Ppo
from samovar.train.optimizers import Optimizers, trained_parameters
from samovar.train.rl.account import numbers, summary, write_samples
from samovar.train.rl.curriculum import Curriculum
from samovar.train.rl.examination import examined
from samovar.train.rl.gathering import Gathering
from samovar.train.rl.mismatch import FirstLook, Mismatch
from samovar.train.rl.penalty import Penalty
from samovar.train.rl.plan import IterationPlan
from samovar.train.rl.rollouts import Player, Rewarding, Rollout, graded_by
from samovar.train.rl.rows import RolloutRows, joined_context, row_context
from samovar.train.rl.settings import GrpoSettings, PpoSettings, RlSettings
from samovar.train.rl.terms import Terms
from samovar.train.rl.value import add_value_head, remove_value_head
from samovar.train.rl.watch import Watch
from samovar.train.step import COMPILE_PAYS_AFTER_MICRO_BATCHES, TrainStep
from samovar.train.trainable import loop_settings, open_trainable, save_trained

_ROWS_COMPILED = 2
"""Rows of a micro-batch, at most, where it is compiled: one row is compiled anew, and steps end with any number."""
_ROWS_ASKED_ONE_IN = 8
"""Rows of which one is shown to a reference that the loss does not need."""


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
    try:
        return run.train(base, out, is_quiet=is_quiet)
    finally:
        run.gathering.close()


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
    gathering: Gathering
    tasks: Mapping[str, Task]
    optimizers: Optimizers
    checkpoint: Checkpoint
    penalty: Penalty
    out: Path
    context: int
    """Tokens of a row, at most."""
    hidden: Callable[..., Tensor] | None = None
    """The model's forward pass, compiled once for all iterations."""

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
        model = open_trainable(base, settings.adapter, seed=settings.seed).to(pick_device())
        check_vocabulary(tokenizer, model.settings, base)
        compute_as_in_training(model)
        reference = snapshot(model)
        policy = load_algorithm(settings)
        if policy.has_value:
            add_value_head(model)
        loop = loop_settings(settings, settings.adapter)
        context = settings.row_tokens(model.settings.max_positions)
        curriculum = Curriculum(tasks, shares, hardest=settings.hardest, easiest=settings.easiest, seed=settings.seed)
        penalty = Penalty(policy.penalty if isinstance(policy, Ppo) else 0.0)
        optimizers = Optimizers(model, loop)
        model.is_compiled = _is_compiled(loop, model.norm.weight.device)
        model.recomputes_layers = settings.activation_checkpointing
        player = Player(model, tokenizer, habits, max_tokens=settings.max_tokens)
        gathering = Gathering(loop, player, curriculum, rewarding)
        # What is gathered first: until its thread is done the curriculum may change.
        parts: dict[str, Stateful] = {
            "rollouts": gathering, "curriculum": curriculum, "optimizer": optimizers, "penalty": penalty,
        }  # fmt: skip
        facts = settings.model_dump(mode="json", exclude=FREE | {"gate", "held_out"})
        return cls(
            loop, policy, model, reference, player, gathering, tasks, optimizers,
            Checkpoint(out, Weights(trained_parameters(model)), parts, facts=facts), penalty, out, context,
        )  # fmt: skip

    def train(self, base: Path, out: Path, *, is_quiet: bool) -> dict[str, Any]:
        settings, iterations, device = self.settings, self.settings.iterations, self.model.norm.weight.device
        state = self.checkpoint.load() or RunState(0, 0.0)
        about = {"title": "reinforcement", "steps": iterations, "device": device_name(device)}
        journal = Journal(out, first_step=state.step, about=about, trackers=settings.trackers)
        if state.step == 0 and not journal.last_row:  # it was killed before its first checkpoint
            journal.write(0, {"seconds": 0.0, **examined(self.player, self.tasks, settings.held_out)})
        validate_at = {round(iterations * (part + 1) / settings.validations) for part in range(settings.validations)}
        watch = Watch()
        earlier = read_metrics(out / METRICS)
        for row in earlier:  # what was normal, and what is told, a run that goes on knows as well
            watch.look(row)
        started = saved = time.monotonic()
        with Progress("learn by reward", iterations, "iterations", is_quiet=is_quiet) as progress:
            progress.start_at(state.step)
            # A run that was killed between its last checkpoint and its end has but to be ended.
            first = iterations if self._is_far(journal.last_row) else state.step
            for iteration in range(first, iterations):
                row = self._iterate(iteration)
                if iteration + 1 in validate_at:
                    row |= examined(self.player, self.tasks, settings.held_out)
                row["seconds"] = round(state.seconds + time.monotonic() - started, 2)
                row["memory_bytes"] = memory_in_use(device)
                signs = watch.look(row)
                journal.write(iteration + 1, row | ({SIGNS: "; ".join(signs)} if signs else {}))
                if "held_out" in row:
                    write_samples(out, earlier[0], row, after=f"{iteration + 1} iterations")
                self._tell(progress, iteration + 1, row, signs)
                is_far = self._is_far(row)
                is_last = iteration + 1 == iterations or is_far
                if is_last or time.monotonic() - saved >= settings.checkpoint_every_s:
                    self.checkpoint.save(RunState(iteration + 1, row["seconds"]))
                    give_back_freed_memory()  # rows have many lengths: what is kept between steps falls into pieces
                    saved = time.monotonic()
                if is_far:
                    progress.say(f"  stopped: {row['kl']:.3f} nats a token from the assistant as it was")
                    break
        journal.close()
        remove_value_head(self.model)
        save_trained(self.model, out, settings.adapter, base=base)
        return summary(out)

    def _tell(self, progress: Progress, iteration: int, row: Mapping[str, Any], signs: Sequence[str]) -> None:
        progress.advance(1, note=f"reward {row['reward']:.3f}")
        if "held_out" in row:
            progress.say(f"  iteration {iteration}/{self.settings.iterations}  held-out {row['held_out']:.1%}")
        for sign in signs:
            progress.say(f"  look: {sign}")

    def _is_far(self, row: Mapping[str, Any]) -> bool:
        """Whether the run ends with this row of its journal."""
        most = self.settings.max_kl
        return most is not None and row.get("kl", 0.0) > most

    def _iterate(self, iteration: int) -> dict[str, Any]:
        began = time.monotonic()
        gathered = self.gathering.take(iteration)
        drawn = time.monotonic()
        row: dict[str, Any] = numbers(
            gathered.every,
            useful=len(gathered.useful),
            too_long=gathered.too_long,
            unread=gathered.unread,
            is_graded=self.settings.reward == "tasks",
        )
        if gathered.useful:
            row |= self._learn(gathered.useful, iteration)
        return row | {
            "rollout_seconds": round(drawn - began, 3),
            "drawing_seconds": round(gathered.seconds, 3),
            "update_seconds": round(time.monotonic() - drawn, 3),
        }

    def _learn(self, groups: Sequence[Sequence[Rollout]], iteration: int) -> dict[str, float]:
        settings = self.settings
        rows, most = self._rows(groups), settings.micro_batch_tokens
        if self.model.is_compiled and not self.model.attends_forks:
            most = min(most, _ROWS_COMPILED * rows.context)
        plan = IterationPlan(
            rows.tokens_of(np.arange(len(rows))), room=rows.room, epochs=settings.epochs,
            minibatches=settings.minibatches, most=most, context=self.context, seed=(settings.seed, iteration),
        )  # fmt: skip
        share = settings.rate_share(iteration, settings.iterations)
        mismatch = Mismatch(settings.importance_cap)
        objective, numbers = self._look(rows, mismatch, num_steps=plan.num_steps, seed=(settings.seed, iteration))
        self.model.train()
        found = []
        with balanced(objective, self.model, settings.expert_balance) as minimised:
            step = TrainStep(
                self.model, minimised, rows, plan, settings, out=self.out, rows_vary=True, has_learnt=iteration > 0,
                first_step=iteration * plan.num_steps, hidden=self.hidden,
            )  # fmt: skip
            self.hidden = step.hidden
            for number in range(plan.num_steps):
                found.append(step(number))
                self.optimizers.step(share)
        self.model.eval()
        means = {name: sum(one[name] for one in found) / len(found) for name in found[0]} | numbers
        if isinstance(objective, FirstLook):
            means |= objective.numbers()
        means["kl_answer"] = means["kl"] * rows.num_targets / len(rows.reward_A)
        if isinstance(settings, PpoSettings) and settings.target_kl is not None:
            self.penalty.move(means["kl_answer"], settings.target_kl, len(rows.reward_A))
        return (
            means
            | mismatch.numbers()
            | {
                "penalty": self.penalty.value,
                "learning_rate": settings.learning_rate * share,
            }
        )

    def _rows(self, groups: Sequence[Sequence[Rollout]]) -> RolloutRows:
        """The answers as rows, as the model's attention likes them best."""
        are_joined = self.model.attends_forks
        context = row_context(groups, self.context)
        if are_joined:
            context = joined_context(groups, self.context, together=self.settings.micro_batch_tokens)
        return RolloutRows(groups, context, pad_id=self.player.tokenizer.document_end_id, are_joined=are_joined)

    def _look(
        self, rows: RolloutRows, mismatch: Mismatch, *, num_steps: int, seed: tuple[int, int]
    ) -> tuple[Objective, dict[str, float]]:
        """What the steps go by, with numbers from before the first: by as few passes as the policy can do with.

        Where nothing depends on it, the old log-probability of a token is that of the only step itself; and the
        reference is asked about some of the rows, by which the divergence is estimated.
        """
        settings, policy = self.settings, self.policy
        most = settings.micro_batch_tokens
        if isinstance(policy, Ppo):
            policy = replace(policy, penalty=self.penalty.value)
        needs_reference = policy.looks_first or settings.kl_weight > 0 or settings.max_kl is not None
        drops = settings.adapter is not None and settings.adapter.dropout > 0
        is_first_look = num_steps == 1 and not policy.looks_first and not drops
        asked = np.arange(len(rows))
        if not needs_reference:
            asked = np.sort(np.random.default_rng(seed).permutation(asked)[: max(1, len(rows) // _ROWS_ASKED_ONE_IN)])
        place_N = rows.places(asked)
        reference_N = torch.full((rows.num_targets,), torch.nan)
        reference_N[place_N], _ = rows.look(self.reference, most=most, numbers=asked)
        old_N = value_N = None
        if not is_first_look:
            old_N, value_N = rows.look(self.model, most=most)
        known_N = reference_N if needs_reference else None
        advantage_N, return_N = (
            rows.in_rows(one_N) for one_N in policy.advantages(rows.played(old_N, known_N, value_N))
        )
        if old_N is None or value_N is None:
            rows.terms = Terms(rows.drawn_N, reference_N, advantage_N, torch.zeros_like(return_N), return_N)
            return FirstLook(policy, mismatch, samples_reference=not needs_reference), {}
        weight_N = mismatch.weigh(old_N, rows.drawn_N)
        rows.terms = Terms(old_N, known_N, advantage_N * weight_N, value_N, return_N)
        kl_N = divergence(old_N[place_N], reference_N[place_N])
        return policy, {"surprise": -float(old_N.mean()), "kl": float(kl_N.mean())}


def _is_compiled(settings: RlSettings, device: torch.device) -> bool:
    """Whether the forward pass is to be compiled, and can be."""
    answers = settings.iterations * settings.prompts * settings.answers * settings.epochs
    pays = answers * settings.max_tokens >= COMPILE_PAYS_AFTER_MICRO_BATCHES * settings.micro_batch_tokens
    wants = settings.compile == "on" or (settings.compile == "auto" and pays)
    return wants and (device.type == "cuda" or can_compile())

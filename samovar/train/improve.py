"""Self-improvement: the assistant answers questions that a checker can judge, and is trained on what was right.

Expert iteration (Anthony et al. 2017, arXiv:1705.08439), as STaR (Zelikman et al. 2022, arXiv:2203.14465), RFT (Yuan et
al. 2023, arXiv:2308.01825) and ReST-EM (Singh et al. 2023, arXiv:2312.06585) do it for language models. Questions come
by the curriculum, so that they grow harder as the assistant grows better. Each iteration draws from the model that the
one before left, and the best one of all is what remains. All that is drawn and trained is kept in the run's folder: an
interrupted run goes on with the questions or the training step at which it was.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import torch

from samovar.agent.habits import Habits
from samovar.chat.conversation import Conversation
from samovar.chat.rows import render_rows
from samovar.core.artifact import SCRATCH
from samovar.core.devices import device_name, pick_device, training_dtype
from samovar.core.errors import DataError
from samovar.core.files import read_json, write_atomic, write_json
from samovar.core.progress import Progress
from samovar.model.checkpoint import load_model
from samovar.tasks.task import Task
from samovar.tokenizer.tokenizer import Tokenizer
from samovar.train.asking import AT_ONCE, Asked, ask_some
from samovar.train.conversations import interleave, own_conversations, task_conversations
from samovar.train.improve_settings import ImproveSettings
from samovar.train.journal import Journal
from samovar.train.rl.account import write_samples
from samovar.train.rl.curriculum import Curriculum
from samovar.train.rl.examination import examined
from samovar.train.rl.rollouts import Player
from samovar.train.sft import sft
from samovar.train.trainable import save_trained

WORK = "work"
"""Folder beside an iteration's model of what it is made from."""
ASKED, ROWS, RESULT = "asked-", "rows.jsonl", "result.json"
_CANDIDATES = 16
"""Questions drawn for one that is asked: of many levels, few are within reach at a time."""
_TOO_LONG = "lower improve.max_tokens, or choose tasks with shorter questions"


class Old(NamedTuple):
    """What fine-tuning had taught, a part of which is learnt again."""

    tasks: Mapping[str, Task]
    shares: Mapping[str, float]
    conversations: Sequence[Path] = ()
    conversations_share: float = 0.5
    """Of files, where there are tasks as well."""
    seed: int = 0

    def take(self, count: int) -> list[Conversation]:
        """``count`` conversations, or as many as there are, in the order in which fine-tuning met them."""
        drawn = task_conversations(self.tasks, self.shares, split="train", seed=self.seed)
        own = own_conversations(self.conversations, split="train", seed=self.seed)
        share = self.conversations_share if self.conversations else 0.0
        return list(islice(interleave(own, drawn, first_share=share, seed=self.seed), count))


def improve(
    settings: ImproveSettings,
    *,
    base: Path,
    out: Path,
    tasks: Mapping[str, Task],
    shares: Mapping[str, float],
    habits: Habits,
    old: Old | None = None,
    is_quiet: bool = False,
) -> dict[str, Any]:
    """Train the assistant in ``base`` on its own right answers, and leave the best that came of it in ``out``.

    Args:
        settings: how much is asked, what is kept, and how it is trained.
        base: an assistant's folder.
        out: the new one's; metrics.jsonl and samples.md stand beside it. The old one's weights, if none was better.
        tasks: whose questions are asked.
        shares: how often each.
        habits: how the assistant is run.
        old: what it learnt before; without it nothing is repeated.
        is_quiet: whether nothing is shown.
    Returns:
        of the best iteration: its number and its share of held-out questions right, beside that of the beginning.
    Raises:
        ConfigError: there is no task.
        DataError: no question fits into the context, or no answer was right.
    """
    curriculum = Curriculum(
        tasks, shares, hardest=settings.hardest, easiest=settings.easiest, seed=settings.seed, candidates=_CANDIDATES
    )
    run = _Run(settings, base, out / SCRATCH, tasks, habits, curriculum, old or Old({}, {}), is_quiet)
    about = {"title": "improve", "steps": settings.iterations, "device": device_name(pick_device())}
    journal = Journal(out, first_step=max(0, run.num_done()), about=about, trackers=settings.trackers)
    first = last = best = _Examined(0, base, run.result(0, lambda: run.examine(base)))
    _write(journal, first)
    with Progress("improve", settings.iterations, "iterations", is_quiet=is_quiet) as progress:
        progress.say(f"  before: held-out {first.held_out:.1%}")
        for number in range(1, settings.iterations + 1):
            # From the last one, not the best: a gain is small beside the noise of so few held-out questions.
            last = run.iterate(number, last.folder)
            _write(journal, last)
            progress.advance(1, note=f"held-out {last.held_out:.1%}")
            row = last.row
            progress.say(
                f"  iteration {number}/{settings.iterations}: {row['success']:.0%} of {row['answers']} answers right, "
                f"{row['learnt']} learnt from, held-out {last.held_out:.1%}"
            )
            best = max(best, last, key=lambda it: it.held_out)
    journal.close()
    save_trained(load_model(best.folder, dtype=torch.float32), out, None, base=best.folder)
    write_samples(out, first.row, best.row, after=f"{best.number} iterations")
    return {"best_iteration": best.number, "held_out_before": first.held_out, "held_out": best.held_out}


class _Examined(NamedTuple):
    """A model of the run, and what is known of it."""

    number: int
    """The iteration that made it; 0 is the one of the beginning."""
    folder: Path
    row: dict[str, Any]

    @property
    def held_out(self) -> float:
        found: float = self.row["held_out"]
        return found


class _Run(NamedTuple):
    settings: ImproveSettings
    base: Path
    scratch: Path
    tasks: Mapping[str, Task]
    habits: Habits
    curriculum: Curriculum
    old: Old
    is_quiet: bool

    def folder(self, number: int) -> Path:
        """Where an iteration's model is made, and beside it what it is made from."""
        return self.scratch / f"iteration-{number}"

    def num_done(self) -> int:
        """Iterations that an interrupted run has ended, or -1 if it did not even begin."""
        numbers = range(self.settings.iterations + 1)
        return sum((self.folder(number) / WORK / RESULT).is_file() for number in numbers) - 1

    def result(self, number: int, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What came of an iteration, made where an interrupted run has not; with the seconds since the beginning."""
        path = self.folder(number) / WORK / RESULT
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            began = time.monotonic()
            found = make()
            before = read_json(self.folder(number - 1) / WORK / RESULT)["seconds"] if number else 0.0
            write_json(path, {"seconds": round(before + time.monotonic() - began, 2), **found})
        row: dict[str, Any] = read_json(path)
        return row

    def iterate(self, number: int, last: Path) -> _Examined:
        """Ask, learn and examine, or as much of it as an interrupted run has not done."""
        return _Examined(number, self.folder(number), self.result(number, lambda: self.make(number, last)))

    def make(self, number: int, last: Path) -> dict[str, Any]:
        asked = self.ask(number, last)
        return {
            "questions": sum(one.questions for one in asked),
            "answers": sum(one.answers for one in asked),
            "success": sum(one.right for one in asked) / sum(one.answers for one in asked),
            "solved": sum(one.solved for one in asked) / sum(one.questions for one in asked),
            "too_long": sum(one.too_long for one in asked),
            **self.rationalised(asked),
            "kinds": ", ".join(f"{kind} {rate:.0%}" for kind, rate in sorted(asked[-1].success.items())),
            **self.learn(number, last),
            **self.examine(self.folder(number)),
        }

    def ask(self, number: int, model: Path) -> list[Asked]:
        """The answers of an iteration, drawn from ``model``, piece by piece.

        Raises:
            DataError: no question fits into the context.
        """
        settings, work = self.settings, self.folder(number) / WORK
        if number > 1:
            self.curriculum.seen = dict(self.asked(number - 1)[-1].seen)
        counts = [min(AT_ONCE, settings.questions - first) for first in range(0, settings.questions, AT_ONCE)]
        player = self.player(model)
        found = []
        with Progress("ask", settings.questions, "questions", is_quiet=self.is_quiet) as progress:
            for piece, count in enumerate(counts):
                path = work / f"{ASKED}{piece:04}.json"
                if not path.is_file():
                    place = (number, piece)
                    made = ask_some(player, self.curriculum, self.tasks, settings, count, place)
                    write_json(path, made._asdict())
                one = Asked(**read_json(path))
                self.curriculum.seen = dict(one.seen)
                found.append(one)
                progress.advance(count, note=f"{one.right / max(1, one.answers):.0%} right")
        if not any(one.questions for one in found):
            raise DataError(
                f"none of {settings.questions} questions fits into the model's context with an answer of "
                f"{settings.max_tokens} tokens",
                hint=_TOO_LONG,
            )
        return found

    def rationalised(self, asked: Sequence[Asked]) -> dict[str, Any]:
        """How many questions were asked with the result shown, and found a way to it; nothing where none is to be."""
        if not self.settings.rationalises:
            return {}
        return {name: sum(getattr(one, name) for one in asked) for name in ("shown", "rationalised")}

    def asked(self, number: int) -> list[Asked]:
        """What an iteration's questions came to."""
        return [Asked(**read_json(path)) for path in sorted((self.folder(number) / WORK).glob(f"{ASKED}*"))]

    def learn(self, number: int, last: Path) -> dict[str, Any]:
        """Train on right answers and old conversations; gives how many of each there were.

        Raises:
            DataError: there is no right answer.
        """
        settings = self.settings
        numbers = range(1, number + 1) if settings.keeps_earlier else [number]
        rows = (row for one in numbers for piece in self.asked(one) for row in piece.rows)
        own = list(dict.fromkeys(json.dumps(row, ensure_ascii=False) for row in rows))
        if not own:
            raise DataError(
                f"none of the answers to {settings.questions} questions was right: there is nothing to learn from",
                hint="ask easier ones (a task with levels takes them behind its name: long_sums@2-5), raise "
                "improve.answers, or teach by sft first",
            )
        old = self.old.take(round(len(own) * settings.remember / (1 - settings.remember)))
        lines = [*own, *(json.dumps(one.to_openai(), ensure_ascii=False) for one in old)]
        path = self.folder(number) / WORK / ROWS
        write_atomic(path, "".join(line + "\n" for line in lines))
        start = self.base if settings.begins_with == "first" else last
        # Packed rows are at least half full but for the last one, so that so many tokens are enough for all of them.
        tokens = 2 * math.ceil(_num_tokens(lines, start) * max(1.0, settings.epochs)) + 2 * settings.longest_row
        trained = sft(
            settings.fine_tuning(tokens),
            base=start,
            out=self.folder(number),
            tasks={},
            conversations=[path],
            title="learn",
        )
        return {"learnt": len(own), "remembered": len(old), "loss": trained["loss"], "tokens": trained["tokens"]}

    def examine(self, model: Path) -> dict[str, Any]:
        """What ``model`` makes of held-out questions.

        Raises:
            DataError: none of them fits.
        """
        found = examined(self.player(model), self.tasks, self.settings.held_out)
        if not found:
            raise DataError(
                f"no held-out question fits into the model's context with an answer of {self.settings.max_tokens} "
                "tokens",
                hint=_TOO_LONG,
            )
        return found

    def player(self, folder: Path) -> Player:
        """The model in ``folder``, to be asked."""
        model = load_model(folder, dtype=torch.float32).to(pick_device())
        model.compute_dtype = training_dtype(model.norm.weight.device)
        return Player(model, Tokenizer.load(folder), self.habits, max_tokens=self.settings.max_tokens)


def _write(journal: Journal, one: _Examined) -> None:
    """Add a row, unless an interrupted run has."""
    if one.number > journal.last_row.get("step", -1):
        journal.write(one.number, one.row)


def _num_tokens(lines: Sequence[str], folder: Path) -> int:
    every = (Conversation.from_openai(json.loads(line)) for line in lines)
    return sum(len(row.ids) for row in render_rows(every, Tokenizer.load(folder), refused=lambda one, error: None))

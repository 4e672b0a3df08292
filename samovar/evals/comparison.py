"""Two models side by side on the same held-out questions and text: what became better or worse, which one to keep."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from samovar.agent.agent import Agent
from samovar.agent.habits import Habits
from samovar.data.corpus_reader import read_corpus
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.evals.bits_per_byte import bits_per_byte
from samovar.evals.tasks import TaskScore, evaluate_tasks
from samovar.tasks.task import Task

_BATCH = 32


class Measures(NamedTuple):
    """What one model does."""

    scores: list[TaskScore]
    bits_per_byte: float | None


class Change(NamedTuple):
    """One number of both models."""

    what: str
    before: float
    after: float
    low: float
    high: float
    """Where the number after lies with a confidence of 95 %; of bits per byte, no share, the number itself."""
    is_better_higher: bool
    is_too_bad: bool
    """Whether it became worse by more than is allowed."""

    @property
    def verdict(self) -> str:
        """In a word: within the noise of so few questions nothing is said to have changed."""
        if self.is_too_bad:
            return "too much worse"
        if self.low <= self.before <= self.high:
            return "as before"
        return "better" if (self.after > self.before) == self.is_better_higher else "worse"


class Comparison(NamedTuple):
    """All numbers of both."""

    changes: list[Change]

    @property
    def is_promoted(self) -> bool:
        """Whether the new model may take the place of the old one."""
        return not any(change.is_too_bad for change in self.changes)

    def table(self, before: str = "before", after: str = "after") -> str:
        """For people, in Markdown, under these words; empty where nothing was compared."""
        if not self.changes:
            return ""
        lines = [f"| what | {before} | {after} | 95 % | |", "| --- | --- | --- | --- | --- |"]
        for one in self.changes:
            show = "{:.1%}".format if one.is_better_higher else "{:.4f}".format
            interval = f"{show(one.low)} to {show(one.high)}" if one.is_better_higher else ""
            lines.append(f"| {one.what} | {show(one.before)} | {show(one.after)} | {interval} | {one.verdict} |")
        return "\n".join(lines) + "\n"

    def words(self, kept: str = "The new model is kept.", refused: str = "The old model stays.") -> str:
        """What became better and what worse, and what follows."""
        if not self.changes:
            return f"Nothing was compared: there are neither tasks nor held-out documents. {kept}"
        groups = {
            verdict: [one.what for one in self.changes if one.verdict == verdict]
            for verdict in ("better", "worse", "too much worse")
        }
        said = [f"{verdict}: {', '.join(names)}" for verdict, names in groups.items() if names]
        what = "; ".join(said) or "nothing changed beyond chance"
        return f"{what}. {kept if self.is_promoted else refused}"

    def to_json(self) -> list[dict[str, Any]]:
        """For a manifest."""
        return [
            {"what": one.what, "before": round(one.before, 4), "after": round(one.after, 4), "verdict": one.verdict}
            for one in self.changes
        ]


def measure(
    model: Path,
    tasks: Mapping[str, Task],
    *,
    examples: int,
    habits: Habits,
    corpus: Path | None,
    text_bytes: int,
    max_tokens: int = 96,
) -> Measures:
    """Put held-out questions to the assistant in ``model``, and have it read held-out documents.

    Args:
        model: a folder.
        tasks: by name.
        examples: questions of each task and language, at most.
        habits: how it is run.
        corpus: the data stage's artifact; without held-out documents bits per byte are not measured.
        text_bytes: of them, at most.
        max_tokens: of an answer.
    """
    engine = Engine.load(model, max_batch=_BATCH)
    agent = Agent.of(engine, habits)
    sampling = Sampling(temperature=0.0, max_tokens=max_tokens, verbatim_quotes=habits.verbatim_quotes)
    scores = evaluate_tasks(agent, tasks, count=examples, sampling=sampling) if tasks else []
    found = None
    if corpus is not None and any(corpus.glob("validation-*.parquet")):
        texts = (document.text for document in read_corpus(corpus, split="validation"))
        found = bits_per_byte(engine.model, engine.tokenizer, texts, max_bytes=text_bytes).bits_per_byte
    return Measures(scores, found)


def compare(before: Measures, after: Measures, *, max_fall: float, max_bits_per_byte_rise: float) -> Comparison:
    """Set the numbers side by side.

    Args:
        before: of the old model.
        after: of the new one, on the same questions and text.
        max_fall: share of its questions by which a task may fall.
        max_bits_per_byte_rise: share by which bits per byte may rise.
    """
    changes = [
        Change(
            f"{new.task} ({new.language})", old.score, new.score, new.low, new.high, True,
            old.score - new.score > max_fall + 1e-9,
        )
        for old, new in zip(before.scores, after.scores, strict=True)
    ]  # fmt: skip
    if before.bits_per_byte is not None and after.bits_per_byte is not None:
        old_bits, new_bits = before.bits_per_byte, after.bits_per_byte
        is_too_bad = new_bits > old_bits * (1 + max_bits_per_byte_rise)
        changes.append(Change("bits per byte", old_bits, new_bits, new_bits, new_bits, False, is_too_bad))
    return Comparison(changes)

"""Evaluation in one call: tasks, bits per byte, samples and the report."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from samovar.agent.agent import Agent
from samovar.agent.habits import Habits
from samovar.core.files import write_json_lines
from samovar.core.progress import Progress
from samovar.data.corpus import read_corpus
from samovar.engine.engine import Engine
from samovar.engine.request import Sampling
from samovar.evals.bits_per_byte import BitsPerByte, bits_per_byte
from samovar.evals.findings import Findings, Model, read_costs, read_manifests, read_runs
from samovar.evals.report import write_report
from samovar.evals.samples import Continuation, answer_prompts, continue_documents
from samovar.evals.settings import EvalSettings
from samovar.evals.tasks import TaskScore, evaluate_tasks
from samovar.model.shards import weight_bytes
from samovar.tasks.registry import load_task
from samovar.tasks.task import Task

WRONG_ANSWERS = "wrong.jsonl"
BASE_STAGE = "pretrain"


def evaluate(
    settings: EvalSettings,
    *,
    model: Path,
    corpus: Path | None,
    assistant_name: str,
    tasks: Sequence[str],
    out: Path,
    context: Mapping[str, Path] | None = None,
    account: Mapping[str, Mapping[str, Any]] | None = None,
    languages: Sequence[str] | None = None,
    habits: Habits | None = None,
    is_quiet: bool = False,
) -> dict[str, Any]:
    """Measure the assistant in ``model`` and write report.html, report.md and wrong.jsonl into ``out``.

    Args:
        settings: what is measured, on how much.
        model: a Hugging Face folder with its tokenizer.
        corpus: the data stage's artifact; without it bits per byte are not measured.
        assistant_name: what the assistant is called.
        tasks: names of the tasks.
        context: name of an earlier stage -> folder of its artifact, for curves, costs and the base model.
        account: name of an earlier stage -> forecast and fact.
        languages: of the questions; by default all that a task has.
        habits: how the assistant will be run.
    Returns:
        The metrics, JSON-able.
    Raises:
        MissingError: the model or the corpus is not there.
        ConfigError: there is no such task or tool.
    """
    folders = dict(context or {})
    loaded = {
        name: load_task(name, assistant_name=assistant_name, seed=settings.seed, languages=languages) for name in tasks
    }
    engine = Engine.load(model, max_batch=settings.batch)
    habits = habits or Habits()
    agent = Agent.of(engine, habits)
    sampling = Sampling(
        temperature=settings.temperature,
        seed=settings.seed,
        max_tokens=settings.max_tokens,
        verbatim_quotes=habits.verbatim_quotes,
    )
    scores = _scores(agent, loaded, settings, sampling, is_quiet=is_quiet)
    answers = answer_prompts(agent, assistant_name, sampling, settings.prompts)
    measured, continuations = _measure_text(settings, engine, corpus, folders.get(BASE_STAGE), is_quiet=is_quiet)
    manifests = read_manifests(folders)
    findings = Findings(
        assistant_name=assistant_name,
        model=_about(engine, model),
        scores=scores,
        about_tasks={name: _about_task(task) for name, task in loaded.items()},
        bits_per_byte=measured,
        answers=answers,
        continuations=continuations,
        manifests=manifests,
        runs=read_runs(folders),
        costs=read_costs(manifests, account or {}),
        temperature=settings.temperature,
        made_on=time.strftime("%Y-%m-%d"),
    )
    write_report(findings, out)
    write_json_lines(out / WRONG_ANSWERS, _wrong_rows(scores))
    return _metrics(findings)


def _scores(
    agent: Agent, tasks: Mapping[str, Task], settings: EvalSettings, sampling: Sampling, *, is_quiet: bool
) -> list[TaskScore]:
    total = settings.examples * sum(len(task.languages) for task in tasks.values())
    with Progress("eval", total, "questions", is_quiet=is_quiet) as progress:

        def after_each(score: TaskScore) -> None:
            progress.advance(score.count, note=f"{score.task} {score.language} {score.score:.0%}")

        return evaluate_tasks(
            agent,
            tasks,
            count=settings.examples,
            sampling=sampling,
            wrong_kept=settings.wrong_kept,
            after_each=after_each,
        )


def _measure_text(
    settings: EvalSettings, engine: Engine, corpus: Path | None, base: Path | None, *, is_quiet: bool
) -> tuple[dict[str, BitsPerByte], list[Continuation]]:
    """Bits per byte of the base model and the assistant on the held-out documents, and the former's continuations."""
    if corpus is None or not any(corpus.glob("validation-*.parquet")):
        return {}, []
    engines = {"assistant": engine}
    if base is not None:
        engines = {"base": Engine.load(base), **engines}
    with Progress("eval", len(engines), "models", is_quiet=is_quiet) as progress:
        measured = {}
        for name, one in engines.items():
            texts = _held_out_texts(corpus)
            measured[name] = bits_per_byte(
                one.model, one.tokenizer, texts, stride=settings.stride, max_bytes=settings.text_bytes
            )
            progress.advance(note=f"{name} {measured[name].bits_per_byte:.3f} bits per byte")
    if base is None:
        return measured, []
    teller = engines["base"]
    texts = _held_out_texts(corpus)
    return measured, continue_documents(
        teller, teller.tokenizer, texts, count=settings.continuations, seed=settings.seed
    )


def _held_out_texts(corpus: Path) -> Iterator[str]:
    return (document.text for document in read_corpus(corpus, split="validation"))


def _about(engine: Engine, folder: Path) -> Model:
    shape = engine.model.settings
    return Model(
        num_parameters=shape.num_parameters,
        size_bytes=weight_bytes(folder),
        num_layers=shape.num_layers,
        hidden_size=shape.hidden_size,
        vocab_size=shape.vocab_size,
        context=shape.max_positions,
    )


def _about_task(task: Task) -> str:
    return (inspect.getdoc(type(task)) or "").split("\n", 1)[0]


def _wrong_rows(scores: Sequence[TaskScore]) -> Iterator[dict[str, Any]]:
    for score in scores:
        for attempt in score.wrong:
            yield {
                "task": score.task,
                "language": score.language,
                "score": attempt.score,
                "prompt": [message.to_openai() for message in attempt.example.prompt],
                "answer": [message.to_openai() for message in attempt.completion],
                "reference": [message.to_openai() for message in attempt.example.reference],
            }


def _metrics(findings: Findings) -> dict[str, Any]:
    tasks: dict[str, dict[str, Any]] = {}
    for score in findings.scores:
        tasks.setdefault(score.task, {})[score.language] = score.to_json()
    metrics: dict[str, Any] = {
        f"{name}_bits_per_byte": round(one.bits_per_byte, 4) for name, one in findings.bits_per_byte.items()
    }
    if findings.scores:
        metrics["accuracy"] = round(sum(score.score for score in findings.scores) / len(findings.scores), 4)
    return metrics | {"parameters": findings.model.num_parameters, "tasks": tasks}

"""The page a person reads: report.html, and the same in Markdown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from samovar.chat.conversation import Message
from samovar.core.excerpts import shortened
from samovar.core.files import write_atomic
from samovar.core.progress import short_bytes, short_duration, short_number
from samovar.evals.charts import Series, interval_bar, line_chart, twin_bar
from samovar.evals.facts import form_of_weights, headline, ingredients, quantization
from samovar.evals.findings import Findings, TrainingRun
from samovar.evals.verdict import language_name, level, verdict

_LEVELS = ("mostly wrong", "right at times", "usually right", "reliable")
_STAGES = {
    "pretrain": "Pretraining: learning to write",
    "sft": "Fine-tuning: learning to answer",
    "reward": "Reward model: learning to judge",
    "dpo": "Preferences: learning what people like",
    "improve": "Self-improvement: learning from its own right answers",
    "grpo": "Reward: learning which of its answers are worth more (GRPO)",
    "ppo": "Reward: learning which of its answers are worth more (PPO)",
    "distill": "Distillation: learning from a larger assistant",
}
_SAMPLES_SHOWN = 4
_WRONG_SHOWN = 1
"""For each task and language; all that were kept are in wrong.jsonl."""
_TEXT_SHOWN_CHARACTERS = 420


def write_report(findings: Findings, out: Path) -> None:
    """Write report.html and report.md into ``out``."""
    write_atomic(out / "report.html", render(findings, "report.html"))
    write_atomic(out / "report.md", render(findings, "report.md"))


def render(findings: Findings, template: str) -> str:
    """``findings`` in a template of the folder beside; in HTML everything but our own drawings is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=template.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "duration": short_duration,
        "bytes": short_bytes,
        "number": short_number,
        "short": _short,
        "cell": _table_cell,
        "quoted": _quoted,
        "language": language_name,
    }
    return environment.get_template(template).render(_page(findings))


def _page(findings: Findings) -> dict[str, Any]:
    return {
        "findings": findings,
        "verdict": verdict(findings.assistant_name, findings.model.num_parameters, findings.scores),
        "headline": headline(findings),
        "ingredients": ingredients(findings),
        "quantization": quantization(findings.metrics("quantize")),
        "form": form_of_weights(findings.metrics("quantize")),
        "tasks": _task_rows(findings),
        "has_partial": any(0 < attempt.score < 1 for score in findings.scores for attempt in score.wrong),
        "tried": _tried(findings),
        "wrong": [(score, attempt) for score in findings.scores for attempt in score.wrong[:_WRONG_SHOWN]],
        "runs": [_run(run) for run in findings.runs],
        "costs": _cost_rows(findings),
        "steps": _steps,
        "final": _final,
    }


def _task_rows(findings: Findings) -> list[dict[str, Any]]:
    return [
        {
            "score": score,
            "name": score.task.replace("_", " "),
            "about": findings.about_tasks.get(score.task, ""),
            "is_first": index == 0 or findings.scores[index - 1].task != score.task,
            "span": sum(other.task == score.task for other in findings.scores),
            "bar": Markup(interval_bar(score.score, score.low, score.high)),
            "level": _LEVELS[level(score)],
        }
        for index, score in enumerate(findings.scores)
    ]


def _tried(findings: Findings) -> list[dict[str, Any]]:
    """The first test question of each task and language, taken without looking, as prompt, answer and mark."""
    return [
        {
            "task": score.task.replace("_", " "),
            "language": score.language,
            "prompt": attempt.example.prompt,
            "completion": attempt.completion,
            "is_right": attempt.is_right,
        }
        for score in findings.scores
        for attempt in score.first[:1]
    ]


def _run(run: TrainingRun) -> dict[str, Any]:
    training = Series("training", "train", run.loss)
    held_out = Series("held out", "held-out", run.validation_loss, has_dots=True)
    bits = Series("held out", "held-out", run.validation_bits_per_byte, has_dots=True)
    drawn = Series("drawn", "train", run.success)
    asked = Series("held out", "held-out", run.held_out, has_dots=True)
    reward = Series("reward", "train", run.reward)
    return {
        "title": _STAGES.get(run.stage, run.stage),
        "unit": run.unit,
        "loss": Markup(line_chart(f"{run.stage}: loss in nats a token", [training, held_out])),
        "bits": Markup(line_chart(f"{run.stage}: bits per byte", [bits])),
        "success": Markup(line_chart(f"{run.stage}: share of right answers", [drawn, asked], run.unit)),
        "reward": Markup(line_chart(f"{run.stage}: reward", [reward], run.unit)),
        "held_out": (run.held_out[0].value, run.held_out[-1].value) if run.held_out else None,
        "last_loss": run.loss[-1].value if run.loss else None,
        "last_validation_loss": run.validation_loss[-1].value if run.validation_loss else None,
        "last_bits": run.validation_bits_per_byte[-1].value if run.validation_bits_per_byte else None,
        "samples": [sample for told in run.samples.values() for sample in _spread(told, _SAMPLES_SHOWN)],
    }


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    """At most ``count`` items, from the first to the last in even steps."""
    if len(items) <= count:
        return list(items)
    return [items[round(index * (len(items) - 1) / (count - 1))] for index in range(count)]


def _cost_rows(findings: Findings) -> list[dict[str, Any]]:
    longest = max((max(cost.seconds, cost.forecast_seconds or 0.0) for cost in findings.costs), default=1.0)
    return [
        {
            "cost": cost,
            "bar": Markup(twin_bar(cost.forecast_seconds or 0.0, cost.seconds, longest)),
        }
        for cost in findings.costs
    ]


def _steps(completion: Sequence[Message]) -> list[str]:
    """The calls of tools in an answer, each with its result."""
    results = {message.tool_call_id: message.content for message in completion if message.role == "tool"}
    return [
        f"{call.name}({_arguments(call.arguments)})" + (f" = {results[call.id]}" if call.id in results else "")
        for message in completion
        for call in message.tool_calls
    ]


def _arguments(arguments: dict[str, Any]) -> str:
    if len(arguments) == 1:
        return str(next(iter(arguments.values())))
    return json.dumps(arguments, ensure_ascii=False)


def _final(completion: Sequence[Message]) -> str:
    """What the assistant said to the person."""
    return "\n".join(message.content for message in completion if message.role == "assistant" and message.content)


def _short(text: str) -> str:
    return shortened(text, _TEXT_SHOWN_CHARACTERS)


def _table_cell(text: str) -> str:
    """In one line of a Markdown table, nothing of it read as markup."""
    for mark in "\\`*_<[|":
        text = text.replace(mark, "\\" + mark)
    return _short(" ⏎ ".join(text.splitlines()))


def _quoted(text: str) -> str:
    """As a block of Markdown that shows it as it is."""
    return "\n".join(f"    {line}" for line in _short(text).splitlines())

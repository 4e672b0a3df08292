"""Measure the assistant, and write the report."""

from __future__ import annotations

from typing import Any

from samovar.brew.answering_forecast import answering_seconds, held_out_tokens
from samovar.brew.curriculum import task_config
from samovar.brew.forecast import MIB, PROCESS_BYTES, Forecast, Outlook
from samovar.brew.habits import habits_config, habits_of
from samovar.brew.recipe import Recipe
from samovar.brew.stage import TAUGHT, Stage, StageContext
from samovar.brew.training_forecast import FORWARD_SHARE, decoder_settings, probe_training

REPORT_BYTES = 2 * MIB


class EvalStage(Stage):
    """The report: report.html, report.md and the wrong answers."""

    name = "eval"
    needs = ("data", "base", "tokenizer", "shards", "pretrain", *TAUGHT, "reward", "distill", "quantize")

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """What is asked, and how the assistant is run."""
        return {"eval": recipe.eval.model_dump(mode="json"), "run": habits_config(recipe), **task_config(recipe)}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Ask the held-out questions."""
        from samovar.evals.evaluate import evaluate

        recipe = context.recipe
        return evaluate(
            recipe.eval,
            model=context.inputs["quantize"],
            corpus=context.inputs.get("data"),
            assistant_name=recipe.name,
            tasks=sorted(recipe.sft.tasks),
            out=context.out,
            context=context.inputs,
            account=context.account,
            languages=recipe.languages,
            habits=habits_of(recipe),
            is_quiet=context.is_quiet,
        )

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """Answers of a usual length at the decoding speed, and the held-out text twice through two models."""
        shape = decoder_settings(recipe, outlook)
        speed = probe_training(recipe, recipe.pretrain, outlook)["tokens_per_second"]
        answering = answering_seconds(recipe, recipe.eval.examples, speed)
        reading = 2 * 2 * held_out_tokens(recipe, recipe.eval.text_bytes, outlook) * FORWARD_SHARE / speed
        return Forecast(5.0 + answering + reading, PROCESS_BYTES + 8 * shape.num_parameters + 300 * MIB, REPORT_BYTES)

"""Teach the base model to converse."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from samovar.brew.curriculum import conversation_files, conversations_fingerprint, load_tasks, task_config
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, Training, training_config
from samovar.brew.training_forecast import forecast_training
from samovar.core.errors import ConfigError
from samovar.train.parallel.degrees import check_run
from samovar.train.parallel.world import number_of_processes

if TYPE_CHECKING:
    from pathlib import Path

    from samovar.train.settings import SftSettings

PACKED_TOKENS_PER_SECOND = 150_000
"""Drawing, rendering, encoding and packing of conversations, on two cores."""
PACKED_BYTES_PER_TOKEN = 5


class SftStage(Stage):
    """The assistant, a Hugging Face folder."""

    name = "sft"
    needs = ("pretrain", "shards")
    resumes = True
    is_parallel = True

    def check(self, recipe: Recipe) -> None:
        """See that the processes of this run can divide its rows, and the model where they are to."""
        if recipe.sft.documents_share and not recipe.is_pretrained_here:
            raise ConfigError(
                "sft.documents_share repeats the documents of pretraining, and the recipe's base does not read any",
                hint="give the section pretrain, or leave sft.documents_share out",
            )
        shape = recipe.model.decoder(recipe.tokenizer.vocab_size) if recipe.base is None else None
        context, is_whole = recipe.sft.context or recipe.model.context, recipe.sft.adapter is not None
        check_run(number_of_processes(), recipe.sft, context, shape, is_whole=is_whole)

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and the tasks; with a base that reads nothing here, the length of rows as well: else the
        model's shape has it, which counts in pretraining."""
        config = {"sft": training_config(recipe.sft), **task_config(recipe)}
        return config if recipe.is_pretrained_here else config | _row_length(recipe)

    def config_alone(self, recipe: Recipe) -> dict[str, Any]:
        """The length of rows as well."""
        return self.config(recipe) | _row_length(recipe)

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The user's own conversations."""
        return conversations_fingerprint(root, recipe)

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, from the last checkpoint where there is one."""
        from samovar.model.card import card_facts
        from samovar.train.sft import sft

        recipe, base = context.recipe, context.inputs["pretrain"]
        metrics = sft(
            _in_context(recipe, base),
            base=base,
            out=context.out,
            tasks=load_tasks(recipe, seed=recipe.sft.seed),
            conversations=conversation_files(context.root, recipe),
            shards=context.inputs.get("shards"),
            world=context.world,
        )
        line = too_few_line(recipe.sft, metrics["tokens"])
        if line and context.world.is_first and not context.is_quiet:
            print(line, file=sys.stderr, flush=True)
        return metrics | card_facts(base)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """As many tokens as the recipe says."""
        return Training(recipe.sft, recipe.sft.tokens)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine, and the packing before it."""
        tokens = recipe.sft.tokens
        training = forecast_training(
            recipe, recipe.sft, tokens=tokens, outlook=outlook, extra_disk_bytes=tokens * PACKED_BYTES_PER_TOKEN
        )
        return training._replace(seconds=training.seconds + tokens / PACKED_TOKENS_PER_SECOND)


def too_few_line(settings: SftSettings, tokens: int) -> str:
    """What to say where the conversations gave at least a step less than was asked for, as tasks never do."""
    if settings.tasks or tokens + settings.batch_tokens > settings.tokens:
        return ""
    epochs = f"{settings.max_epochs:g} epoch{'' if settings.max_epochs == 1 else 's'}"
    return (
        f"  your conversations give {tokens:,} tokens in {epochs}, of the {settings.tokens:,} asked for: add some, or "
        "raise sft.max_epochs"
    )


def _row_length(recipe: Recipe) -> dict[str, Any]:
    """Of the recipe, where fine-tuning has none of its own."""
    return {} if recipe.sft.context else {"context": recipe.model.context}


def _in_context(recipe: Recipe, base: Path) -> SftSettings:
    """How it is trained, in rows of the recipe's context: a model of others could take longer ones."""
    if recipe.sft.context is not None:
        return recipe.sft
    from samovar.model.checkpoint import read_settings

    context = min(recipe.model.context, read_settings(base).max_positions)
    return recipe.sft.model_copy(update={"context": context})

"""Teach the base model to converse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samovar.brew.curriculum import content_fingerprint, conversation_files, load_tasks, task_config
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, training_config
from samovar.brew.training_forecast import forecast_training

if TYPE_CHECKING:
    from pathlib import Path

PACKED_TOKENS_PER_SECOND = 150_000
"""Drawing, rendering, encoding and packing of conversations, on two cores."""
PACKED_BYTES_PER_TOKEN = 5


class SftStage(Stage):
    """The assistant, a Hugging Face folder."""

    name = "sft"
    needs = ("pretrain",)
    resumes = True

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and the tasks."""
        return {"sft": training_config(recipe.sft), **task_config(recipe)}

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The user's own conversations."""
        paths = conversation_files(root, recipe)
        return {"conversations": content_fingerprint(paths)} if paths else {}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, from the last checkpoint where there is one."""
        from samovar.train.sft import sft

        return sft(
            context.recipe.sft,
            base=context.inputs["pretrain"],
            out=context.out,
            tasks=load_tasks(context.recipe, seed=context.recipe.sft.seed),
            conversations=conversation_files(context.root, context.recipe),
        )

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine, and the packing before it."""
        tokens = recipe.sft.tokens
        training = forecast_training(
            recipe, recipe.sft, tokens=tokens, outlook=outlook, extra_disk_bytes=tokens * PACKED_BYTES_PER_TOKEN
        )
        return training._replace(seconds=training.seconds + tokens / PACKED_TOKENS_PER_SECOND)

"""Train a decoder from scratch on the shards."""

from __future__ import annotations

from typing import Any

from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, training_config
from samovar.brew.training_forecast import forecast_training


class PretrainStage(Stage):
    """The base model, a Hugging Face folder."""

    name = "pretrain"
    needs = ("shards", "tokenizer", "base")
    resumes = True

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the model reads the documents."""
        return recipe.is_pretrained_here

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """The model's shape and how it is trained."""
        return {"model": recipe.model.model_dump(mode="json"), "pretrain": training_config(recipe.pretrain)}

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, from the last checkpoint where there is one."""
        from samovar.train.pretrain import pretrain

        recipe = context.recipe
        return pretrain(
            recipe.pretrain,
            recipe.model,
            shards=context.inputs["shards"],
            tokenizer=context.inputs["tokenizer"],
            base=context.inputs.get("base"),
            out=context.out,
        )

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine."""
        return forecast_training(recipe, recipe.pretrain, tokens=recipe.pretrain.tokens, outlook=outlook)

"""Train a decoder from scratch on the shards."""

from __future__ import annotations

from typing import Any

from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, Training, training_config
from samovar.brew.training_forecast import forecast_training
from samovar.train.parallel.degrees import check_run
from samovar.train.parallel.world import number_of_processes


class PretrainStage(Stage):
    """The base model, a Hugging Face folder."""

    name = "pretrain"
    needs = ("shards", "tokenizer", "base")
    resumes = True
    is_parallel = True

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the model reads the documents."""
        return recipe.is_pretrained_here

    def check(self, recipe: Recipe) -> None:
        """See that the processes of this run can divide its rows, and the model where they are to."""
        shape = recipe.model.decoder(recipe.tokenizer.vocab_size) if recipe.base is None else None
        check_run(number_of_processes(), recipe.pretrain, recipe.pretrain.context or recipe.model.context, shape)

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
            world=context.world,
        )

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """As many tokens as the recipe says."""
        return Training(recipe.pretrain, recipe.pretrain.tokens)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine."""
        return forecast_training(recipe, recipe.pretrain, tokens=recipe.pretrain.tokens, outlook=outlook)

"""Make a model that says how good an answer is, from what people prefer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samovar.brew.alone import identify
from samovar.brew.curriculum import content_fingerprint, named_files, preference_files
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.preference_forecast import forecast_preferences, in_rows, preference_tokens
from samovar.brew.recipe import Recipe
from samovar.brew.reward_promotion import promote_reward
from samovar.brew.stage import Stage, StageContext, Training, training_config
from samovar.train.preference_settings import RewardSettings


class RewardStage(Stage):
    """A reward model, a folder that transformers opens as a classifier of sequences."""

    name = "reward"
    needs = ("sft", "rlaif")
    resumes = True
    is_parallel = True

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the recipe has the section."""
        return recipe.reward is not None

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and what the gate allows."""
        return {"reward": training_config(_settings(recipe))}

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The preferences, and the reward model that it is compared with where the recipe names one."""
        settings = _settings(recipe)
        found = {"preferences": content_fingerprint(named_files(root, settings.preferences, "reward.preferences"))}
        if settings.previous is not None:
            found["previous"] = identify(root / settings.previous)
        return found

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, measure on the preferences that were held out, and keep the better of this and an earlier one."""
        from samovar.model.card import card_facts
        from samovar.train.reward import reward

        settings, base = _settings(context.recipe), context.inputs["sft"]
        files = preference_files(context.root, settings.preferences, "reward.preferences", context.inputs)
        metrics = reward(settings, base=base, out=context.out, preferences=files, world=context.world)
        if context.world.is_first:
            metrics |= promote_reward(context, settings, files)
        return metrics | card_facts(base)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """By the size of the files, as often as they are gone through, once a model."""
        settings = _settings(recipe)
        tokens = preference_tokens(settings, outlook) * settings.num_models
        return Training(in_rows(recipe, settings, outlook), round(tokens))

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine, a model after the other."""
        settings = _settings(recipe)
        one = forecast_preferences(recipe, settings, outlook, gate=None)
        return one._replace(seconds=one.seconds * settings.num_models, disk_bytes=one.disk_bytes * settings.num_models)


def _settings(recipe: Recipe) -> RewardSettings:
    return recipe.reward or RewardSettings()

"""Teach the assistant what people prefer, and keep the new one if it is no worse at anything else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from samovar.brew.alone import identify
from samovar.brew.curriculum import content_fingerprint, named_files, preference_files, task_config
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.preference_forecast import forecast_preferences, in_rows, preference_tokens
from samovar.brew.promotion import promote
from samovar.brew.recipe import Recipe
from samovar.brew.stage import Stage, StageContext, Training, training_config
from samovar.core.errors import ConfigError
from samovar.train.preference_settings import DpoSettings

PROJECT_STATE = ".samovar"


class DpoStage(Stage):
    """An assistant, a Hugging Face folder: the new one, or the one before where the gate refused it."""

    name = "dpo"
    needs = ("sft", "data", "reward", "rlaif")
    resumes = True
    is_parallel = True

    def takes_part(self, recipe: Recipe) -> bool:
        """Where the recipe has the section."""
        return recipe.dpo is not None

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and what the gate asks.

        Raises:
            ConfigError: an adapter is to be left alone, which is no model for the stages after it.
        """
        settings = _settings(recipe)
        if settings.adapter is not None and not settings.adapter.merge:
            raise ConfigError("dpo.adapter.merge is false: the gate and later stages need a whole model")
        return {"dpo": training_config(settings), "eval": recipe.eval.max_tokens, **task_config(recipe)}

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The preferences."""
        settings = _settings(recipe)
        found = {"preferences": content_fingerprint(named_files(root, settings.preferences, "dpo.preferences"))}
        if settings.on_policy is not None and settings.on_policy.judge is not None:
            found["judge"] = identify(root / settings.on_policy.judge)
        return found

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, compare, promote."""
        from samovar.model.card import card_facts
        from samovar.train.dpo import dpo

        settings, old = _settings(context.recipe), context.inputs["sft"]
        files = preference_files(context.root, settings.preferences, "dpo.preferences", context.inputs)
        state = context.root / PROJECT_STATE
        cache = state / "reference" if state.is_dir() else None
        if settings.on_policy is None:
            metrics = dpo(settings, base=old, out=context.out, preferences=files, cache=cache, world=context.world)
        else:
            from samovar.train.on_policy import on_policy_dpo

            metrics = on_policy_dpo(
                settings, base=old, out=context.out, preferences=files, judge=_judge(context), world=context.world
            )
        if context.world.is_first:
            metrics |= promote(context, settings.gate, old=old)
        return metrics | card_facts(old)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """By the size of the files, as often as they are gone through."""
        settings = _settings(recipe)
        tokens = preference_tokens(settings, outlook)
        return Training(in_rows(recipe, settings, outlook), round(tokens))

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine, and the gate's questions."""
        return forecast_preferences(recipe, _settings(recipe), outlook, gate=_settings(recipe).gate)


def _judge(context: StageContext) -> Path:
    """The reward model's folder.

    Raises:
        ConfigError: none is named, and none was made.
    """
    how = _settings(context.recipe).on_policy
    if how is not None and how.judge is not None:
        return context.root / how.judge
    if "reward" in context.inputs:
        return context.inputs["reward"]
    raise ConfigError(
        "dpo.on_policy has no judge", hint="add a reward section to the recipe, or name dpo.on_policy.judge"
    )


def _settings(recipe: Recipe) -> DpoSettings:
    return recipe.dpo or DpoSettings()

"""Make a model that says how good an answer is, from what people prefer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from samovar.brew.alone import identify
from samovar.brew.base_model import local_folder, model_folder, settings_folder, with_model
from samovar.brew.curriculum import check_preferences, content_fingerprint, named_files, preference_files
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.preference_forecast import forecast_preferences, preference_tokens
from samovar.brew.recipe import Recipe
from samovar.brew.reward_promotion import earlier_reward, promote_reward
from samovar.brew.stage import Stage, StageContext, Training, training_config
from samovar.train.preference_settings import RewardSettings

if TYPE_CHECKING:
    from samovar.model.settings import DecoderSettings


class RewardStage(Stage):
    """A reward model, a folder that transformers opens as a classifier of sequences."""

    name = "reward"
    is_optional = True
    needs = ("sft", "rlaif")
    resumes = True
    is_parallel = True

    def reads(self, recipe: Recipe) -> tuple[str, ...]:
        """Not the assistant, where it begins as another model."""
        return self.needs if _settings(recipe).base is None else ("rlaif",)

    def check(self, recipe: Recipe) -> None:
        """See that there is something to learn from.

        Raises:
            ConfigError: there is not.
        """
        check_preferences(recipe, _settings(recipe).preferences, self.name)

    def config(self, recipe: Recipe) -> dict[str, Any]:
        """How it is trained, and what the gate allows."""
        return {"reward": training_config(_settings(recipe))}

    def files(self, root: Path, recipe: Recipe) -> dict[str, str]:
        """The preferences, and the models that it begins as and is compared with where the recipe names them."""
        settings = _settings(recipe)
        found = {"preferences": content_fingerprint(named_files(root, settings.preferences, "reward.preferences"))}
        if settings.base is not None:
            folder = local_folder(settings.base, root)
            found["base"] = settings.base if folder is None else identify(_base_in(folder))
        if settings.previous is not None:
            found["previous"] = identify(earlier_reward(root, settings.previous))
        return found

    def run(self, context: StageContext) -> dict[str, Any]:
        """Train, measure on the preferences that were held out, and keep the better of this and an earlier one."""
        from samovar.model.card import card_facts
        from samovar.train.reward import reward

        settings = _settings(context.recipe)
        with context.world.first_before_others():
            base = (
                context.inputs["sft"]
                if settings.base is None
                else model_folder(settings.base, context.root, is_quiet=context.is_quiet)
            )
        files = preference_files(context.root, settings.preferences, "reward.preferences", context.inputs)
        metrics = reward(settings, base=base, out=context.out, preferences=files, world=context.world)
        if context.world.is_first:
            metrics |= promote_reward(context, settings, files)
        return metrics | card_facts(base)

    def training(self, recipe: Recipe, outlook: Outlook) -> Training:
        """By the size of the files, as often as they are gone through, once a model."""
        begun = _begun(recipe, outlook)
        tokens = preference_tokens(begun.settings, outlook) * begun.settings.num_models
        return Training(begun.settings, round(tokens), begun.shape, runs=begun.settings.num_models)

    def forecast(self, recipe: Recipe, outlook: Outlook) -> Forecast:
        """From the probe of this machine, a model after the other."""
        settings, shape = _begun(recipe, outlook)
        one = forecast_preferences(recipe, settings, outlook, gate=None, shape=shape)
        return one._replace(seconds=one.seconds * settings.num_models, disk_bytes=one.disk_bytes * settings.num_models)


class _Begun(NamedTuple):
    """What a run begins with."""

    settings: RewardSettings
    """With the tokens of a row."""
    shape: DecoderSettings | None
    """Of the model, where it is not the recipe's."""


def _begun(recipe: Recipe, outlook: Outlook) -> _Begun:
    """What the run will begin with, seen before any other stage works for it.

    Raises:
        MissingError, ConfigError: there is no such model, or it cannot be trained as the recipe has it.
    """
    settings = _settings(recipe)
    if settings.base is None:
        return _Begun(settings, None)
    from samovar.model.checkpoint import read_settings
    from samovar.model.encoder_checkpoint import load_encoder_settings
    from samovar.model.reward_encoder import is_encoder
    from samovar.train.reward import check_base, encoder_tokens

    base = _base_in(settings_folder(settings.base, outlook.root))
    check_base(settings, base)
    if is_encoder(base):
        shape = load_encoder_settings(base).decoder_of_its_size
        context = 2 * encoder_tokens(base, settings)  # a row holds both answers
    else:
        shape = read_settings(base)
        context = settings.row_tokens(shape.max_positions)
    return _Begun(settings.model_copy(update={"context": context}), shape)


def _base_in(folder: Path) -> Path:
    return with_model(
        folder,
        "reward.base",
        hint="name the folder of a model, or its id on Hugging Face, or leave it out: the assistant is begun with",
    )


def _settings(recipe: Recipe) -> RewardSettings:
    return recipe.reward or RewardSettings()

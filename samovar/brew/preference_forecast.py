"""What learning from preferences will take here: its rows by the size of the files, and the questions of the gate."""

from __future__ import annotations

from samovar.brew.answering_forecast import answering_seconds, held_out_tokens
from samovar.brew.curriculum import named_files
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.recipe import Recipe
from samovar.brew.training_forecast import FORWARD_SHARE, forecast_training, probe_training
from samovar.core.errors import MissingError
from samovar.model.settings import DecoderSettings
from samovar.train.preference_settings import GateSettings, PreferenceSettings

BYTES_PER_TOKEN = 4.0
"""Of files of preferences, keys of JSON and repeated prompts included."""
_UNKNOWN_BYTES = 1e6


def forecast_preferences(
    recipe: Recipe,
    settings: PreferenceSettings,
    outlook: Outlook,
    *,
    gate: GateSettings | None,
    shape: DecoderSettings | None = None,
    tokens: float | None = None,
) -> Forecast:
    """Seconds, memory and disk.

    Args:
        recipe: the recipe.
        settings: of the stage.
        outlook: what is known here.
        gate: that whose questions both models are put in the end, where there is one.
        shape: of the model, where it is not the recipe's.
        tokens: that are trained on, where it is not the files that say.
    """
    tokens = preference_tokens(settings, outlook) if tokens is None else tokens
    training = forecast_training(recipe, settings, tokens=tokens, outlook=outlook, shape=shape)
    speed = probe_training(recipe, settings, outlook, shape)["tokens_per_second"]
    seconds = training.seconds + FORWARD_SHARE * tokens / settings.epochs / speed
    if gate is not None:
        seconds += answering_seconds(recipe, 2 * gate.examples, speed)
        seconds += 2 * 2 * held_out_tokens(recipe, gate.text_bytes, outlook) * FORWARD_SHARE / speed
    return training._replace(seconds=seconds)


def preference_tokens(settings: PreferenceSettings, outlook: Outlook) -> float:
    """Tokens that training goes through, by the size of the files and of what an earlier stage is to make."""
    try:
        files = named_files(outlook.root, settings.preferences, "preferences")
        size_bytes = float(sum(path.stat().st_size for path in files))
    except MissingError:  # it is refused when it is its turn
        size_bytes = _UNKNOWN_BYTES
    size_bytes += outlook.quantity("rlaif", "preference_bytes")
    return max(1.0, settings.epochs * size_bytes / BYTES_PER_TOKEN)

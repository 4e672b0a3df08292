"""What training is forecast to take is counted for the rows that it really has."""

from __future__ import annotations

import pytest

from samovar.brew.recipe import compose_recipe
from samovar.brew.training_forecast import training_context
from samovar.core.errors import ConfigError
from samovar.train.improve_settings import ImproveSettings
from samovar.train.preference_settings import DpoSettings
from samovar.train.rl.settings import GrpoSettings


def test_rows_are_foretold_as_long_as_they_are_trained() -> None:
    recipe = compose_recipe(None, {"model": {"context": 512}, "ppo": {"context": 256}})
    shape = recipe.model.decoder(1000).model_copy(update={"max_positions": 32_768})
    sections = (recipe.pretrain, recipe.sft, DpoSettings(), GrpoSettings(), ImproveSettings(), recipe.ppo)
    # Pretraining and fine-tuning keep to the recipe's context; the others know the model alone.
    assert [training_context(recipe, one, shape) for one in sections if one] == [512, 512, 1024, 1024, 2048, 256]


def test_rows_longer_than_the_model_are_refused() -> None:
    assert DpoSettings(context=512).row_tokens(512) == 512
    with pytest.raises(ConfigError, match="rows of 513 tokens are longer than the 512"):
        DpoSettings(context=513).row_tokens(512)

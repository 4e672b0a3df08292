"""Teach the assistant by reward, with a value head that says what was to be expected."""

from __future__ import annotations

from typing import ClassVar

from samovar.brew.recipe import Recipe
from samovar.brew.reinforcement import ReinforcementStage
from samovar.train.rl.settings import PpoSettings


class PpoStage(ReinforcementStage):
    """An assistant, a Hugging Face folder: the new one, or the one before where the gate refused it."""

    name = "ppo"
    is_optional = True
    needs: ClassVar[tuple[str, ...]] = ("sft", "dpo", "improve", "grpo", "reward", "data")

    def settings(self, recipe: Recipe) -> PpoSettings:
        """Its section."""
        return recipe.ppo or PpoSettings()

"""Teach the assistant by reward, its answers to a question compared with each other."""

from __future__ import annotations

from typing import ClassVar

from samovar.brew.recipe import Recipe
from samovar.brew.reinforcement import ReinforcementStage
from samovar.train.rl.settings import GrpoSettings


class GrpoStage(ReinforcementStage):
    """An assistant, a Hugging Face folder: the new one, or the one before where the gate refused it."""

    name = "grpo"
    is_optional = True
    needs: ClassVar[tuple[str, ...]] = ("sft", "dpo", "improve", "reward", "data")

    def settings(self, recipe: Recipe) -> GrpoSettings:
        """Its section."""
        return recipe.grpo or GrpoSettings()

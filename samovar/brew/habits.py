"""How a recipe's assistant is run: alike where it learns by reward, at the gate, in the report and in the terminal, but
that nothing is put into its mouth where it learns."""

from __future__ import annotations

from typing import Any

from samovar.agent.habits import Habits
from samovar.brew.recipe import Recipe


def habits_of(recipe: Recipe) -> Habits:
    """As the recipe has it."""
    return Habits(**{name: getattr(recipe.serve, name) for name in Habits._fields})


def habits_config(recipe: Recipe, *, in_training: bool = False) -> dict[str, Any]:
    """The same, JSON-able, for stages whose output depends on it.

    Args:
        recipe: whose assistant it is.
        in_training: whether answers are drawn to be learnt from: then quotes are not kept to the text, and thoughts
            are of any length.
    """
    names = set(Habits._fields) - ({"verbatim_quotes", "max_thought_tokens"} if in_training else set())
    kept = recipe.serve.model_dump(mode="json", include=names)
    if kept.get("max_thought_tokens") is None:  # what was made before there was such a habit is still good
        kept.pop("max_thought_tokens", None)
    return kept

"""What a model of one's own reads beside the documents: the tasks' texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from samovar.brew.recipe import Recipe

if TYPE_CHECKING:
    from samovar.data.document import Document


def tasks_reading(recipe: Recipe) -> Iterator[Document]:
    """The tasks' texts as documents; none for a model that brings its own words, to which they would be a large part of
    what it reads here."""
    from samovar.data.document import Document
    from samovar.tasks.registry import load_task

    if recipe.base is not None:
        return
    for name in sorted(recipe.sft.tasks):
        for number, text in enumerate(load_task(name, languages=recipe.languages).reading()):
            yield Document(f"{name}-{number}", text, f"task:{name}")


def reading_characters(recipe: Recipe) -> int:
    """How long these texts are together."""
    return sum(len(document.text) for document in tasks_reading(recipe))

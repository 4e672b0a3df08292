"""The recipe's schema: complete, true to the reader, and the same as the page in docs/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samovar.brew.recipe import Recipe
from samovar.brew.reference import recipe_reference, recipe_schema
from tests.cli.conftest import Samovar

PAGE = Path(__file__).parents[2] / "docs" / "recipe.md"


def test_the_command_prints_the_schema(samovar: Samovar) -> None:
    ran = samovar("config", "schema")
    assert ran.code == 0
    assert json.loads(ran.out) == json.loads(json.dumps(recipe_schema()))


def test_every_key_has_a_meaning() -> None:
    schema = recipe_schema()
    groups = {"the file": schema, **schema["$defs"]}
    silent = [
        f"{name}.{key}"
        for name, group in groups.items()
        for key, field in group.get("properties", {}).items()
        if not field.get("description")
    ]
    assert not silent


def test_the_schema_knows_the_keys_that_the_reader_knows() -> None:
    schema = recipe_schema()
    assert set(schema["properties"]) == set(Recipe.model_fields)
    assert schema["additionalProperties"] is False
    groups: list[dict[str, Any]] = [group for group in schema["$defs"].values() if "properties" in group]
    assert groups
    assert all(group["additionalProperties"] is False for group in groups)


def test_the_page_is_the_schema() -> None:
    assert PAGE.read_text(encoding="utf-8") == recipe_reference(), (
        "write it anew: samovar config schema --markdown > docs/recipe.md"
    )

"""Recipes: what is accepted, and that what is wrong is named with its place and the nearest right word."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samovar.brew.project import new_project, open_project, ready_recipe, ready_recipe_names
from samovar.brew.recipe import Recipe, compose_recipe, load_recipe
from samovar.core.errors import ConfigError, MissingError, SamovarError
from samovar.train.feedback.constitution import read_constitution


def recipe_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "samovar.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ready_recipe_names())
def test_every_ready_recipe_loads(name: str) -> None:
    assert load_recipe(ready_recipe(name)).sft.tasks


def test_the_quick_start_is_a_ready_recipe() -> None:
    assert "quickstart" in ready_recipe_names()


def test_a_switch_may_be_written_bare(tmp_path: Path) -> None:
    """YAML 1.1 reads on and off as true and false."""
    recipe = compose_recipe(recipe_file(tmp_path, "pretrain: {compile: off}"), {}, ["sft.compile=on"])
    assert (recipe.pretrain.compile, recipe.sft.compile) == ("off", "on")


def test_an_empty_file_is_the_defaults(tmp_path: Path) -> None:
    assert load_recipe(recipe_file(tmp_path, "# nothing\n")) == Recipe()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmae: A", "did you mean 'name'"),
        ("pretrain: {tokns: 5}", "did you mean 'tokens'"),
        ("improve: {iteratons: 5}", "did you mean 'iterations'"),
        ("quantize: {bits: 8}", "'quantize.bits' is a key of an earlier version: write form (bits: 8 is form: int8"),
        ("pretrain: {tokens: many}", "'pretrain.tokens' is 'many'"),
        ("pretrain: {tokens: -1}", "greater than or equal to 1"),
        ("languages: [fr]", "languages.0"),
        ("languages: []", "languages"),
        ("data: 5", "'data' is 5"),
        ("quantize: {form: int3}", "quantize.form"),
        ("serve: {temperature: 9}", "serve.temperature"),
        ("data: {steps: [lenght]}", "lenght"),
        ("data: {steps: [{step: toxicity, action: drop}]}", "did you mean 'actions'"),  # other steps have an action
        ("data:\n  sources: [a\nname: b", "line 3"),
        ("name: A\nname: B", "line 2, column 1: the key 'name' is written twice"),
        ("name: 'open", "line 1"),
        ("- a\n- b", "is not a group"),
        ("just words", "is not a group"),
        ("\tname: A", "line 1"),
        ("name: &x [*x]", "'name' is"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(recipe_file(tmp_path, text))
    assert said in caught.value.what
    assert caught.value.hint


@pytest.mark.parametrize("text", ["grpo: {questions: 5}", "improve: {samples: 5}", "pretrain: {lr: 1}"])
def test_another_word_is_not_taken_for_a_misspelt_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_recipe(recipe_file(tmp_path, text))
    assert "unknown key" in caught.value.what
    assert "did you mean" not in caught.value.what


def test_a_missing_recipe_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(MissingError) as caught:
        open_project(tmp_path / "nowhere")
    assert "samovar new" in (caught.value.hint or "")


def test_binary_and_huge_files_are_no_recipes(tmp_path: Path) -> None:
    path = tmp_path / "samovar.yaml"
    path.write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_recipe(path)
    path.write_bytes(b"a" * (2**20 + 1))
    with pytest.raises(ConfigError, match="no recipe"):
        load_recipe(path)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=80))
def test_no_text_crashes_the_reader(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with suppress(SamovarError):
        load_recipe(path)


def test_changes_win_over_sections_and_these_over_the_file(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, "pretrain: {tokens: 5, seed: 6}\nname: A")
    recipe = compose_recipe(path, {"pretrain": {"tokens": 7}}, ["pretrain.tokens=8", "eval.seed=9"])
    assert (recipe.pretrain.tokens, recipe.pretrain.seed, recipe.name, recipe.eval.seed) == (8, 6, "A", 9)


@pytest.mark.parametrize("change", ["pretrain.tokens", "=5", "pretrain.tokens.deep=5", "name.x=1", "pretrain.tokns=1"])
def test_a_wrong_change_is_named(tmp_path: Path, change: str) -> None:
    with pytest.raises(ConfigError):
        compose_recipe(recipe_file(tmp_path, "name: A\npretrain: {tokens: 5}"), {}, [change])


def test_a_new_project_is_complete_and_never_overwrites(tmp_path: Path) -> None:
    project = new_project(tmp_path / "p")
    assert load_recipe(project.recipe_file).name == "Samovar"
    assert (project.root / "documents" / "README").is_file()
    assert (project.root / "seeds" / "README").is_file()
    rules = read_constitution(project.root / "constitution.md")
    assert {rule.language for rule in rules.rules} == {"en", "ru"}
    project.recipe_file.write_text("name: Mine")
    with pytest.raises(ConfigError, match="already"):
        new_project(tmp_path / "p")
    assert project.recipe_file.read_text() == "name: Mine"
    with pytest.raises(ConfigError, match="quickstrat") as caught:
        new_project(tmp_path / "q", "quickstrat")
    assert "quickstart" in (caught.value.hint or "")
    assert not (tmp_path / "q").exists()

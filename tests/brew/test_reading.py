"""What a model of one's own reads beside the documents: the tasks' texts, and nothing of their tests."""

from pathlib import Path

from samovar.brew.graph import resolve
from samovar.brew.project import Project
from samovar.brew.reading import tasks_reading
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from samovar.data.shards import open_split
from samovar.tokenizer.tokenizer import Tokenizer


def made(project: Project, stage: str) -> Path:
    resolved = resolve(project, load_recipe(project.recipe_file), load_stages())
    return next(item.folder for item in resolved if item.name == stage)


def test_the_tasks_texts_are_read_in_training_alone(brewed: Project) -> None:
    texts = list(tasks_reading(load_recipe(brewed.recipe_file)))
    assert len({text.id for text in texts}) == len(texts) > 100
    sources = {}
    for split in ("train", "validation"):
        rows = open_split(made(brewed, "shards"), split).documents.rows
        sources[split] = [rows[number]["source"] for number in range(len(rows))]
    assert sources["train"].count("task:small_talk") == len(texts)
    assert "task:small_talk" not in sources["validation"]


def test_one_language_is_read_where_one_is_learnt(brewed: Project) -> None:
    english = "".join(text.text for text in tasks_reading(load_recipe(brewed.recipe_file, ["languages=[en]"])))
    assert "weather" in english
    assert "погода" not in english


def test_a_model_that_brings_its_own_words_does_not_read_them(brewed: Project) -> None:
    recipe = load_recipe(brewed.recipe_file).model_copy(update={"base": "someone/model"})
    assert not list(tasks_reading(recipe))
    assert load_stages()["shards"].config(recipe) == {}


def test_roles_are_single_tokens(brewed: Project) -> None:
    tokenizer = Tokenizer.load(made(brewed, "tokenizer"))
    assert [len(tokenizer.encode(role)) for role in ("user", "assistant")] == [1, 1]

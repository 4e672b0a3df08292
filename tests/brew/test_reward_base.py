"""A recipe whose reward model begins as an encoder, or as another decoder, and not as the assistant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samovar.brew.alone import make_alone
from samovar.brew.forecast import Outlook
from samovar.brew.graph import Resolved, resolve
from samovar.brew.project import Project
from samovar.brew.recipe import Recipe, load_recipe
from samovar.brew.stage import load_stages
from samovar.core.errors import ConfigError, MissingError
from samovar.model.reward import load_reward
from samovar.train.scoring import RewardModel
from tests.brew.test_students import Known
from tests.brew.tiny import tiny_project
from tests.cli.conftest import Samovar, samovar
from tests.model.hub_server import hub_server
from tests.train.test_reward_encoder import LOOP, TALKS
from tests.train.tiny_encoders import make_encoder
from tests.train.tiny_preferences import pairs, tiny_model, write_rows

__all__ = ["samovar"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """With an encoder, a decoder and votes; nothing is made."""
    made = tiny_project(tmp_path_factory.mktemp("base") / "p")
    section = {**LOOP, "base": "bert", "epochs": 0.5, "preferences": ["votes.jsonl"]}
    made.recipe_file.write_text(f"{made.recipe_file.read_text()}reward: {json.dumps(section)}\n")
    make_encoder(made.root / "bert", "bert")
    tiny_model(made.root / "other")
    write_rows(made.root / "votes.jsonl", pairs(60))
    return made


def look(project: Project, *changes: str) -> dict[str, Resolved]:
    return {item.name: item for item in resolve(project, load_recipe(project.recipe_file, changes), load_stages())}


def make(project: Project, recipe: Recipe, out: Path) -> None:
    make_alone(load_stages()["reward"], recipe, inputs={}, out=out, root=project.root)


def test_it_is_trained_without_any_assistant(project: Project, tmp_path: Path) -> None:
    make(project, load_recipe(project.recipe_file), tmp_path / "judge")
    assert RewardModel.load(tmp_path / "judge").score(TALKS).shape == (3,)
    decoder = load_recipe(project.recipe_file, ["reward.base=other", "reward.context=128"])
    make(project, decoder, tmp_path / "decoder")
    assert load_reward(tmp_path / "decoder").settings.hidden_size == 48


def test_a_model_on_hugging_face_is_fetched_once(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub_server() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        hub.folders = {"them/bert": project.root / "bert", "them/other": project.root / "other"}
        encoder = load_recipe(project.recipe_file, ["reward.base=them/bert"])
        assert look(project, "reward.base=them/bert")["reward"].inputs["base"] == "them/bert"
        load_stages()["reward"].forecast(encoder, Outlook(project.root, Known()))
        assert "config.json" in hub.sent
        assert "model.safetensors" not in hub.sent, "the forecast needs no weights"
        for name in ("first", "second"):
            make(project, encoder, tmp_path / name)
        assert hub.sent.count("model.safetensors") == 1
        assert RewardModel.load(tmp_path / "first").score(TALKS).shape == (3,)
        decoder = load_recipe(project.recipe_file, ["reward.base=them/other", "reward.context=128"])
        make(project, decoder, tmp_path / "decoder")
        assert load_reward(tmp_path / "decoder").settings.hidden_size == 48


def test_it_is_made_anew_with_its_base_and_not_with_the_assistant(project: Project) -> None:
    made = look(project)["reward"]
    assert "sft" not in made.inputs
    assert look(project, "sft.tokens=4096")["reward"].id == made.id
    assert look(project, "reward.base=other")["reward"].id != made.id
    assert "sft" in look(project, "reward.base=null")["reward"].inputs


def test_time_and_memory_are_those_of_its_own_size(project: Project) -> None:
    stage = load_stages()["reward"]

    def planned(*changes: str) -> tuple[float, int]:
        recipe, outlook = load_recipe(project.recipe_file, changes), Outlook(project.root, Known())
        training = stage.training(recipe, outlook)
        assert training is not None
        assert training.shape is not None
        assert training.settings.context is not None
        return stage.forecast(recipe, outlook).memory_bytes, training.settings.context

    # A row of an encoder holds both answers, each with its prompt.
    assert planned()[1] == 2 * 32
    assert planned("reward.context=24")[1] == 2 * 24
    assert planned("reward.base=other")[1] == 128
    assert planned("reward.base=other")[0] > planned()[0], "it has three times the weights"
    ensemble = load_recipe(project.recipe_file, ["reward.num_models=3"])
    three = stage.training(ensemble, Outlook(project.root, Known()))
    assert three is not None
    assert three.runs == 3


def test_what_is_not_there_or_cannot_be_is_said_before_anything_runs(project: Project) -> None:
    with pytest.raises(MissingError, match=r"reward\.base: there is no model in .*documents"):
        look(project, "reward.base=documents")
    nowhere = load_recipe(project.recipe_file, ["reward.base=nowhere"])
    with pytest.raises(ConfigError, match="neither a folder nor an id"):
        load_stages()["reward"].forecast(nowhere, Outlook(project.root, Known()))
    steps = load_recipe(project.recipe_file, ["reward.kind=steps"])
    with pytest.raises(ConfigError, match="holds an encoder"):
        load_stages()["reward"].forecast(steps, Outlook(project.root, Known()))


def test_a_model_named_in_the_command_wins(project: Project, samovar: Samovar, tmp_path: Path) -> None:
    ran = samovar("reward", project.root / "other", "--recipe", project.recipe_file, "--preferences",
                  project.root / "votes.jsonl", "--out", tmp_path / "judge", "--dry-run")  # fmt: skip
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["config"]["reward"]["base"] is None

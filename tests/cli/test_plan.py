"""`samovar plan`: the project here, a budget, other hardware."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samovar.brew.project import Project
from samovar.brew.recipe import load_recipe
from tests.brew.tiny import tiny_project
from tests.cli.conftest import Samovar


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return tiny_project(tmp_path_factory.mktemp("planned") / "p")


def test_a_plan_says_parameters_tokens_flops_memory_energy_and_money(samovar: Samovar, planned: Project) -> None:
    ran = samovar("plan", planned.root, "--price", "3.6 USD/h", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    recipe = load_recipe(planned.recipe_file)
    shape = recipe.model.decoder(recipe.tokenizer.vocab_size)
    assert told["model"]["parameters"] == shape.num_parameters
    assert told["model"]["compute_optimal_tokens"] == 20 * shape.num_parameters
    pretrain, sft = told["training"]
    assert pretrain["flops"] == 6144 * shape.flops_per_token(128)
    assert pretrain["memory_bytes"]["weights"] == 4 * shape.num_parameters
    assert sft["epochs"] is None
    for stage in told["stages"]:
        assert stage["joules"] > 0
        assert stage["money"] == pytest.approx(stage["seconds"] / 1000, abs=1e-4)
    shown = samovar("plan", planned.root, "--price", "3.6 USD/h")
    assert "money" in shown.out
    assert "memory in use" in shown.err
    assert "money" not in samovar("plan", planned.root).out


def test_what_comes_after_fine_tuning_is_planned_too(samovar: Samovar, tmp_path: Path) -> None:
    planned = tiny_project(tmp_path / "p")
    (planned.root / "votes.jsonl").write_text('{"prompt": "Tea?", "chosen": "Yes.", "rejected": "No."}\n' * 2000)
    later = {
        "reward": {"preferences": ["votes.jsonl"], "num_models": 2},
        "dpo": {"preferences": ["votes.jsonl"], "epochs": 2},
        "improve": {"iterations": 3, "questions": 40, "epochs": 2, "max_tokens": 80, "remember": 0.5},
        "grpo": {"iterations": 3, "prompts": 4, "answers": 5}, "ppo": {"iterations": 2},
        "distill": {"tokens": 8192, "size": 1},
    }  # fmt: skip
    text = planned.recipe_file.read_text()
    planned.recipe_file.write_text(text + "".join(f"{name}: {json.dumps(said)}\n" for name, said in later.items()))
    told = json.loads(samovar("plan", planned.root, "--json").out)
    training = {one["stage"]: one for one in told["training"]}
    assert [*training] == ["pretrain", "sft", "reward", "dpo", "improve", "grpo", "ppo", "distill"]
    size = (planned.root / "votes.jsonl").stat().st_size
    assert training["reward"]["tokens"] == training["dpo"]["tokens"] == round(2 * size / 4)
    # Three times four questions of sixty tokens, and five answers to each that are half as long as they may be.
    assert training["grpo"]["tokens"] == 3 * 4 * (60 + 5 * 64)
    # Half of the questions and as many old conversations, of sixty tokens and an answer half as long as it may be; the
    # second iteration learns from those of the first again, the third from those of both.
    assert training["improve"]["tokens"] == (1 + 2 + 3) * 2 * (20 + 20) * (60 + 40)
    parameters = told["model"]["parameters"]
    assert training["dpo"]["memory_bytes"]["weights"] == 4 * parameters
    assert 0 < training["distill"]["memory_bytes"]["weights"] != 4 * parameters
    stages = {one["stage"]: one for one in told["stages"]}
    for name in later:
        assert stages[name]["seconds"] > 0
        assert stages[name]["memory_bytes"] > 0
        assert stages[name]["disk_bytes"] > 0


def test_a_budget_here_proposes_and_writes_only_when_asked(samovar: Samovar, planned: Project) -> None:
    text = planned.recipe_file.read_text()
    ran = samovar("plan", planned.root, "--budget", "2 GB")
    assert ran.code == 0, ran.err
    assert "(proposed)" in ran.out
    assert "model:\n  size: " in ran.out
    assert planned.recipe_file.read_text() == text
    told = json.loads(samovar("plan", planned.root, "--budget", "2 GB", "--write", "--json").out)
    recipe = load_recipe(planned.recipe_file)
    assert told["written"]
    assert recipe.model.size == told["changes"]["model.size"]
    assert recipe.pretrain.tokens == told["changes"]["pretrain.tokens"]
    assert recipe.model.hidden_size is None, "the shape that was set by hand gave way"
    planned.recipe_file.write_text(text)


def test_other_hardware(samovar: Samovar, planned: Project) -> None:
    told = json.loads(samovar("plan", planned.root, "--hardware", "8xH100", "--json").out)
    assert (told["hardware"], told["devices"], told["mfu"]) == ("H100", 8, 0.4)
    assert all(stage["fits"] and stage["money"]["low"] < stage["money"]["high"] for stage in told["stages"])
    half = json.loads(samovar("plan", planned.root, "--hardware", "8xH100", "--mfu", 0.2, "--json").out)
    assert half["stages"][1]["seconds"] >= told["stages"][1]["seconds"]
    shown = samovar("plan", planned.root, "--hardware", "8xH100", "--budget", "50 USD")
    assert shown.code == 0, shown.err
    assert "on demand" in shown.err
    table = samovar("plan", "--hardware", "list")
    assert "B200" in table.out
    assert len(json.loads(samovar("plan", "--hardware", "list", "--json").out)["hardware"]) > 10


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--budget", "3 bananas"], "bananas"),
        (["--budget", "20 USD"], "needs a price"),
        (["--price", "2 USD"], "'/h' or '/kWh'"),
        (["--hardware", "8xH1000"], "did you mean"),
        (["--budget", "1 J"], "no model fits"),
    ],
)
def test_what_makes_no_sense_is_told(samovar: Samovar, planned: Project, words: list[str], said: str) -> None:
    ran = samovar("plan", planned.root, *words)
    assert ran.code == 1
    assert said in ran.err
    assert "hint: " in ran.err
    assert "measuring" not in ran.err or "no model fits" in said, "nothing is measured for what is refused"


@pytest.mark.parametrize("words", [[], ["--hardware", "H100"], [".", "--write"]])
def test_wrong_usage(samovar: Samovar, words: list[str]) -> None:
    assert samovar("plan", *words).code == 2


def test_a_project_without_documents_is_told_to_have_some(samovar: Samovar, tmp_path: Path) -> None:
    planned = tiny_project(tmp_path / "p")
    assert "next: samovar brew" in samovar("plan", planned.root).err
    for file in (planned.root / "documents").iterdir():
        file.unlink()
    ran = samovar("plan", planned.root)
    assert ran.code == 0
    assert "no documents with text were found in documents" in ran.err
    assert "next:" not in ran.err
    assert "1 layer of width" in ran.err

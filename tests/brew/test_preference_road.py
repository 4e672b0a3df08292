"""The road over preferences: reward and dpo as stages, the gate, and what later stages read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from samovar.brew.graph import Resolved, brew, resolve
from samovar.brew.project import Project
from samovar.brew.promotion import REFUSED, TABLE
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from samovar.core.errors import ConfigError, MissingError
from samovar.evals.comparison import Measures, compare
from samovar.evals.tasks import TaskScore
from samovar.model.reward import load_reward
from tests.brew.tiny import tiny_project
from tests.train.tiny_preferences import pairs, write_rows

SMALL = "context: 128, batch_tokens: 256, micro_batch_tokens: 256, validations: 1, compile: 'off', preferences: [votes]"
SECTIONS = f"""
reward: {{{SMALL}}}
dpo: {{{SMALL}, gate: {{examples: 2, max_fall: 1, max_bits_per_byte_rise: 9, text_bytes: 300}}}}
"""
CLOSED = "dpo.gate.max_bits_per_byte_rise=0"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = tiny_project(tmp_path_factory.mktemp("preferences") / "p")
    recipe = made.recipe_file.read_text().replace("pretrain: {tokens: 6144", "pretrain: {tokens: 512")
    made.recipe_file.write_text(recipe + SECTIONS)
    (made.root / "votes").mkdir()
    write_rows(made.root / "votes" / "votes.jsonl", pairs(24))
    brew(made, load_recipe(made.recipe_file), load_stages(), is_quiet=True)
    return made


@pytest.fixture
def unmade(tmp_path: Path) -> Project:
    """The same with all of its files, and nothing made."""
    made = tiny_project(tmp_path / "p")
    made.recipe_file.write_text(made.recipe_file.read_text() + SECTIONS)
    (made.root / "votes").mkdir()
    write_rows(made.root / "votes" / "votes.jsonl", pairs(2))
    return made


def look(project: Project, *changes: str) -> dict[str, Resolved]:
    recipe = load_recipe(project.recipe_file, changes)
    return {item.name: item for item in resolve(project, recipe, load_stages())}


def metrics(item: Resolved) -> dict[str, object]:
    assert item.manifest is not None
    return item.manifest.metrics


def test_both_are_made_and_later_stages_start_from_the_new_assistant(project: Project) -> None:
    items = look(project)
    names = list(items)
    assert names.index("sft") < names.index("dpo") < names.index("quantize") < names.index("eval")
    assert all(item.state == "made" for item in items.values())
    load_reward(items["reward"].folder)
    assert items["quantize"].inputs["dpo"] == items["dpo"].id
    assert metrics(items["dpo"])["promoted"] is True
    table = (items["dpo"].folder / TABLE).read_text()
    assert "| arithmetic (en) |" in table
    assert "| bits per byte |" in table
    assert list((project.root / ".samovar" / "reference").glob("reference-*.npy"))


def test_without_the_sections_nothing_changes(project: Project) -> None:
    items = look(project, "dpo=null", "reward=null")
    assert "dpo" not in items
    assert "reward" not in items
    assert "dpo" not in items["quantize"].inputs


def test_new_votes_are_noticed(project: Project, tmp_path: Path) -> None:
    copy = Project(shutil.copytree(project.root, tmp_path / "p"))
    write_rows(copy.root / "votes" / "more.jsonl", pairs(2, seed=5))
    assert {name for name, item in look(copy).items() if item.manifest is None} == {"reward", "dpo", "quantize", "eval"}
    shutil.rmtree(copy.root / "votes")
    with pytest.raises(MissingError, match=r"(reward|dpo)\.preferences names it"):
        look(copy)


def test_the_gate_keeps_the_old_assistant_where_the_new_one_is_worse(project: Project, tmp_path: Path) -> None:
    copy = Project(shutil.copytree(project.root, tmp_path / "p"))
    changes = [CLOSED, "dpo.learning_rate=0.3", "dpo.adamw_learning_rate=0.3"]
    road = {"data", "tokenizer", "shards", "pretrain", "sft", "reward", "dpo"}
    stages = {name: stage for name, stage in load_stages().items() if name in road}
    brew(copy, load_recipe(copy.recipe_file, changes), stages, is_quiet=True)
    items = look(copy, *changes)
    found = items["dpo"]
    assert metrics(found)["promoted"] is False
    old, kept = items["sft"].folder / "model.safetensors", found.folder / "model.safetensors"
    assert kept.read_bytes() == old.read_bytes()
    assert (found.folder / REFUSED / "model.safetensors").read_bytes() != old.read_bytes()
    assert "bits per byte" in (found.folder / TABLE).read_text()


def test_an_adapter_has_to_be_merged(project: Project) -> None:
    with pytest.raises(ConfigError, match="merge is false"):
        look(project, "dpo.adapter.merge=false")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (["dpo.preferences=[]"], "dpo.preferences names nothing"),
        (["reward.preferences=[]"], "reward.preferences names nothing"),
        (["dpo.on_policy={}", "reward=null"], "dpo.on_policy names no judge, and the recipe trains no reward model"),
        (["dpo.on_policy={}", "reward.kind=steps"], "judges steps of solutions"),
        (["grpo.reward=model", "reward=null"], "grpo.reward is model, and the recipe trains no reward model"),
        (["ppo.reward=model", "reward.kind=steps"], "ppo.reward is model, and the recipe's reward model judges steps"),
        (["grpo={}", "sft.tasks={}"], "grpo has no task whose questions could be asked"),
        (["grpo.tasks={arithmetik: 1}"], "arithmetik"),
        (["improve.tasks={arithmetik: 1}"], "arithmetik"),
    ],
)
def test_what_a_later_stage_cannot_do_is_said_before_the_first_one_runs(
    unmade: Project, changes: list[str], why: str
) -> None:
    with pytest.raises(ConfigError, match=why):
        brew(unmade, load_recipe(unmade.recipe_file, changes), load_stages(), is_quiet=True)
    assert not list(unmade.artifacts.glob("*"))


@pytest.mark.parametrize("key", ["reward.previous", "dpo.on_policy.judge"])
@pytest.mark.parametrize("folder", ["documents", "nowhere"])
def test_an_earlier_model_or_a_judge_that_is_not_there_is_named_before_the_first_stage_runs(
    unmade: Project, key: str, folder: str
) -> None:
    with pytest.raises(MissingError, match=rf"{key}: there is no model in .*{folder}"):
        brew(unmade, load_recipe(unmade.recipe_file, [f"{key}={folder}"]), load_stages(), is_quiet=True)
    assert not list(unmade.artifacts.glob("*"))


def score(task: str, share: float) -> TaskScore:
    return TaskScore(task, "en", share, 50, share - 0.1, share + 0.1)


def test_the_verdicts_by_hand() -> None:
    before = Measures([score("a", 0.5), score("b", 0.5), score("c", 0.5), score("d", 0.5)], 2.0)
    after = Measures([score("a", 0.9), score("b", 0.2), score("c", 0.45), score("d", 0.38)], 2.2)
    found = compare(before, after, max_fall=0.2, max_bits_per_byte_rise=0.2)
    assert [one.verdict for one in found.changes] == ["better", "too much worse", "as before", "worse", "worse"]
    assert not found.is_promoted
    assert "The old model stays" in found.words()
    allowed = compare(before, after, max_fall=0.3, max_bits_per_byte_rise=0.1)
    assert allowed.is_promoted
    assert not compare(before, after, max_fall=0.3, max_bits_per_byte_rise=0.09).is_promoted

"""The road over self-improvement and reward: both as stages, and the report that later shows them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from samovar.agent.habits import Habits
from samovar.brew.assistant import find_assistant
from samovar.brew.graph import Resolved, brew, resolve
from samovar.brew.project import Project
from samovar.brew.promotion import TABLE
from samovar.brew.recipe import compose_recipe, load_recipe
from samovar.brew.reinforcement import _rewarding
from samovar.brew.stage import load_stages
from samovar.chat.conversation import Conversation, Message
from samovar.tasks.task import Example
from samovar.train.rl.rollouts import Rollout
from tests.brew.tiny import tiny_project

LOOP = "micro_batch_tokens: 256, max_tokens: 4, held_out: 2, tasks: {sentiment: 1}"
GATE = "gate: {examples: 1, max_fall: 1, max_bits_per_byte_rise: 9, text_bytes: 300}"
SECTIONS = f"""
grpo: {{{LOOP}, prompts: 2, answers: 2, draws: 1, iterations: 2, validations: 1, compile: "off", {GATE}}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = tiny_project(tmp_path_factory.mktemp("reward") / "p")
    recipe = made.recipe_file.read_text().replace("pretrain: {tokens: 6144", "pretrain: {tokens: 512")
    made.recipe_file.write_text(recipe.replace("arithmetic: 1, small_talk: 1", "small_talk: 1") + SECTIONS)
    brew(made, load_recipe(made.recipe_file), load_stages(), is_quiet=True)
    return made


def look(project: Project) -> dict[str, Resolved]:
    return {item.name: item for item in resolve(project, load_recipe(project.recipe_file), load_stages())}


def report(project: Project, name: str) -> str:
    return Path(look(project)["eval"].folder / name).read_text(encoding="utf-8")


def test_the_brew_goes_on_from_the_assistant_that_reward_taught(project: Project) -> None:
    items = look(project)
    names = list(items)
    assert names.index("sft") < names.index("grpo") < names.index("quantize") < names.index("eval")
    assert all(item.state == "made" for item in items.values())
    assert items["quantize"].inputs["grpo"] == items["grpo"].id
    table = (items["grpo"].folder / TABLE).read_text()
    assert "| small_talk (en) |" in table, "what fine-tuning taught"
    assert "| sentiment (en) |" in table, "and what was learnt by reward"
    assert find_assistant(project.root).model == items["quantize"].folder


def test_the_gates_other_questions_make_another_improvement() -> None:
    stage = load_stages()["improve"]
    first, again, other = (stage.config(compose_recipe(None, {"eval": {"seed": seed}})) for seed in (1, 1, 2))
    assert first == again != other


def test_the_report_shows_what_was_right_by_iterations(project: Project) -> None:
    rows = [json.loads(line) for line in (look(project)["grpo"].folder / "metrics.jsonl").read_text().splitlines()]
    right = [row["held_out"] for row in rows if "held_out" in row]
    assert len(right) == 2
    page = report(project, "report.html")
    for said in ("learning which of its answers are worth more (GRPO)", "2 iterations", "share of right answers"):
        assert said in page
    told = f"{100 * right[0]:.0f} % of its held-out questions right before, {100 * right[1]:.0f} % after."
    assert told in report(project, "report.md")


def test_a_judge_reads_what_the_model_was_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read: list[Conversation] = []

    def score(conversations: Sequence[Conversation]) -> np.ndarray:
        read.extend(conversations)
        return np.array([0.5, math.nan])

    judge = SimpleNamespace(score_what_fits=score)
    monkeypatch.setattr("samovar.train.scoring.RewardModel.load", lambda folder: judge)
    asked, said = Message(role="user", content="Hi"), Message(role="assistant", content="Hello")
    rollout = Rollout(Example("greeting", "en", (asked,), (said,), {}), (said,), is_cut=False, rounds=())
    context: Any = SimpleNamespace(inputs={"reward": tmp_path})
    habits = Habits(system="Be kind.", announces_tools=True)
    assert _rewarding(context, habits)([rollout, rollout]) == [0.5, None]
    assert [(one.role, one.content) for one in read[0].messages] == [
        ("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello"),
    ]  # fmt: skip
    assert [tool["function"]["name"] for tool in read[0].tools] == ["calculator"]

"""The road over a constitution: rows out of the assistant, a judge that goes down, and dpo that reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from samovar.brew.graph import Resolved, brew, resolve
from samovar.brew.project import Project
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from samovar.core.errors import DataError, MissingError, ResourceError
from samovar.train.feedback.settings import AdviserSettings
from tests.brew.tiny import tiny_project
from tests.train.feedback.stand_in import GoesDown, StandIn, polite, stand_in
from tests.train.tiny_preferences import THINGS, asks, write_rows

SMALL = "context: 128, batch_tokens: 256, micro_batch_tokens: 256, validations: 1, compile: 'off'"
SECTIONS = """
rlaif:
  prompts: [questions.jsonl]
  max_tokens: 8
  reviser: &server {{url: "{url}", model: judge-1, tries: 2, backoff_s: 0.001, at_once: 1}}
  judge: *server
dpo: {{{small}, held_out_every: 2, gate: {{examples: 1, max_fall: 1, max_bits_per_byte_rise: 9, text_bytes: 300}}}}
"""
ROAD = ("data", "tokenizer", "shards", "pretrain", "sft", "rlaif", "dpo")


@pytest.fixture(scope="module")
def server() -> GoesDown:
    return GoesDown(polite, fails_at=30)


@pytest.fixture(scope="module")
def served(server: GoesDown) -> Iterator[StandIn]:
    with stand_in(server) as found:
        yield found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, served: StandIn) -> Project:
    made = tiny_project(tmp_path_factory.mktemp("rlaif") / "p")
    recipe = made.recipe_file.read_text().replace("pretrain: {tokens: 6144", "pretrain: {tokens: 512")
    made.recipe_file.write_text(recipe + SECTIONS.format(url=served.url, small=SMALL))
    (made.root / "constitution.md").write_text("- Be polite.\n")
    write_rows(made.root / "questions.jsonl", [{"prompt": asks(thing)} for thing in THINGS])
    return made


def go(project: Project, *changes: str, road: Sequence[str] = ROAD) -> dict[str, Resolved]:
    stages = {name: stage for name, stage in load_stages().items() if name in road}
    return {item.name: item for item in brew(project, load_recipe(project.recipe_file, changes), stages, is_quiet=True)}


def test_a_judge_that_goes_down_costs_nothing_that_it_said(project: Project, server: GoesDown) -> None:
    with pytest.raises(ResourceError, match="does not answer: status 503: gone for tea"):
        go(project)
    answered = server.calls - 2
    kept = project.state / "asked.jsonl"
    assert len(kept.read_text().splitlines()) >= answered
    server.fails_at, before = 10**9, server.calls
    items = go(project)
    rlaif, dpo = items["rlaif"], items["dpo"]
    assert rlaif.manifest is not None
    assert dpo.manifest is not None
    facts = rlaif.manifest.metrics
    assert facts["revisions"] >= 4  # a model of so few weights says nothing now and then
    assert facts["revision_wins"]["share"] == 1.0
    assert facts["left_machine"] is False
    assert server.calls - before == 2 * facts["revisions"] + 2 * facts["pairs"] - answered
    assert dpo.inputs["rlaif"] == rlaif.id
    rows = [json.loads(line) for line in (rlaif.folder / "preferences.jsonl").read_text().splitlines()]
    assert rows
    assert all("please" in row["chosen"][0]["content"] for row in rows)
    assert not (rlaif.folder / "scratch").exists()


def test_another_try_asks_only_what_is_new(project: Project, server: GoesDown) -> None:
    server.fails_at = 10**9
    made = go(project, road=ROAD[:-1])["rlaif"]
    before = server.calls
    assert go(project, "rlaif.judge.tries=9", road=ROAD[:-1])["rlaif"].id == made.id
    assert go(project, "rlaif.min_margin=1", road=ROAD[:-1])["rlaif"].id != made.id
    assert server.calls == before


def test_what_is_missing_or_empty_is_said_by_its_name(project: Project) -> None:
    with pytest.raises(MissingError, match=r"nowhere.md does not exist: rlaif.constitution names it"):
        go(project, "rlaif.constitution=nowhere.md")
    (project.root / "empty.md").write_text("Be nice to each other.\n")
    with pytest.raises(DataError, match=r"empty.md has no rule: it is 1 line of text without a list"):
        go(project, "rlaif.constitution=empty.md")


def test_without_the_section_nothing_changes(project: Project) -> None:
    recipe = load_recipe(project.recipe_file, ["rlaif=null", "dpo.preferences=[questions.jsonl]"])
    items = {item.name: item for item in resolve(project, recipe, load_stages())}
    assert "rlaif" not in items
    assert "rlaif" not in items["dpo"].inputs


def test_the_tasks_are_asked_where_no_prompts_are_named(project: Project) -> None:
    from samovar.brew.stages.rlaif import _prompts

    recipe = load_recipe(project.recipe_file, ["rlaif.prompts=[]", "rlaif.num_prompts=12"])
    found = _prompts(recipe, Path(project.root))
    assert 6 <= len(found) <= 12
    assert all(prompt[-1].role == "user" for prompt in found)


def test_who_is_asked_in_other_ways_is_another_adviser() -> None:
    from samovar.brew.stages.rlaif import _place

    one = AdviserSettings(url="http://127.0.0.1:1/v1", model="m", at_once=1)
    assert len({_place(one), _place(one.model_copy()), _place(one.model_copy(update={"key_from": "KEY"}))}) == 2
    assert _place(one) != _place(one.model_copy(update={"at_once": 8}))
    folder = AdviserSettings(model="judge")
    assert _place(folder) == _place(folder.model_copy(update={"max_tokens": 9}))
    assert _place(AdviserSettings()) is None

"""The real road in small: every stage, what a change makes again, kill and go on, damage, a full disk."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from samovar.brew.assistant import earlier_assistant, find_assistant
from samovar.brew.graph import Resolved, brew, resolve
from samovar.brew.lineage import Made, artifacts_in, heirs_of, origins_of
from samovar.brew.project import Project
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from samovar.core.artifact import Manifest
from samovar.core.errors import BusyError, CorruptError, DataError, MissingError, ResourceError
from samovar.data.forget import add_rules, parse_rule
from samovar.model.checkpoint import load_model
from tests.brew.killable import Brews, killable_brews
from tests.brew.tiny import SEED, tiny_project

ROAD = ["data", "tokenizer", "shards", "pretrain", "sft", "quantize", "eval"]


def look(project: Project, *changes: str) -> dict[str, Resolved]:
    recipe = load_recipe(project.recipe_file, changes)
    return {item.name: item for item in resolve(project, recipe, load_stages())}


def to_make(project: Project, *changes: str) -> list[str]:
    return [name for name, item in look(project, *changes).items() if item.manifest is None]


def make(project: Project, *changes: str) -> None:
    brew(project, load_recipe(project.recipe_file, changes), load_stages(), is_quiet=True)


def loss(project: Project, stage: str) -> float:
    manifest = look(project)[stage].manifest
    assert manifest is not None
    return float(manifest.metrics["loss"])


def test_every_stage_is_made_once_in_order(brewed: Project) -> None:
    items = look(brewed)
    assert list(items) == ROAD
    assert all(item.state == "made" for item in items.values())
    for item in items.values():
        assert item.manifest is not None
        assert item.manifest.metrics
        assert item.manifest.joules > 0
    for stage in ("pretrain", "sft", "quantize"):
        assert load_model(items[stage].folder).settings.num_layers == 1
    report = (items["eval"].folder / "report.md").read_text()
    assert "Ivan" in report
    assert not list(brewed.artifacts.glob("*.partial"))


def test_a_second_brew_does_nothing_and_needs_no_torch(brewed: Project) -> None:
    script = (
        "import sys; from samovar.cli.main import exit_code\n"
        f"assert exit_code(['brew', {str(brewed.root)!r}]) == 0\n"
        "heavy = {'torch', 'pyarrow', 'tokenizers', 'transformers'} & set(sys.modules); assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "everything is made already" in done.stderr


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("eval.seed=1", ["eval"]),
        ("serve.port=1", []),
        ("serve.tools=[]", ["eval"]),
        ("quantize.decode_tokens=5", ["quantize", "eval"]),
        ("sft.seed=1", ["sft", "quantize", "eval"]),
        ("name=Olga", ["sft", "quantize", "eval"]),
        ("sft.tasks.arithmetic=3", ["sft", "quantize", "eval"]),
        ("sft.checkpoint_every_s=9", []),
        ("pretrain.seed=1", ["pretrain", "sft", "quantize", "eval"]),
        ("model.rope_theta=5000", ["pretrain", "sft", "quantize", "eval"]),
        ("tokenizer.vocab_size=600", ROAD[1:]),
        ("data.seed=1", ROAD),
    ],
)
def test_a_change_makes_again_just_what_depends_on_it(brewed: Project, change: str, expected: list[str]) -> None:
    assert to_make(brewed, change) == expected


def test_new_documents_and_new_conversations_are_noticed(brewed_copy: Project) -> None:
    assert to_make(brewed_copy) == []
    (brewed_copy.root / "seeds" / "more.jsonl").write_text(SEED)
    assert to_make(brewed_copy) == ["sft", "quantize", "eval"]
    (brewed_copy.root / "documents" / "more.txt").write_text("More.")
    assert to_make(brewed_copy) == ROAD


def test_stopped_and_killed_in_the_middle_it_ends_as_an_unbroken_brew(brewed: Project, tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    for document in (project.root / "documents").iterdir():  # the id of the data is made of names, sizes and times
        shutil.copystat(brewed.root / "documents" / document.name, document)
    with killable_brews() as brews:
        code, said = _brew_until(brews, project, "pretrain-*.partial/scratch/checkpoint.safetensors", signal.SIGINT)
        assert code == 130
        assert "goes on from here" in said
        code, said = _brew_until(brews, project, "sft-*.partial/scratch/checkpoint.safetensors", signal.SIGKILL)
        assert code == -signal.SIGKILL
    assert "pretrain: going on where it stopped" in said
    make(project)
    for stage in ("pretrain", "sft"):
        assert look(project)[stage].id == look(brewed)[stage].id
        assert loss(project, stage) == loss(brewed, stage)


def _brew_until(brews: Brews, project: Project, pattern: str, number: signal.Signals) -> tuple[int, str]:
    """Run the command, and send it the signal as soon as a file like ``pattern`` is there; its code and its words."""
    said = project.root.with_name("said")
    pid = brews.begin(project, said)
    deadline = time.monotonic() + 60
    while not any(project.artifacts.glob(pattern)) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(pid, number)
    return brews.exit_code(), said.read_text()


def test_a_corrupt_checkpoint_is_named_with_what_to_do(brewed_copy: Project) -> None:
    item = look(brewed_copy, "pretrain.seed=5")["pretrain"]
    partial = item.folder.with_name(item.folder.name + ".partial")
    (partial / "scratch").mkdir(parents=True)
    (partial / "scratch" / "checkpoint.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(CorruptError, match=r"checkpoint\.safetensors") as caught:
        make(brewed_copy, "pretrain.seed=5")
    assert "delete" in (caught.value.hint or "")


def test_cut_off_shards_are_named(brewed_copy: Project) -> None:
    shard = look(brewed_copy)["shards"].folder / "train-00000.bin"
    shard.write_bytes(shard.read_bytes()[:-10])
    with pytest.raises(CorruptError, match="shards"):
        make(brewed_copy, "pretrain.seed=5")


def test_a_full_disk_in_training_loses_nothing(brewed_copy: Project) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
        with pytest.raises(ResourceError, match="full"):
            make(brewed_copy, "pretrain.seed=5")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert to_make(brewed_copy) == []


def test_no_documents_are_a_clear_error(tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    shutil.rmtree(project.root / "documents")
    with pytest.raises(MissingError, match="documents"):
        make(project)
    (project.root / "documents").mkdir()
    with pytest.raises(DataError, match="no text"):
        make(project)


def test_a_conversation_file_that_is_not_there_is_named(brewed: Project) -> None:
    with pytest.raises(MissingError, match="nowhere"):
        look(brewed, "sft.conversations=[nowhere.jsonl]")


def test_the_assistant_is_the_best_that_the_recipe_has(brewed_copy: Project) -> None:
    items = look(brewed_copy)
    assert find_assistant(brewed_copy.root).model == items["quantize"].folder
    shutil.rmtree(items["quantize"].folder)
    assert find_assistant(brewed_copy.root).model == items["sft"].folder
    shutil.rmtree(items["sft"].folder)
    with pytest.raises(MissingError) as caught:
        find_assistant(brewed_copy.root)
    assert "samovar brew" in (caught.value.hint or "")
    assert find_assistant(items["pretrain"].folder).model == items["pretrain"].folder


def test_the_last_assistant_serves_on_when_documents_come_or_are_elsewhere(brewed_copy: Project) -> None:
    small = look(brewed_copy)["quantize"].folder
    assert not find_assistant(brewed_copy.root, or_earlier=True).is_earlier
    (brewed_copy.root / "documents" / "new.txt").write_text("The lid of another cup.")
    with pytest.raises(MissingError):
        find_assistant(brewed_copy.root)
    assert find_assistant(brewed_copy.root, or_earlier=True)[0::2] == (small, True)
    shutil.rmtree(brewed_copy.root / "documents")
    assert find_assistant(brewed_copy.root, or_earlier=True)[0::2] == (small, True)
    for folder in (small, *brewed_copy.artifacts.glob("sft-*")):
        shutil.rmtree(folder)
    with pytest.raises(MissingError, match="documents"):
        find_assistant(brewed_copy.root, or_earlier=True)


def test_an_assistant_made_before_something_was_to_be_forgotten_does_not_stand_in(brewed_copy: Project) -> None:
    add_rules(brewed_copy.forgotten_file, [parse_rule("documents/0.txt")])
    with pytest.raises(MissingError, match="no assistant yet"):
        find_assistant(brewed_copy.root, or_earlier=True)


def test_the_lock_names_who_holds_it(brewed_copy: Project) -> None:
    from samovar.core.files import exclusive_lock

    with exclusive_lock(brewed_copy.lock_file, what="p"), pytest.raises(BusyError, match=str(os.getpid())):
        make(brewed_copy, "eval.seed=3")


def test_what_answers_until_the_next_brew_is_not_safe_to_delete(brewed_copy: Project) -> None:
    assert earlier_assistant(brewed_copy, look(brewed_copy).values()) is None
    made = look(brewed_copy)
    (brewed_copy.root / "documents" / "new.txt").write_text("The lid of another cup.")
    small = earlier_assistant(brewed_copy, look(brewed_copy).values())
    assert small == made["quantize"].folder
    origins = origins_of(small, artifacts_in(brewed_copy.artifacts.iterdir()))
    assert {made[name].folder for name in ("quantize", "sft", "pretrain", "data")} <= origins
    assert made["eval"].folder not in origins


def test_what_had_an_heir_for_a_judge_or_to_begin_with_is_one_too() -> None:
    """Of such inputs the name is no stage's, and of files neither is."""
    inputs: dict[str, dict[str, str]] = {
        "reward": {"data": "corpus", "preferences": "0f1e"},
        "dpo": {"judge": "reward", "preferences": "0f1e"},
        "improve": {"begun": "dpo"},
        "grpo": {"conversations": "0f1e"},
        "sft": {"pretrain": "gone"},
    }
    made = [
        Made(Path(name), Manifest(stage=name, id=name, version=1, config={}, inputs=given))
        for name, given in inputs.items()
    ]
    found = {heir.made.manifest.id: heir.is_certain for heir in heirs_of({"corpus"}, made)}
    assert found == {"reward": True, "dpo": True, "improve": True, "sft": False}

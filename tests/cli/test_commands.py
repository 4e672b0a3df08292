"""Each command on a tiny brewed project, and the stages by themselves on files."""

from __future__ import annotations

import io
import itertools
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from samovar.agent.agent import Agent
from samovar.brew.graph import resolve
from samovar.brew.project import Project
from samovar.brew.recipe import load_recipe
from samovar.brew.stage import load_stages
from samovar.cli.status import figures
from samovar.core.artifact import make_artifact
from samovar.core.progress import short_bytes
from tests.agent.scripted import ScriptedEngine, make_tokenizer
from tests.brew.tiny import SEED, tiny_project
from tests.cli.conftest import Samovar


def test_new_makes_a_project_and_refuses_to_overwrite(samovar: Samovar, tmp_path: Path) -> None:
    ran = samovar("new", tmp_path / "p", "--dry-run")
    assert ran.code == 0
    assert not (tmp_path / "p").exists()
    ran = samovar("new", tmp_path / "p")
    assert ran.code == 0
    assert f"next: samovar brew {tmp_path / 'p'}" in ran.err
    again = samovar("new", tmp_path / "p")
    assert again.code == 1
    assert "already" in again.err


def test_folders_that_are_not_what_a_stage_reads_are_named(samovar: Samovar, tmp_path: Path) -> None:
    ran = samovar("quantize", tmp_path / "missing", "--out", tmp_path / "small")
    assert ran.code == 1
    assert f"{tmp_path / 'missing'} is no folder" in ran.err
    assert "the folder of a model" in ran.err
    (tmp_path / "model").mkdir()
    ran = samovar("eval", tmp_path / "model", "--corpus", tmp_path, "--out", tmp_path / "report")
    assert ran.code == 1
    assert f"{tmp_path} holds no corpus" in ran.err
    assert "samovar data" in ran.err


def test_a_stage_that_refuses_leaves_nothing_behind(samovar: Samovar, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    ran = samovar("sft", tmp_path / "model", "--out", tmp_path / "assistant")
    assert ran.code == 1
    assert "holds no model" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("command", [("chat",), ("export", "--out", "out")])
def test_an_adapter_alone_is_told_what_it_needs(samovar: Samovar, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    ran = samovar(command[0], tmp_path, *command[1:])
    assert ran.code == 1
    assert f"samovar chat BASE --adapter {tmp_path}" in ran.err


@pytest.mark.parametrize("place", ["file/below", "/proc/here", "/proc/here/below"])
def test_a_place_where_nothing_can_be_made_is_no_defect(samovar: Samovar, tmp_path: Path, place: str) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.txt").write_text("A letter about tea.")
    (tmp_path / "file").write_text("in the way")
    for words in (("data", tmp_path / "documents"), ("import", tmp_path / "documents")):
        ran = samovar(*words, "--out", tmp_path / place)
        assert ran.code == 1
        assert "unexpected" not in ran.err
    ran = samovar("new", tmp_path / place)
    assert ran.code == 1
    assert "cannot be made" in ran.err


@pytest.mark.parametrize("name", ["tea room", "Anna's", "чай"])
def test_what_is_to_be_typed_next_can_be_typed(samovar: Samovar, tmp_path: Path, name: str) -> None:
    ran = samovar("new", tmp_path / name)
    (line,) = (line for line in ran.err.splitlines() if line.startswith("next: "))
    assert shlex.split(line.removeprefix("next: ")) == ["samovar", "brew", str(tmp_path / name)]
    assert line.endswith(name) == (name == "чай")  # quoted only where a shell needs it


def test_plan_forecasts_every_stage(samovar: Samovar, tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    ran = samovar("plan", project.root, "--json")
    assert ran.code == 0
    stages = json.loads(ran.out)["stages"]
    assert [stage["state"] for stage in stages] == ["to make"] * 7
    assert all(stage[key] > 0 for stage in stages for key in ("seconds", "memory_bytes", "disk_bytes"))
    probes = project.probe_file.read_text()
    assert "peak memory" in samovar("plan", project.root).out
    assert project.probe_file.read_text() == probes, "measured once"


def test_status_shows_what_a_stage_is_known_by() -> None:
    learnt = {
        "iterations": 40,
        "seconds": 9.0,
        "reward_before": 0.2,
        "reward": 0.5,
        "held_out_before": 0.5,
        "held_out": 1,
    }
    assert figures(learnt) == ["held out 1", "held out before 0.5", "reward 0.5"]
    assert figures({"documents": 1234, "characters": 5_600_000, "dropped": {}}) == [
        "documents 1.23k", "characters 5.6M",
    ]  # fmt: skip


def test_status_lists_stages_with_id_path_seconds_and_metrics(samovar: Samovar, brewed: Project) -> None:
    ran = samovar("status", brewed.root, "--json")
    assert ran.code == 0
    told = json.loads(ran.out)
    assert told["unused"] == []
    for stage in told["stages"]:
        assert stage["state"] == "made"
        assert Path(stage["path"]).name == f"{stage['stage']}-{stage['id']}"
        assert stage["seconds"] > 0
        assert stage["forecast_seconds"] > 0
        assert stage["metrics"]
    assert "validation bits per byte" in samovar("status", brewed.root).out


def test_brew_dry_run_makes_nothing(samovar: Samovar, tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    ran = samovar("brew", project.root, "--dry-run")
    assert ran.code == 0
    assert ran.out.count("to make") == 7
    told = json.loads(samovar("brew", project.root, "--dry-run", "--json").out)
    assert {stage["state"] for stage in told["stages"]} == {"to make"}
    assert not project.state.exists()


def test_brew_tells_forecast_against_fact_and_the_next_command(samovar: Samovar, brewed_copy: Project) -> None:
    recipe = brewed_copy.recipe_file
    recipe.write_text(recipe.read_text() + "power_watts: 10\n")
    assert samovar("brew", brewed_copy.root, "--json").code == 0, "the power is not part of any artifact"
    recipe.write_text(recipe.read_text().replace("continuations: 1", "continuations: 2"))
    ran = samovar("brew", brewed_copy.root, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["made"] == ["eval"]
    assert "time forecast" in ran.err
    assert f"next: samovar chat {brewed_copy.root}" in ran.err


def test_a_plan_shows_the_facts_of_what_is_made(samovar: Samovar, brewed_copy: Project) -> None:
    facts = {name: entry["memory_bytes"] for name, entry in json.loads(brewed_copy.brew_file.read_text()).items()}
    told = json.loads(samovar("plan", brewed_copy.root, "--json").out)["stages"]
    assert {stage["stage"]: stage["memory_bytes"] for stage in told} == facts
    assert all(fact > 2**20 for fact in facts.values())
    assert short_bytes(facts["sft"]) in samovar("plan", brewed_copy.root).out
    account = json.loads(brewed_copy.brew_file.read_text())
    account["sft"]["id"] = "of-another"
    brewed_copy.brew_file.write_text(json.dumps(account))
    told = json.loads(samovar("plan", brewed_copy.root, "--json").out)["stages"]
    assert {stage["memory_bytes"] for stage in told if stage["stage"] == "sft"} == {None}


def test_chat_prints_the_answer_alone(samovar: Samovar, brewed: Project) -> None:
    words = ("chat", brewed.root, "-m", "Hi", "--seed", 1, "--max-tokens", 5)
    ran = samovar(*words)
    assert ran.code == 0
    told = json.loads(samovar(*words, "--json").out)
    assert ran.out == told["answer"] + "\n"
    assert told["messages"][-1]["role"] == "assistant"
    assert 1 <= told["completion_tokens"] <= 5


def test_chat_shows_a_thought_beside_the_answer(
    samovar: Samovar, brewed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = make_tokenizer()
    says = "<think>\nHm, a cat.\n</think>\n\nA cat sat."
    agent = Agent(ScriptedEngine(tokenizer, lambda _: says), tokenizer)
    monkeypatch.setattr("samovar.engine.engine.Engine.load", lambda *_, **__: None)
    monkeypatch.setattr("samovar.agent.agent.Agent.of", lambda *_: agent)
    ran = samovar("chat", brewed.root, "-m", "Hi")
    assert (ran.out, ran.err) == ("A cat sat.\n", "[Hm, a cat.]\n")
    (message,) = json.loads(samovar("chat", brewed.root, "-m", "Hi", "--json").out)["messages"]
    assert (message["content"], message["reasoning_content"]) == ("A cat sat.", "Hm, a cat.")


def test_a_cold_start_loads_no_compiler_and_no_server(brewed: Project) -> None:
    script = (
        "import sys; from samovar.cli.main import exit_code\n"
        f"assert exit_code(['chat', {str(brewed.root)!r}, '-m', 'Hi', '--max-tokens', '2']) == 0\n"
        "heavy = {'torch._dynamo', 'sympy', 'pyarrow', 'starlette', 'transformers'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_chat_goes_on_over_several_turns(samovar: Samovar, brewed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hi\n\nHow are you?\n/new\nHi\n" + "long " * 200 + "\nHi\n"))
    ran = samovar("chat", brewed.root, "--temperature", 0, "--max-tokens", 3, "--json")
    assert ran.code == 0
    first, second, anew, after_error = [json.loads(line) for line in ran.out.splitlines()]
    assert second["prompt_tokens"] > first["prompt_tokens"]
    assert anew == first
    assert after_error["prompt_tokens"] > first["prompt_tokens"]
    assert "hint: shorten the conversation" in ran.err
    assert "without its beginning" not in ran.err, "nothing was answered without it"


def test_words_behind_a_slash_are_for_the_chat_and_not_for_the_model(
    samovar: Samovar, brewed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for end in ("/quit", "exit"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"/help\n/halp\nHi\n{end}\nHi\n"))
        ran = samovar("chat", brewed.root, "--max-tokens", 2, "--json")
        assert ran.code == 0
        assert len(ran.out.splitlines()) == 1
        assert ran.err.count("/new starts a new chat") == 2
    assert samovar("chat", brewed.root, "-m", " ").code == 2


def test_a_chat_beyond_the_context_goes_on_without_its_beginning(
    samovar: Samovar, brewed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hi, how are you?\n" * 16))
    ran = samovar("chat", brewed.root, "--temperature", 0, "--max-tokens", 3, "--json")
    counts = [json.loads(line)["prompt_tokens"] for line in ran.out.splitlines()]
    assert len(counts) == 16
    falls = [(before, after) for before, after in itertools.pairwise(counts) if after < before]
    assert falls
    assert all(after < 0.8 * before for before, after in falls)  # there is room for the answer
    assert "error" not in ran.err
    assert ran.err.count("without its beginning") == len(falls)


def test_at_the_edge_of_the_context_an_answer_has_room(
    samovar: Samovar, brewed: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Hi, how are you?\n" * 12))
    ran = samovar("chat", brewed.root, "--temperature", 0, "--max-tokens", 30, "--json")
    told = [json.loads(line) for line in ran.out.splitlines()]
    assert len(told) == 12
    cut = [one for one in told if one["finish_reason"] == "length"]
    assert all(one["completion_tokens"] == 30 for one in cut)
    assert ran.err.count("the answer is cut short") == len(cut) > 0
    assert "without its beginning" in ran.err


def test_chat_without_an_assistant_says_what_to_do(samovar: Samovar, tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    for words in (["chat", project.root, "-m", "Hi"], ["serve", project.root], ["export", project.root, "--out", "x"]):
        ran = samovar(*words)
        assert ran.code == 1
        assert f"samovar brew {project.root}" in ran.err


def test_a_damaged_model_is_named(samovar: Samovar, brewed_copy: Project) -> None:
    (weights,) = brewed_copy.artifacts.glob("quantize-*/model.safetensors")
    weights.write_bytes(weights.read_bytes()[:100])
    ran = samovar("chat", brewed_copy.root, "-m", "Hi")
    assert ran.code == 1
    assert str(weights) in ran.err
    assert "hint:" in ran.err


def test_serve_refuses_a_port_in_use(samovar: Samovar, brewed: Project) -> None:
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        ran = samovar("serve", brewed.root, "--port", port)
    assert ran.code == 1
    assert f"port {port}" in ran.err
    assert "--port" in ran.err


def test_the_export_is_a_hugging_face_folder(samovar: Samovar, brewed: Project, tmp_path: Path) -> None:
    out = tmp_path / "hf"
    ran = samovar("export", brewed.root, "--format", "hf", "--out", out)
    assert ran.code == 0, ran.err
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        assert (out / name).is_file()
    assert samovar("export", brewed.root, "--out", out).code == 1, "it does not overwrite"


def test_the_export_is_of_the_stage_that_taught_last(samovar: Samovar, tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    project.recipe_file.write_text(project.recipe_file.read_text() + "\nimprove: {}\ndpo: {}\n")
    made = {item.name: item for item in resolve(project, load_recipe(project.recipe_file), load_stages())}
    for name in ("sft", "dpo", "improve", "quantize"):
        item = made[name]
        make_artifact(
            item.folder, stage=name, version=item.stage.version, config=item.config, inputs=item.inputs,
            make=lambda partial: {},
        )  # fmt: skip
    for form, name in (("hf", "improve"), ("gguf", "improve"), ("two-files", "quantize")):
        ran = samovar("export", project.root, "--format", form, "--out", tmp_path / "out", "--dry-run")
        assert ran.code == 0, ran.err
        assert str(made[name].folder) in ran.err


def test_the_export_in_other_forms(samovar: Samovar, brewed: Project, tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    ran = samovar("export", brewed.root, "--format", "gguf", "--type", "q8_0", "--out", tmp_path / "gguf", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["files"] == ["model-q8_0.gguf"]
    assert "through trainer, engine and export" in ran.err
    ran = samovar("export", brewed.root, "--format", "two-files", "--out", tmp_path / "two")
    assert ran.code == 0, ran.err
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["model.safetensors", "run.py"]
    ran = samovar("export", brewed.root, "--format", "hf", "--type", "q8_0", "--out", tmp_path / "hf")
    assert ran.code == 1
    assert "no weights of the type q8_0" in ran.err


def test_a_project_s_assistant_is_measured_by_its_recipe(samovar: Samovar, brewed: Project, tmp_path: Path) -> None:
    ran = samovar("eval", brewed.root, "--dry-run")
    assert ran.code == 0, ran.err
    assert sorted(json.loads(ran.out)["config"]["tasks"]) == ["arithmetic", "small_talk"]
    ran = samovar("eval", brewed.root, "--out", tmp_path / "report", "--json")
    assert ran.code == 0, ran.err
    (quantized,) = brewed.artifacts.glob("quantize-*")
    assert json.loads(ran.out)["inputs"]["quantize"] == quantized.name.removeprefix("quantize-")
    unmade = tiny_project(tmp_path / "p")
    for words in ((), ("--dry-run",)):
        ran = samovar("eval", unmade.root, "--out", tmp_path / "none", *words)
        assert ran.code == 1
        assert f"samovar brew {unmade.root}" in ran.err


def test_stages_by_themselves_from_documents_to_a_report(
    samovar: Samovar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tiny_project(tmp_path / "p")
    monkeypatch.chdir(tmp_path)
    small = ("--recipe", project.recipe_file)
    (tmp_path / "talk.jsonl").write_text(SEED * 5)
    road = [
        ("data", project.root / "documents", "--out", "corpus"),
        ("tokenizer", "corpus", "--out", "tokenizer"),
        ("pretrain", "corpus", "--tokenizer", "tokenizer", "--out", "base", "--set", "pretrain.tokens=512"),
        ("sft", "base", "--conversations", "talk.jsonl", "--out", "chatty", "--set", "sft.tokens=1024"),
        ("quantize", "chatty", "--corpus", "corpus", "--out", "small"),
        ("eval", "small", "--task", "small_talk", "--corpus", "corpus", "--out", "report"),
    ]
    for words in road:
        ran = samovar(*words, *small)
        assert ran.code == 0, ran.err
        assert "next: samovar" in ran.err
    assert (tmp_path / "report" / "report.md").is_file()
    assert not list(tmp_path.glob("*.partial")) + list(tmp_path.glob("*.lock"))
    alone = ("--set", "sft.adapter.rank=2", "--set", "sft.adapter.merge=false", "--set", "sft.tokens=1024")
    ran = samovar("sft", "base", "--conversations", "talk.jsonl", "--out", "beside", *alone, *small)
    assert "next: samovar chat base --adapter beside/adapter" in ran.err
    assert samovar("chat", "base", "--adapter", "beside/adapter", "-m", "Hello!", "--max-tokens", 2).code == 0
    shown = samovar("sft", "base", "--conversations", "talk.jsonl", "--show", 2)
    assert shown.code == 0
    assert shown.out.count("Hello!") == 2
    again = samovar(*road[1], *small)
    assert again.code == 0
    assert "made already" in again.err
    other = samovar(*road[1], *small, "--set", "tokenizer.vocab_size=700")
    assert other.code == 1
    assert "there already" in other.err
    missing = samovar("tokenizer", "nowhere", "--out", "t2")
    assert missing.code == 1
    assert "nowhere" in missing.err

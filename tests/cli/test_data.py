"""`samovar data`: a corpus made and brought up to date in its place; look, why, forget and preview."""

from __future__ import annotations

import importlib
import json
import os
import shlex
from pathlib import Path

import pytest

from samovar.brew.project import Project
from samovar.cli import data as data_command
from samovar.core.artifact import read_manifest
from samovar.data.corpus_reader import read_corpus
from tests.brew.tiny import tiny_project
from tests.cli.conftest import Ran, Samovar

QUICK = ("--set", "data.steps=[normalise, length, exact_dedup, redact]", "--set", "data.workers=1")
SUB_COMMANDS = [name for name in data_command.COMMANDS[1:] if name != "publish"]


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "documents"
    (folder / "letters").mkdir(parents=True)
    for number in range(8):
        text = f"Letter {number} about tea and the weather, with a greeting to the whole house."
        (folder / "letters" / f"{number}.txt").write_text(f"{text}\nReply to person{number}@example.org\n")
    (folder / "copy.txt").write_text((folder / "letters" / "3.txt").read_text())
    (folder / "short.md").write_text("hi")
    (folder / "noise.bin").write_bytes(bytes(range(256)))
    return folder


def make(samovar: Samovar, source: object = "documents", out: str = "corpus") -> Ran:
    return samovar("data", source, "--out", out, *QUICK)


def ids(corpus: Path) -> set[str]:
    return {document.id for split in ("train", "validation") for document in read_corpus(corpus, split)}


@pytest.mark.parametrize("name", SUB_COMMANDS)
def test_help_of_each_opens_with_an_example_that_is_right_usage(
    samovar: Samovar, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = importlib.import_module(f"samovar.cli.data_{name}").EXAMPLE
    ran = samovar("data", name, "--help")
    assert ran.code == 0
    text = " ".join(ran.out.split())
    assert text.index(f"Example: samovar data {name}") < text.index("--help")
    monkeypatch.chdir(tmp_path)
    ran = samovar(*shlex.split(example)[1:])
    assert ran.code == 1
    assert "hint:" in ran.err
    assert "unexpected" not in ran.err


@pytest.mark.usefixtures("documents")
def test_a_corpus_is_made_with_and_without_naming_the_command(samovar: Samovar, tmp_path: Path) -> None:
    assert make(samovar).code == 0
    assert samovar("data", "make", "documents", "--out", "same", *QUICK).code == 0
    assert ids(tmp_path / "corpus") == ids(tmp_path / "same")
    assert "documents/letters/1.txt" in ids(tmp_path / "corpus"), "called by the folder's name, wherever that lies"
    assert samovar("data").code in {0, 2}
    assert samovar("data", "documents").code == 2, "--out is missing"
    assert not samovar("data", "documents", "--out", "dry", "--dry-run").code
    assert not (tmp_path / "dry").exists()


def test_the_field_of_the_text_is_named_by_option_or_recipe(
    samovar: Samovar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my tales.jsonl").write_text(
        "".join(f'{{"story": "Once upon a time there was tea in {number} cups on the table."}}\n' for number in "123")
    )
    ran = make(samovar, "my tales.jsonl")
    assert ran.code == 1
    assert "1 file seen" in ran.err
    assert "--text-field story" in ran.err
    ran = samovar("data", "my tales.jsonl", "--text-field", "story", "--out", "a corpus", *QUICK)
    assert ran.code == 0, ran.err
    (line,) = (line for line in ran.err.splitlines() if line.startswith("look: "))
    typed = line.removeprefix("look: ").partition(";")[0]
    assert samovar(*shlex.split(typed)[1:]).code == 0
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "samovar.yaml").write_text(
        'data: {sources: [{path: "../my tales.jsonl", text_field: story}], steps: [normalise]}\n'
    )
    ran = samovar("data", "my tales.jsonl", "--recipe", "p/samovar.yaml", "--out", "by recipe")
    assert ran.code == 0, ran.err
    assert len(ids(tmp_path / "by recipe")) == 3
    again = samovar("data", "my tales.jsonl", "--recipe", "p/samovar.yaml", "--out", "by recipe")
    assert "made already" in again.err
    assert "made in" not in again.err


def test_files_that_steps_name_lie_beside_the_recipe(
    samovar: Samovar, documents: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tmp_path / "elsewhere" / "samovar.yaml"
    recipe.parent.mkdir()
    (recipe.parent / "places.txt").write_text("weather\n")
    recipe.write_text("data: {workers: 1, steps: [{step: redact, own: [{file: places.txt}]}]}\n")
    ran = samovar("data", "documents", "--recipe", "elsewhere/samovar.yaml", "--out", "corpus")
    assert ran.code == 0, ran.err
    assert all("the weather" not in one.text for one in read_corpus(tmp_path / "corpus", "train"))
    assert samovar("data", "preview", "documents", "--recipe", "elsewhere/samovar.yaml").code == 0
    monkeypatch.chdir(recipe.parent)
    again = samovar("data", documents, "--recipe", "samovar.yaml", "--out", tmp_path / "corpus")
    assert "made already" in again.err
    monkeypatch.chdir(documents)
    told = samovar("data", "forget", "*/letters/2.txt", "--corpus", tmp_path / "corpus")
    assert "forgotten: 1 document" in told.err
    model = ("--set", "data.steps=[{step: semantic_dedup, model: sentences}]", "--dry-run")
    dry = samovar("data", "letters", "--recipe", recipe, "--out", "dry", *model)
    assert json.loads(dry.out)["config"]["steps"][0]["model"] == str(recipe.parent / "sentences")


def test_a_corpus_is_brought_up_to_date_in_its_place(samovar: Samovar, documents: Path, tmp_path: Path) -> None:
    assert "read 11 files" in make(samovar).err
    corpus = tmp_path / "corpus"
    first = read_manifest(corpus)
    again = make(samovar)
    assert again.code == 0
    assert read_manifest(corpus).made_at == first.made_at, "nothing was made"
    (documents / "letters" / "0.txt").unlink()
    (documents / "letters" / "new.txt").write_text("A new letter that came in today, about sugar and lemons.")
    ran = make(samovar)
    assert ran.code == 0, ran.err
    assert "read 1 file; 9 are as they were" in ran.err or "read 1 file; 10 are as they were" in ran.err
    assert "documents/letters/0.txt" not in ids(corpus)
    assert "documents/letters/new.txt" in ids(corpus)
    assert read_manifest(corpus).id != first.id
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus", "documents"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.txt").write_text("Another folder with another text in it, and no more.")
    refused = make(samovar, "other")
    assert refused.code == 1
    assert "holds a corpus of" in refused.err
    fresh = make(samovar, out="fresh")
    assert fresh.code == 0
    for path in (tmp_path / "fresh").iterdir():
        if path.is_file() and path.name != "manifest.json":
            assert path.read_bytes() == (corpus / path.name).read_bytes(), path.name


def test_a_failed_update_leaves_the_corpus_whole(samovar: Samovar, documents: Path, tmp_path: Path) -> None:
    make(samovar)
    before = ids(tmp_path / "corpus")
    for path in documents.rglob("*.txt"):
        path.unlink()
    ran = make(samovar)
    assert ran.code == 1
    assert "no text for a corpus" in ran.err
    assert ids(tmp_path / "corpus") == before
    (documents / "back.txt").write_text("Here is some text again, and enough of it to make a corpus from.")
    assert make(samovar).code == 0
    assert ids(tmp_path / "corpus") == {"documents/back.txt"}


def test_a_crash_between_the_renames_is_undone(samovar: Samovar, documents: Path, tmp_path: Path) -> None:
    make(samovar)
    (tmp_path / "corpus").rename(tmp_path / "corpus.old")
    (documents / "new.txt").write_text("A new letter that came in today, about sugar and lemons.")
    ran = make(samovar)
    assert ran.code == 0
    assert "documents/new.txt" in ids(tmp_path / "corpus")
    assert "are as they were" in ran.err
    assert not (tmp_path / "corpus.old").exists()


@pytest.mark.usefixtures("documents")
def test_why_tells_what_became_of_a_file(samovar: Samovar, tmp_path: Path) -> None:
    make(samovar)

    def why(name: object) -> str:
        ran = samovar("data", "why", name, "--corpus", "corpus")
        assert ran.code == 0, ran.err
        return ran.out

    assert "dropped by exact_dedup" in why("letters/3.txt") + why("copy.txt")
    assert "gave no document: binary data" in why("noise.bin")
    assert "too short; 2 characters" in why("documents/short.md")
    told = why(tmp_path / "documents" / "letters" / "5.txt")
    assert "edited by redact: email 1" in told
    assert "in train: " in told or "in validation: " in told
    rows = json.loads(samovar("data", "why", "5.txt", "--corpus", "corpus", "--json").out)
    assert [row["file"] for row in rows] == ["documents/letters/5.txt"]
    assert {verdict["step"] for verdict in rows[0]["documents_now"][0]["verdicts"]} == {"normalise", "redact"}
    unknown = samovar("data", "why", "shart.md", "--corpus", "corpus")
    assert unknown.code == 1
    assert "the nearest: documents/short.md" in unknown.err


def test_why_tells_near_duplicates_from_both_sides(samovar: Samovar, documents: Path) -> None:
    text = " ".join(f"word{number}" for number in range(200))
    for name, extra, time in (("old.txt", "a", 1), ("new.txt", "b", 2)):
        (documents / name).write_text(f"{text} {extra}")
        os.utime(documents / name, (10**9 * time,) * 2)
    steps = ("--set", "data.steps=[near_dedup]", "--set", "data.workers=1")
    assert samovar("data", "documents", "--out", "corpus", *steps).code == 0
    assert "to documents/new.txt, which stays" in samovar("data", "why", "old.txt", "--corpus", "corpus").out
    looked = samovar("data", "look", "corpus", "--copies").out
    assert "── documents/new.txt" in looked
    assert "documents/old.txt: similarity" in looked
    assert "stays in place of documents/old.txt" in samovar("data", "why", "new.txt", "--corpus", "corpus").out


@pytest.mark.usefixtures("documents")
def test_look_shows_documents_drops_and_redactions(samovar: Samovar) -> None:
    make(samovar)
    ran = samovar("data", "look", "corpus", "--limit", 2)
    assert ran.out.count("── documents/") == 2
    assert "there are more" in ran.err
    dropped = samovar("data", "look", "corpus", "--dropped", "--step", "length").out
    assert "too short" in dropped
    assert "exact_dedup" not in dropped
    redacted = samovar("data", "look", "corpus", "--edited", "--step", "redact").out
    assert "[email]" in redacted
    assert "@example.org" not in redacted
    rows = [json.loads(line) for line in samovar("data", "look", "corpus", "--json", "--limit", 3).out.splitlines()]
    assert len(rows) == 3
    assert all(row["text"] for row in rows)
    one = samovar("data", "look", "corpus", "--source", "letters/7.txt", "--split", "train").out
    two = samovar("data", "look", "corpus", "--source", "letters/7.txt", "--split", "validation").out
    assert (one + two).count("── ") == 1


def test_preview_shows_what_rules_would_lose(samovar: Samovar, documents: Path) -> None:
    ran = samovar("data", "preview", documents, "--set", "data.steps=[gopher_quality]")
    assert ran.code == 0, ran.err
    assert "min_words" in ran.out
    one = samovar("data", "preview", documents, "--set", "data.steps=[gopher_quality]", "--rule", "min_words")
    assert "threshold" in one.out
    none = samovar("data", "preview", documents, "--set", "data.steps=[gopher_quality]", "--rule", "min_wrds")
    assert (none.code, none.out) == (1, "")
    assert "there is no rule 'min_wrds'" in none.err
    tables = json.loads(samovar("data", "preview", documents, "--set", "data.steps=[gopher_quality]", "--json").out)
    assert tables[0]["rows"]


def test_forget_takes_documents_out_and_keeps_them_out(samovar: Samovar, documents: Path, tmp_path: Path) -> None:
    make(samovar)
    corpus = tmp_path / "corpus"
    assert samovar("trace", "Letter 2 about", "--corpus", "corpus").out
    assert samovar("tokenizer", "corpus", "--out", "tokens", "--set", "tokenizer.vocab_size=300").code == 0
    dry = samovar("data", "forget", "*/letters/2.txt", "text:Letter 4", "--corpus", "corpus", "--dry-run")
    assert dry.code == 0, dry.err
    assert "would forget 2 documents" in dry.err
    assert len(ids(corpus)) == 8
    told = samovar("data", "forget", "*/letters/2.txt", "text:Letter 4", "--corpus", "corpus")
    assert told.code == 0, told.err
    assert "forgotten: 2 documents" in told.err
    assert "has seen it" in told.out
    assert "tokens" in told.out
    assert len(ids(corpus)) == 6
    assert not samovar("trace", "Letter 2 about", "--corpus", "corpus").out
    (documents / "letters" / "2.txt").write_text("Letter 2 about tea, which has changed since it was forgotten.")
    assert make(samovar).code == 0
    assert len(ids(corpus)) == 6
    assert "to be forgotten" in samovar("data", "why", "letters/2.txt", "--corpus", "corpus").out
    by_path = samovar("data", "forget", documents / "copy.txt", "--corpus", "corpus", "--json")
    assert [Path(heir["path"]).name for heir in json.loads(by_path.out)["artifacts"]] == ["tokens"]
    assert json.loads(by_path.out)["documents"][0]["rule"] == "file:documents/copy.txt"
    nothing = samovar("data", "forget", "no-such-file", "--corpus", "corpus")
    assert nothing.code == 1
    assert "--anyway" in nothing.err


def test_a_project_forgets_and_names_all_that_was_trained_on_it(samovar: Samovar, brewed_copy: Project) -> None:
    before = next(brewed_copy.artifacts.glob("data-*"))
    name = next(iter(ids(before)))
    told = json.loads(samovar("data", "forget", name, "--project", brewed_copy.root, "--json").out)
    assert told["num_documents"] == 1
    assert {artifact["stage"] for artifact in told["artifacts"]} == {
        "tokenizer",
        "shards",
        "pretrain",
        "sft",
        "quantize",
        "eval",
    }
    assert all(artifact["is_certain"] for artifact in told["artifacts"])
    after = next(brewed_copy.artifacts.glob("data-*"))
    assert after != before
    assert not before.exists()
    assert name not in ids(after)
    assert brewed_copy.forgotten_file.is_file()
    status = json.loads(samovar("status", brewed_copy.root, "--json").out)
    states = {stage["stage"]: stage["state"] for stage in status["stages"]}
    assert states.pop("data") == "made"
    assert set(states.values()) == {"to make"}


def test_questions_of_the_evaluation_are_kept_out(samovar: Samovar, tmp_path: Path) -> None:
    from samovar.brew.curriculum import load_tasks
    from samovar.brew.recipe import load_recipe
    from samovar.evals.tasks import held_out

    project = tiny_project(tmp_path / "p")
    recipe = load_recipe(project.recipe_file)
    task = load_tasks(recipe, seed=recipe.eval.seed)["arithmetic"]
    example = next(iter(held_out(task, recipe.eval.examples).values()))[0]
    question = example.prompt[-1].content
    (project.root / "documents" / "leak.txt").write_text(f"{question}\n{example.reference[-1].content}\n")
    (project.root / "own.jsonl").write_text(
        json.dumps({"question": "Which of the seven blue teapots stood on the old oak table by the window that day?"})
    )
    (project.root / "documents" / "own.txt").write_text(
        "Asked: which of the seven blue teapots stood on the old oak table by the window that day? The third."
    )
    text = project.recipe_file.read_text()
    project.recipe_file.write_text(
        text.replace("steps: [normalise]", "steps: [normalise, {step: decontaminate, against: [own.jsonl]}]")
    )
    from samovar.brew.graph import brew
    from samovar.brew.stage import load_stages

    [item] = brew(project, load_recipe(project.recipe_file), {"data": load_stages()["data"]}, is_quiet=True)
    assert {"documents/own.txt", "documents/leak.txt"}.isdisjoint(ids(item.folder))
    assert item.manifest is not None
    assert sum(item.manifest.metrics["dropped"].values()) == 2
    told = "".join((item.folder / name).read_text() for name in ("report.md", "report.html", "README.md"))
    assert "Settings: against: own.jsonl." in told
    assert "scratch" not in told
    (project.root / "own.jsonl").write_text(json.dumps({"question": "Quite another question about nothing at all"}))
    [item] = brew(project, load_recipe(project.recipe_file), {"data": load_stages()["data"]}, is_quiet=True)
    assert "documents/own.txt" in ids(item.folder)


def test_a_project_without_a_corpus_may_keep_a_rule(samovar: Samovar, tmp_path: Path) -> None:
    project = tiny_project(tmp_path / "p")
    assert samovar("data", "forget", "documents/3.txt", "--project", project.root).code == 1
    assert not project.forgotten_file.exists()
    assert samovar("data", "forget", "documents/3.txt", "--project", project.root, "--anyway").code == 0
    assert "documents/3.txt" in project.forgotten_file.read_text()

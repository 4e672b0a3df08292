"""The graph, on three small real stages: order, ids, caching, failure, resumption, locks, damage, a full disk."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from samovar.brew.account import Account
from samovar.brew.forecast import Forecast, Outlook
from samovar.brew.graph import Listener, Resolved, brew, forecast_all, resolve, unused_artifacts
from samovar.brew.project import Project
from samovar.brew.recipe import Recipe, compose_recipe
from samovar.brew.stage import StageContext, Training
from samovar.brew.together import run_together
from samovar.core.artifact import MANIFEST, partial_folder
from samovar.core.errors import BusyError, CorruptError, DataError, ResourceError
from samovar.core.files import exclusive_lock
from tests.brew.small_stages import TextStage, WordsStage, small_stages


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.txt").write_text("one two three four")
    return Project(tmp_path)


@pytest.fixture(autouse=True)
def _calm_words() -> Iterator[None]:
    yield
    WordsStage.on_word = staticmethod(lambda number: None)


class Names(Listener):
    def __init__(self) -> None:
        self.made_names: list[str] = []
        self.kept: list[str] = []

    def made(self, item: Resolved, entry: object) -> None:
        self.made_names.append(item.name)

    def failed(self, item: Resolved, kept: list[str]) -> None:
        self.kept = kept


def run(project: Project, *changes: str) -> list[str]:
    names = Names()
    brew(project, compose_recipe(None, {}, changes), small_stages(), listener=names)
    return names.made_names


def test_stages_run_in_order_and_the_second_brew_does_nothing(project: Project) -> None:
    assert run(project) == ["text", "words", "count"]
    items = resolve(project, Recipe(), small_stages())
    assert [item.state for item in items] == ["made"] * 3
    assert (items[2].folder / "count").read_text() == "5"
    assert run(project) == []


def test_a_change_makes_again_just_what_depends_on_it(project: Project) -> None:
    run(project)
    assert run(project, "eval.seed=1") == ["count"]
    assert run(project, "pretrain.seed=1") == ["words", "count"]
    assert run(project, "serve.port=1") == []
    assert run(project) == [], "what an older recipe made is still there"
    (project.root / "documents" / "a.txt").write_text("five six")
    assert run(project) == ["text", "words", "count"]


def test_another_version_of_a_stage_makes_another_artifact(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    run(project)
    monkeypatch.setattr(WordsStage, "version", 2)
    assert run(project) == ["words", "count"]


def test_artifacts_that_no_recipe_leads_to_are_named_and_kept(project: Project) -> None:
    run(project)
    run(project, "eval.seed=1")
    items = resolve(project, Recipe(), small_stages())
    unused = unused_artifacts(project, items)
    assert [path.name.split("-")[0] for path in unused] == ["count"]
    assert unused[0].is_dir()


def test_a_failure_keeps_what_is_made_and_the_next_brew_goes_on(project: Project) -> None:
    def fail(number: int) -> None:
        if number == 2:
            raise DataError("the word is unusable")

    WordsStage.on_word = staticmethod(fail)
    names = Names()
    with pytest.raises(DataError):
        brew(project, Recipe(), small_stages(), listener=names)
    assert names.kept == ["text"]
    assert [item.state for item in resolve(project, Recipe(), small_stages())] == ["made", "unfinished", "to make"]
    WordsStage.on_word = staticmethod(lambda number: None)
    assert run(project) == ["words", "count"]
    words = resolve(project, Recipe(), small_stages())[1]
    assert words.manifest is not None
    assert words.manifest.metrics == {"words": 5, "resumed_at": 2}


def test_a_stage_that_cannot_resume_starts_in_an_empty_folder(project: Project) -> None:
    text = resolve(project, Recipe(), small_stages())[0]
    partial = text.folder.with_name(text.folder.name + ".partial")
    (partial / "half").mkdir(parents=True)
    # What a run that was killed 40 seconds after its start left, the second time it was interrupted.
    (partial / "scratch").mkdir()
    clock = partial / "scratch" / "seconds.json"
    clock.write_text(json.dumps({"before": 60.0, "started": time.time() - 40.0}))
    run(project)
    made = resolve(project, Recipe(), small_stages())[0]
    assert not (made.folder / "half").exists()
    assert made.manifest is not None
    assert made.manifest.seconds >= 99.9, "the time that an interrupted run took is counted"


def test_partials_of_older_recipes_go_when_the_new_one_is_made(project: Project) -> None:
    def fail(number: int) -> None:
        raise DataError("stop")

    WordsStage.on_word = staticmethod(fail)
    with pytest.raises(DataError):
        run(project, "pretrain.seed=7")
    assert len(list(project.artifacts.glob("words-*.partial"))) == 1
    WordsStage.on_word = staticmethod(lambda number: None)
    run(project)
    assert not list(project.artifacts.glob("*.partial"))


def test_a_killed_brew_goes_on_and_ends_as_an_unbroken_one(project: Project, tmp_path: Path) -> None:
    script = (
        "import time; from pathlib import Path\n"
        "from samovar.brew.graph import brew; from samovar.brew.project import Project\n"
        "from samovar.brew.recipe import Recipe; from tests.brew.small_stages import WordsStage, small_stages\n"
        "WordsStage.on_word = staticmethod(lambda n: time.sleep(60 if n == 3 else 0))\n"
        f"brew(Project(Path({str(project.root)!r})), Recipe(), small_stages())\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parents[2])
    words = project.artifacts / "nothing"
    deadline = time.monotonic() + 30
    while not (words.is_file() and len(words.read_text().split()) == 3) and time.monotonic() < deadline:
        time.sleep(0.02)
        words = next(project.artifacts.glob("words-*.partial/words"), words)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert run(project) == ["words", "count"]
    items = resolve(project, Recipe(), small_stages())
    assert items[1].manifest is not None
    assert items[1].manifest.metrics["resumed_at"] == 3
    assert (items[1].folder / "words").read_text().split() == ["one", "two", "three", "four", "0"]


def test_two_brews_at_once_refuse_each_other(project: Project) -> None:
    with exclusive_lock(project.lock_file, what=str(project.root)), pytest.raises(BusyError, match="process"):
        run(project)
    assert run(project) == ["text", "words", "count"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"stage": "text"}', b"\xff\xfe", b'{"stage":'])
def test_a_damaged_manifest_is_named_with_what_to_do(project: Project, damage: bytes) -> None:
    run(project)
    folder = resolve(project, Recipe(), small_stages())[0].folder
    (folder / MANIFEST).write_bytes(damage)
    with pytest.raises(CorruptError) as caught:
        run(project)
    assert str(folder) in caught.value.what
    assert "delete" in (caught.value.hint or "")


def test_an_artifact_of_another_id_is_refused(project: Project) -> None:
    run(project)
    items = resolve(project, Recipe(), small_stages())
    (items[0].folder / MANIFEST).write_bytes((items[1].folder / MANIFEST).read_bytes())
    with pytest.raises(CorruptError, match="not"):
        run(project)


def test_a_full_disk_is_an_error_that_loses_nothing(project: Project) -> None:
    run(project, "eval.seed=5")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    (project.root / "documents" / "a.txt").write_text("x" * 9000)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, limits[1]))
        with pytest.raises(ResourceError, match="full"):
            run(project)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert run(project) == ["text", "words", "count"]


def test_a_brew_that_cannot_fit_is_refused_before_it_starts(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TextStage, "forecast", lambda self, recipe, outlook: Forecast(1.0, 1.0, 1e18))
    with pytest.raises(ResourceError, match="free"):
        run(project)
    assert not list(project.artifacts.glob("*"))


def test_what_an_interrupted_run_holds_already_is_not_to_be_free(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(WordsStage, "forecast", lambda self, recipe, outlook: Forecast(1.0, 1.0, 1000.0))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=500))
    with pytest.raises(ResourceError, match="500 B free"):
        run(project)
    partial = partial_folder(resolve(project, Recipe(), small_stages())[1].folder)
    partial.mkdir(parents=True)
    (partial / "half").write_bytes(bytes(900))
    assert run(project) == ["text", "words", "count"]


def test_forecasts_pass_sizes_on_and_meet_the_facts(project: Project) -> None:
    items = resolve(project, Recipe(), small_stages())
    expected = forecast_all(project, Recipe(), items)
    assert expected["words"].seconds == 10.0, "what the forecast of the text stage yields"
    run(project, "pretrain.seed=3")
    items = resolve(project, Recipe(), small_stages())
    assert forecast_all(project, Recipe(), items)["words"].seconds == 18.0, "what the text stage measured"
    run(project)
    account = Account(project).stages
    assert account["words"]["forecast_seconds"] == 18.0
    assert account["words"]["id"] == items[1].id
    assert account["words"]["memory_bytes"] > 2**20
    count = resolve(project, Recipe(), small_stages())[2]
    assert count.manifest is not None
    assert count.manifest.metrics["expected"]["seconds"] == account["words"]["seconds"]


def test_a_damaged_account_is_started_anew(project: Project) -> None:
    project.state.mkdir()
    project.brew_file.write_text("[1, 2")
    run(project)
    assert set(json.loads(project.brew_file.read_text())) == {"text", "words", "count"}


def test_processes_that_wait_while_one_trains_are_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class TrainsAlone(TextStage):
        def training(self, recipe: Recipe, outlook: Outlook) -> Training | None:
            return Training(recipe.sft, 1)

    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "a.txt").write_text("tea")
    context = StageContext(compose_recipe(None, {}), tmp_path, {}, tmp_path)
    environment = {"RANK": "0", "WORLD_SIZE": "3", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    run_together(TrainsAlone(), context)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run_together(TextStage(), context)
    assert capsys.readouterr().err == ""
    assert run_together(TrainsAlone(), context) == {"characters": 3}
    assert "text is trained by the first of 3 processes; the others wait" in capsys.readouterr().err
